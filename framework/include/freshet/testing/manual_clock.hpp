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

 private:
  detail::rt::Atomic<std::int64_t> now_;
};

}  // namespace freshet::testing
