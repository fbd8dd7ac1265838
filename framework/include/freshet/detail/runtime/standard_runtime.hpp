// The production half of the runtime seam: the standard library's primitives, at no cost.
//
// A simulated runtime provides the same names (see runtime.hpp). Nothing here allocates or throws beyond what the
// standard primitive does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>

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

/// A small number for the calling thread: consecutive in the order of first call.
inline std::size_t thread_number() noexcept {
  static std::atomic<std::size_t> next{0};  // relaxed: only uniqueness matters
  thread_local const std::size_t number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

/// Nanoseconds of a clock that goes on while the machine is suspended, so that no entry outlives a closed lid.
inline std::int64_t boot_time_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// How many places the tables have that a hash or a thread chooses from. A simulated set has few, so that what shares a place
// meets there in every run.
/// Sequences of keys, floors of labels, hold-offs. A power of two.
constexpr std::size_t stripes() noexcept { return 65'536; }
static_assert(stripes() >= 65'536, "fewer stripes refuse fills for the writes of other keys");
inline constexpr std::size_t kLockShards = 64;     // of a table with a lock per shard
inline constexpr std::size_t kThreadStripes = 16;  // of what is striped by thread, at most
inline constexpr int kRecentRaiseBits = 13;

/// A seed that differs from run to run.
inline std::uint64_t entropy() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) ^ device();
}

}  // namespace freshet::detail::rt
