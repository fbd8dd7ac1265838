// The simulated half of the runtime seam: the names of runtime.hpp, on the fibers of simulation::Machine.
//
// Memory is sequentially consistent here: an access is one step, and steps of all threads have one order. What weaker memory
// adds is ThreadSanitizer's to find, and spin's (docs/design/proof.md). Reference counts of std::shared_ptr are not switch
// points. Nothing blocks the real thread. Code that runs outside of Machine::run() uses all of it without being switched.
#pragma once

#include <array>
#include <atomic>  // std::memory_order, and the pause hook of runtime.hpp
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "freshet/detail/runtime/annotations.hpp"
#include "simulation/runtime/machine.hpp"

namespace freshet::detail::rt {

template <class T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using value_type = T;

  constexpr Atomic() noexcept : value_() {}
  constexpr Atomic(T value) noexcept : value_(value) {}  // NOLINT(google-explicit-constructor)
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;
  T operator=(T value) noexcept {
    store(value);
    return value;
  }
  operator T() const noexcept { return load(); }  // NOLINT(google-explicit-constructor)

  T load(std::memory_order = std::memory_order_seq_cst) const noexcept {
    simulation::switch_point();
    return value_;
  }
  void store(T value, std::memory_order = std::memory_order_seq_cst) noexcept {
    simulation::switch_point();
    value_ = value;
  }
  T exchange(T value, std::memory_order = std::memory_order_seq_cst) noexcept {
    simulation::switch_point();
    return std::exchange(value_, value);
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order = std::memory_order_seq_cst,
                               std::memory_order = std::memory_order_seq_cst) noexcept {
    simulation::switch_point();
    if (value_ != expected) {
      expected = value_;
      return false;
    }
    value_ = value;
    return true;
  }
  /// May fail for no reason, as the faults say.
  bool compare_exchange_weak(T& expected, T value, std::memory_order = std::memory_order_seq_cst,
                             std::memory_order = std::memory_order_seq_cst) noexcept {
    if (simulation::thread_now >= 0 && simulation::fails_spuriously()) {
      expected = load();
      return false;
    }
    return compare_exchange_strong(expected, value);
  }
  T fetch_add(auto amount, std::memory_order = std::memory_order_seq_cst) noexcept {
    simulation::switch_point();
    return std::exchange(value_, static_cast<T>(value_ + amount));
  }
  T fetch_sub(auto amount, std::memory_order = std::memory_order_seq_cst) noexcept {
    simulation::switch_point();
    return std::exchange(value_, static_cast<T>(value_ - amount));
  }
  T fetch_or(T bits, std::memory_order = std::memory_order_seq_cst) noexcept {
    simulation::switch_point();
    return std::exchange(value_, static_cast<T>(value_ | bits));
  }
  T fetch_and(T bits, std::memory_order = std::memory_order_seq_cst) noexcept {
    simulation::switch_point();
    return std::exchange(value_, static_cast<T>(value_ & bits));
  }
  T operator++() noexcept { return fetch_add(1) + 1; }
  T operator--() noexcept { return fetch_sub(1) - 1; }
  T operator++(int) noexcept { return fetch_add(1); }
  T operator--(int) noexcept { return fetch_sub(1); }

 private:
  T value_;
};

class FRESHET_CAPABILITY("mutex") Mutex : private simulation::Holder {
 public:
  void lock(const char* file = __builtin_FILE(), int line = __builtin_LINE()) FRESHET_ACQUIRE() {
    lock_from({file, line});
  }
  void unlock() FRESHET_RELEASE() {
    held = false;
    thread = -1;
    simulation::Machine::wake(holder());
    simulation::switch_point();
  }
  /// May fail for no reason, as the faults say.
  bool try_lock(const char* file = __builtin_FILE(), int line = __builtin_LINE())
      FRESHET_TRY_ACQUIRE(true) {
    simulation::switch_point();
    if (held || (simulation::thread_now >= 0 && simulation::fails_spuriously())) return false;
    take({file, line});
    return true;
  }

 private:
  friend class CondVar;
  const Holder* holder() const noexcept { return this; }
  void lock_from(simulation::Place at) {
    simulation::switch_point();
    while (held) simulation::Machine::here().block(simulation::Waits::mutex, holder(), at);
    take(at);
  }
  void take(simulation::Place at) noexcept {
    held = true;
    thread = simulation::Machine::current_id();
    place = at;
  }
};

class FRESHET_SCOPED_CAPABILITY Lock {
 public:
  explicit Lock(Mutex& mutex, const char* file = __builtin_FILE(), int line = __builtin_LINE())
      FRESHET_ACQUIRE(mutex)
      : mutex_(&mutex) {
    mutex_->lock(file, line);
  }
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

class FRESHET_CAPABILITY("shared_mutex") SharedMutex : private simulation::Holder {
 public:
  void lock(const char* file = __builtin_FILE(), int line = __builtin_LINE()) FRESHET_ACQUIRE() {
    simulation::switch_point();
    while (held || readers_ > 0)
      simulation::Machine::here().block(simulation::Waits::writer, holder(), {file, line});
    held = true;
    note({file, line});
  }
  void unlock() FRESHET_RELEASE() {
    held = false;
    thread = -1;
    simulation::Machine::wake(holder());
    simulation::switch_point();
  }
  void lock_shared(const char* file = __builtin_FILE(), int line = __builtin_LINE())
      FRESHET_ACQUIRE_SHARED() {
    simulation::switch_point();
    while (held)
      simulation::Machine::here().block(simulation::Waits::reader, holder(), {file, line});
    ++readers_;
    note({file, line});
  }
  void unlock_shared() FRESHET_RELEASE_SHARED() {
    if (--readers_ == 0) {
      thread = -1;
      simulation::Machine::wake(holder());
    }
    simulation::switch_point();
  }

 private:
  const Holder* holder() const noexcept { return this; }
  void note(simulation::Place at) noexcept {
    thread = simulation::Machine::current_id();
    place = at;
  }

  int readers_ = 0;
};

class FRESHET_SCOPED_CAPABILITY WriterLock {
 public:
  explicit WriterLock(SharedMutex& mutex, const char* file = __builtin_FILE(),
                      int line = __builtin_LINE()) FRESHET_ACQUIRE(mutex)
      : mutex_(mutex) {
    mutex_.lock(file, line);
  }
  ~WriterLock() FRESHET_RELEASE() { mutex_.unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex& mutex_;
};

class FRESHET_SCOPED_CAPABILITY ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mutex, const char* file = __builtin_FILE(),
                      int line = __builtin_LINE()) FRESHET_ACQUIRE_SHARED(mutex)
      : mutex_(mutex) {
    mutex_.lock_shared(file, line);
  }
  ~ReaderLock() FRESHET_RELEASE() { mutex_.unlock_shared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mutex_;
};

class CondVar {
 public:
  /// May end for no reason, as the faults say.
  void wait(Mutex& mutex, const char* file = __builtin_FILE(), int line = __builtin_LINE())
      FRESHET_REQUIRES(mutex) {
    simulation::Machine& machine = simulation::Machine::here();
    // Between the release and the wait nothing runs, as the standard demands: whoever notifies comes after both.
    mutex.held = false;
    mutex.thread = -1;
    if (machine.happens(machine.faults().spurious_wake)) {
      machine.wake(mutex.holder());
      machine.give_way();
    } else {
      machine.block_and_wake(simulation::Waits::condition, this, mutex.holder(), {file, line});
    }
    mutex.lock_from({file, line});
  }
  /// The same, until so much virtual time has passed. A timer of a wait that is over may wake a later one: for no reason.
  void wait_for(Mutex& mutex, std::int64_t nanoseconds, const char* file = __builtin_FILE(),
                int line = __builtin_LINE()) FRESHET_REQUIRES(mutex) {
    simulation::Machine& machine = simulation::Machine::here();
    machine.add_timer(machine.peek_now() + nanoseconds,
                      [address = this] { simulation::Machine::wake(address); });
    wait(mutex, file, line);
  }
  void notify_all() noexcept {
    simulation::switch_point();
    simulation::Machine::wake(this);
  }

 private:
  char address_ = 0;  // two of them are at two places
};

using ThreadId = int;
inline ThreadId current_thread() noexcept { return simulation::Machine::current_id(); }

inline constexpr std::size_t kNoThreadNumber = SIZE_MAX;

/// A small number for the thread: consecutive, from zero on, within a run and a process of it.
inline std::size_t thread_number() noexcept {
  return static_cast<std::size_t>(simulation::number_now);
}

namespace simulated {
inline std::size_t local_values = 0;
template <class T, class Tag>
struct LocalIndex {
  static inline const std::size_t value = local_values++;
};
}  // namespace simulated

/// One T per simulated thread and Tag, made at first use, destroyed when the thread ends.
template <class T, class Tag>
T& thread_local_value() {
  static_assert(sizeof(T) <= 64 && alignof(T) <= 64);
  void* memory = simulation::Machine::here().local(
      simulated::LocalIndex<T, Tag>::value, [](void* place) { new (place) T{}; },
      [](void* place) { static_cast<T*>(place)->~T(); });
  return *std::launder(static_cast<T*>(memory));
}

inline std::int64_t boot_time_ns() noexcept {
  simulation::switch_point();
  return simulation::Machine::here().now();
}

/// The machine is never suspended.
inline std::int64_t running_time_ns() noexcept { return boot_time_ns(); }
inline std::int64_t coarse_running_time_ns() noexcept {
  const std::int64_t now = boot_time_ns();
  return now - now % simulation::Machine::kKernelTick;
}

inline std::int64_t wall_time_ns() noexcept { return boot_time_ns(); }

inline std::uint64_t entropy() { return simulation::Machine::here().fault_random().next(); }

/// Every access is a step that all threads see: there is nothing to fence.
inline void announce(Atomic<std::uint64_t>& place, std::uint64_t value) noexcept {
  place.store(value);
}
inline void fence_all_threads() noexcept { simulation::switch_point(); }

// Few places in each table, so that what shares one meets in every run. `stripes` is drawn per run: with few of them fills
// are refused and labels start high for no cause of their own, so some runs have enough.
inline std::size_t simulated_stripes = 4096;
inline std::size_t stripes() noexcept { return simulated_stripes; }
inline constexpr std::size_t kLockShards = 2;
inline constexpr std::size_t kThreadStripes = 2;
inline constexpr int kRecentRaiseBits = 3;
inline constexpr std::size_t kSlotsOfBucket = 2;
inline constexpr std::size_t kRetiredAtOnce = 2;

inline constexpr unsigned kTaggedBits = 4;
/// Word after word: more can come between than where they are read at once.
template <std::size_t kCount>
unsigned tagged(const std::array<Atomic<std::uint64_t>, kCount>& words,
                std::uint16_t tag) noexcept {
  unsigned found = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    if (words[i].load() >> 48 == tag) found |= 1U << (kTaggedBits * i + kTaggedBits - 1);
  }
  return found;
}
inline constexpr bool kPoolsEntries = false;  // the arena overwrites what is freed

}  // namespace freshet::detail::rt
