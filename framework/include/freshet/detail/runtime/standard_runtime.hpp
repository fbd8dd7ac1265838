// The production half of the runtime seam: the standard library's primitives, at no cost.
//
// A simulated runtime provides the same names (see runtime.hpp). Nothing here allocates or throws beyond what the
// standard primitive does.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>
#include <utility>
#include <vector>

#if defined(__SANITIZE_THREAD__)
#define FRESHET_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FRESHET_THREAD_SANITIZER
#endif
#endif
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#if defined(__linux__)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "freshet/detail/runtime/annotations.hpp"

namespace freshet::detail::rt {

template <class T>
using Atomic = std::atomic<T>;

/// A non-recursive mutex that clang's thread-safety analysis knows.
class FRESHET_CAPABILITY("mutex") Mutex {
 public:
  void lock() FRESHET_ACQUIRE() { mutex_.lock(); }
  void unlock() FRESHET_RELEASE() { mutex_.unlock(); }
  bool try_lock() FRESHET_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

/// Holds a Mutex for a scope; may be released early.
class FRESHET_SCOPED_CAPABILITY Lock {
 public:
  explicit Lock(Mutex& mutex) FRESHET_ACQUIRE(mutex) : mutex_(&mutex) { mutex_->lock(); }
  ~Lock() FRESHET_RELEASE() {
    if (mutex_ != nullptr) mutex_->unlock();
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  void unlock() FRESHET_RELEASE() {
    mutex_->unlock();
    mutex_ = nullptr;
  }

 private:
  Mutex* mutex_;
};

/// Many readers or one writer, for what is read rarely and written more rarely.
class FRESHET_CAPABILITY("shared_mutex") SharedMutex {
 public:
  void lock() FRESHET_ACQUIRE() { mutex_.lock(); }
  void unlock() FRESHET_RELEASE() { mutex_.unlock(); }
  void lock_shared() FRESHET_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void unlock_shared() FRESHET_RELEASE_SHARED() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

class FRESHET_SCOPED_CAPABILITY WriterLock {
 public:
  explicit WriterLock(SharedMutex& mutex) FRESHET_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~WriterLock() FRESHET_RELEASE() { mutex_.unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex& mutex_;
};

class FRESHET_SCOPED_CAPABILITY ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mutex) FRESHET_ACQUIRE_SHARED(mutex) : mutex_(mutex) {
    mutex_.lock_shared();
  }
  ~ReaderLock() FRESHET_RELEASE() { mutex_.unlock_shared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mutex_;
};

/// Waits on a Mutex that the caller holds. Spurious wake-ups happen: wait in a loop over the condition.
class CondVar {
 public:
  void wait(Mutex& mutex) FRESHET_REQUIRES(mutex) {
    std::unique_lock<std::mutex> adopted(mutex.mutex_, std::adopt_lock);
    condition_.wait(adopted);
    adopted.release();
  }
  /// The same, for at most so many nanoseconds of a clock that stands still while the machine is suspended.
  void wait_for(Mutex& mutex, std::int64_t nanoseconds) FRESHET_REQUIRES(mutex) {
    std::unique_lock<std::mutex> adopted(mutex.mutex_, std::adopt_lock);
    condition_.wait_for(adopted, std::chrono::nanoseconds(nanoseconds));
    adopted.release();
  }
  void notify_all() noexcept { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

using ThreadId = std::thread::id;
inline ThreadId current_thread() noexcept { return std::this_thread::get_id(); }

/// One T per thread and Tag, made at first use, destroyed with its thread.
template <class T, class Tag>
T& thread_local_value() {
  thread_local T value{};
  return value;
}

/// What thread_number() says to a thread that is ending and has given its number back.
inline constexpr std::size_t kNoThreadNumber = SIZE_MAX;

namespace standard {
inline constexpr std::size_t kNotYet = SIZE_MAX - 1;
inline constinit thread_local std::size_t number_of_thread = kNotYet;

/// Numbers that threads gave back. Never destroyed: threads may end after main() has.
struct FreeNumbers {
  std::mutex mutex;
  std::vector<std::size_t> numbers;  // has room for all that were given out
  std::size_t given_out = 0;
  static FreeNumbers& all() {
    static FreeNumbers& free = *new FreeNumbers;
    return free;
  }
};

/// Takes a number for the calling thread, until it ends. Once a thread: not in line where numbers are asked for.
[[gnu::noinline]] inline std::size_t take_number() noexcept {
  struct Returns {
    ~Returns() {
      FreeNumbers& free = FreeNumbers::all();
      std::lock_guard lock(free.mutex);
      free.numbers.push_back(std::exchange(number_of_thread, kNoThreadNumber));
    }
  };
  try {
    FreeNumbers& free = FreeNumbers::all();
    std::lock_guard lock(free.mutex);
    if (free.numbers.empty()) {
      free.numbers.reserve(free.given_out + 1);
      free.numbers.push_back(free.given_out++);
    }
    thread_local Returns returns;
    number_of_thread = free.numbers.back();
    free.numbers.pop_back();
    return number_of_thread;
  } catch (...) {
    return kNoThreadNumber;  // no memory: it will ask again
  }
}
}  // namespace standard

/// A small number that no other thread has while this one lives; a number is given again when its thread has ended.
/// kNoThreadNumber in a thread that is ending, once its thread-local values are being destroyed. What a thread did with its
/// number happens before the next one has it.
inline std::size_t thread_number() noexcept {
  const std::size_t number = standard::number_of_thread;
  return number != standard::kNotYet ? number : standard::take_number();
}

/// Nanoseconds of a clock that goes on while the machine is suspended, so that no entry outlives a closed lid.
inline std::int64_t boot_time_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// The same clock without the time of suspensions; and as it was at the last tick of the kernel, for a fifth of the price.
inline std::int64_t running_time_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}
inline std::int64_t coarse_running_time_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Nanoseconds since 1970, as the machine's calendar has it.
inline std::int64_t wall_time_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Publishing without a fence: what announce() stores is seen by whoever calls fence_all_threads() afterwards, or else the
// announcing thread's later loads see everything that was stored before that call. The fence is paid by the rare side:
// membarrier(2) runs one on every thread of the process. Where the kernel has none, each side pays its own.
namespace standard {
#if defined(__linux__) && !defined(__SANITIZE_THREAD__)
inline bool register_for_barriers() noexcept {
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}
/// False before static initialisation reaches it: then both sides have fences of their own, which is enough.
inline const bool kernel_has_barriers = register_for_barriers();
#endif
}  // namespace standard

inline void announce(Atomic<std::uint64_t>& place, std::uint64_t value) noexcept {
#if defined(__SANITIZE_THREAD__)
  place.exchange(value, std::memory_order_seq_cst);  // which knows no fences
#else
  place.store(value, std::memory_order_release);
#if defined(__linux__)
  if (standard::kernel_has_barriers) return std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

inline void fence_all_threads() noexcept {
#if !defined(__SANITIZE_THREAD__)
#if defined(__linux__)
  if (standard::kernel_has_barriers &&
      ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) {
    return;
  }
#endif
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// What a look at several words at once says: for the word at place i the bit kTaggedBits * i + kTaggedBits - 1.
inline constexpr unsigned kTaggedBits = 4;

/// Which of `words`, the first of which begins a line, have `tag` for their upper 16 bits. Each word is read once, as if with acquire; what is
/// to be used of one is read again. Where the processor does it two words at a time: every load of x86 is an acquire, and each half of
/// an aligned one of 16 bytes is read as a whole; the fence keeps the compiler from reading before it what comes after.
template <std::size_t kCount>
inline unsigned tagged(const std::array<Atomic<std::uint64_t>, kCount>& words,
                       std::uint16_t tag) noexcept {
#if defined(__SSE2__) && !defined(FRESHET_THREAD_SANITIZER)
  if constexpr (kCount == 7) {
    static_assert(sizeof words == kCount * sizeof(std::uint64_t));
    const auto* const at = reinterpret_cast<const __m128i*>(&words);
    const __m128i wanted = _mm_set1_epi16(static_cast<short>(tag));
    const __m128i last = _mm_loadl_epi64(at + 3);
    const __m128i first_four = _mm_packs_epi16(_mm_cmpeq_epi16(_mm_load_si128(at), wanted),
                                               _mm_cmpeq_epi16(_mm_load_si128(at + 1), wanted));
    const __m128i others = _mm_packs_epi16(_mm_cmpeq_epi16(_mm_load_si128(at + 2), wanted),
                                           _mm_cmpeq_epi16(last, wanted));
    std::atomic_signal_fence(std::memory_order_acquire);
    return (static_cast<unsigned>(_mm_movemask_epi8(first_four)) & 0x8888U) |
           (static_cast<unsigned>(_mm_movemask_epi8(others)) & 0x0888U) << 16;
  }
#endif
  unsigned found = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    const bool is_tagged = words[i].load(std::memory_order_acquire) >> 48 == tag;
    found |= static_cast<unsigned>(is_tagged) << (kTaggedBits * i + kTaggedBits - 1);
  }
  return found;
}

// How many places the tables have that a hash or a thread chooses from. A simulated set has few, so that what shares a place
// meets there in every run.
/// Sequences of keys, floors of labels, hold-offs. A power of two.
constexpr std::size_t stripes() noexcept { return 65'536; }
static_assert(stripes() >= 65'536, "fewer stripes refuse fills for the writes of other keys");
inline constexpr std::size_t kLockShards = 64;     // of a table with a lock per shard
inline constexpr std::size_t kThreadStripes = 16;  // of what is striped by thread, at most
inline constexpr int kRecentRaiseBits = 13;
inline constexpr std::size_t kSlotsOfBucket =
    7;  // of the store's table: with a counter they fill a line
inline constexpr std::size_t kRetiredAtOnce = 128;  // entries that are reclaimed together
/// Whether entries lie in chunks of many. Where AddressSanitizer is to see each by itself they do not.
#if defined(__SANITIZE_ADDRESS__)  // g++
inline constexpr bool kPoolsEntries = false;
#elif defined(__has_feature)  // clang
inline constexpr bool kPoolsEntries = !__has_feature(address_sanitizer);
#else
inline constexpr bool kPoolsEntries = true;
#endif

/// A seed that differs from run to run.
inline std::uint64_t entropy() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) ^ device();
}

}  // namespace freshet::detail::rt
