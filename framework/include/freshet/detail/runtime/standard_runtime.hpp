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

/// Nanoseconds of a clock that goes on while the machine is suspended, so that no entry outlives a closed lid.
inline std::int64_t boot_time_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// A seed that differs from run to run.
inline std::uint64_t entropy() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) ^ device();
}

}  // namespace freshet::detail::rt
