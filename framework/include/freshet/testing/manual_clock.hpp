// ManualClock: time that a test sets.
#pragma once

#include <cstddef>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::testing {

/// Stands still until told. Thread-safe. Time never goes back: an earlier instant is ignored.
///
/// Who waits for a time (a load with a time-out, a close() with a limit) is woken when set() or advance() comes to it. A test that
/// is to move time only once somebody waits asks await_waiters() for that. Neither may be called with a lock held that a waiter
/// waits with, which are all inside the library.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = Instant(std::chrono::hours(1))) noexcept
      : now_(start.time_since_epoch().count()) {}

  Instant now() const noexcept override {
    return Instant(
        Duration(now_.load(std::memory_order_acquire)));  // pairs with the exchange in set()
  }

  void set(Instant instant) noexcept FRESHET_EXCLUDES(mutex_) {
    const std::int64_t wanted = instant.time_since_epoch().count();
    std::int64_t seen = now_.load(std::memory_order_relaxed);
    while (seen < wanted && !now_.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel)) {
    }
    wake_due();
  }

  void advance(Duration span) noexcept { set(later(now(), span)); }

  void wait_until(detail::rt::CondVar& condition, detail::rt::Mutex& mutex,
                  Instant until) const override FRESHET_REQUIRES(mutex) FRESHET_EXCLUDES(mutex_) {
    Waiter self{condition, mutex, until};
    enter(self);
    // After it can be found: a set() from here on wakes it.
    if (now() < until) condition.wait(mutex);
    mutex.unlock();  // which whoever wakes it takes
    leave(self);
    mutex.lock();
  }

  /// Returns once at least `count` threads wait for a time that has not come.
  void await_waiters(std::size_t count) const FRESHET_EXCLUDES(mutex_) {
    detail::rt::Lock lock(mutex_);
    while (waiting() < count) changed_.wait(mutex_);
  }

  /// The calendar goes on with the time line, from 1 January 2030, 00:00 UTC, at its zero.
  WallTime wall_now() const noexcept override {
    return WallTime(now().time_since_epoch() + Duration(ahead_.load(std::memory_order_relaxed)));
  }
  /// Somebody sets the calendar, forward or back: it shows `to` now.
  void set_wall(WallTime to) noexcept {
    const Duration ahead = to.time_since_epoch() - now().time_since_epoch();
    ahead_.store(ahead.count(), std::memory_order_relaxed);
  }

 private:
  // On the stack of whoever waits. A thread that wakes it holds it there by `wakers`.
  struct Waiter {
    detail::rt::CondVar& condition;
    detail::rt::Mutex& mutex;
    Instant until;
    Waiter* next = nullptr;
    std::size_t wakers = 0;
    bool woken = false;
  };

  void enter(Waiter& self) const FRESHET_EXCLUDES(mutex_) {
    detail::rt::Lock lock(mutex_);
    self.next = waiters_;
    waiters_ = &self;
    changed_.notify_all();
  }

  void leave(Waiter& self) const FRESHET_EXCLUDES(mutex_) {
    detail::rt::Lock lock(mutex_);
    while (self.wakers > 0) changed_.wait(mutex_);
    Waiter** place = &waiters_;
    while (*place != &self) place = &(*place)->next;
    *place = self.next;
  }

  std::size_t waiting() const FRESHET_REQUIRES(mutex_) {
    std::size_t count = 0;
    for (const Waiter* waiter = waiters_; waiter != nullptr; waiter = waiter->next) {
      if (!waiter->woken && now() < waiter->until) ++count;
    }
    return count;
  }

  Waiter* next_due() const noexcept FRESHET_REQUIRES(mutex_) {
    for (Waiter* waiter = waiters_; waiter != nullptr; waiter = waiter->next) {
      if (!waiter->woken && waiter->until <= now()) return waiter;
    }
    return nullptr;
  }

  // Notifies under the waiter's mutex, or it could come between its look at the time and its wait; and not under our own, which
  // the waiter takes with that held.
  void wake_due() noexcept FRESHET_EXCLUDES(mutex_) {
    for (;;) {
      Waiter* due = nullptr;
      {
        detail::rt::Lock lock(mutex_);
        due = next_due();
        if (due == nullptr) return;
        due->woken = true;
        ++due->wakers;
      }
      {
        detail::rt::Lock theirs(due->mutex);
        due->condition.notify_all();
      }
      detail::rt::Lock lock(mutex_);
      --due->wakers;
      changed_.notify_all();
    }
  }

  detail::rt::Atomic<std::int64_t> now_;
  // Of the calendar over the time line. relaxed: nothing travels with it.
  detail::rt::Atomic<std::int64_t> ahead_{Duration(std::chrono::hours{21915 * 24}).count()};
  mutable detail::rt::Mutex mutex_;  // after the mutex of whoever waits
  mutable detail::rt::CondVar changed_;
  mutable Waiter* waiters_ FRESHET_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace freshet::testing
