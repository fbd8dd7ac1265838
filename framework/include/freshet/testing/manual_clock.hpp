// ManualClock: time that a test sets.
#pragma once

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::testing {

/// Stands still until told. Thread-safe. Time never goes back: an earlier instant is ignored.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = Instant(std::chrono::hours(1))) noexcept
      : now_(start.time_since_epoch().count()) {}

  Instant now() const noexcept override {
    return Instant(
        Duration(now_.load(std::memory_order_acquire)));  // pairs with the exchange in set()
  }

  void set(Instant instant) noexcept {
    const std::int64_t wanted = instant.time_since_epoch().count();
    std::int64_t seen = now_.load(std::memory_order_relaxed);
    while (seen < wanted && !now_.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel)) {
    }
  }

  void advance(Duration span) noexcept { set(later(now(), span)); }

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
  detail::rt::Atomic<std::int64_t> now_;
  // Of the calendar over the time line. relaxed: nothing travels with it.
  detail::rt::Atomic<std::int64_t> ahead_{Duration(std::chrono::hours{21915 * 24}).count()};
};

}  // namespace freshet::testing
