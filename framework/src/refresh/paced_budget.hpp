// PacedBudget: how many loads may begin within any second, and be under way at once. For what comes in masses.
//
// Unlike a bucket of tokens, which gives a second's worth at once and the next one as it refills, it counts what began in the
// latest slots of a second and the one under way: whichever second is looked at, no more than the limit began in it. The price is
// a twentieth of the rate.
// Thread-safe, O(1). Whoever is refused learns so without the lock until a slot ends.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

class PacedBudget {
 public:
  /// Both >= 1. What has begun still counts.
  void set_limits(std::uint64_t per_second, std::uint64_t at_once) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    per_second_ = per_second;
    at_once_ = at_once;
    refused_until_.store(kNoTime, std::memory_order_relaxed);
  }

  /// One load if there is one left; then done() must follow.
  bool take(Instant now) noexcept FRESHET_EXCLUDES(mutex_) {
    // relaxed: a hint; whoever reads an old one takes the lock, or comes again.
    if (now.time_since_epoch().count() < refused_until_.load(std::memory_order_relaxed))
      return false;
    rt::Lock lock(mutex_);
    advance(now);
    if (begun_ >= per_second_) {
      refused_until_.store((slot_ + 1) * kSlot, std::memory_order_relaxed);
      return false;
    }
    if (under_way_ >= at_once_) return false;
    ++begun_;
    ++slots_[place(slot_)];
    ++under_way_;
    return true;
  }

  void done() noexcept FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    --under_way_;
  }

  /// Instead of done(), for a load that did not begin. `taken`: what take() was given.
  void undo(Instant taken) noexcept FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    --under_way_;
    if (taken.time_since_epoch().count() / kSlot != slot_)
      return;  // in a slot that has ended it stays
    --begun_;
    --slots_[place(slot_)];
    refused_until_.store(kNoTime, std::memory_order_relaxed);
  }

  /// How many could begin now.
  std::uint64_t left(Instant now) noexcept FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    advance(now);
    const std::uint64_t by_rate = per_second_ - std::min(per_second_, begun_);
    return std::min(by_rate, at_once_ - std::min(at_once_, under_way_));
  }

 private:
  static constexpr std::int64_t kSlot = 50'000'000;  // nanoseconds
  static constexpr std::size_t kSlots = 21;          // that a second can touch
  static constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

  static std::size_t place(std::int64_t slot) noexcept {
    return static_cast<std::size_t>(slot) % kSlots;
  }

  // A clock that was read before another thread's counts for the slot that is open.
  void advance(Instant now) noexcept FRESHET_REQUIRES(mutex_) {
    const std::int64_t slot = now.time_since_epoch().count() / kSlot;
    for (std::size_t i = 0; slot_ < slot && i < kSlots; ++i) {
      ++slot_;
      begun_ -= std::exchange(slots_[place(slot_)], 0);
    }
    slot_ = std::max(slot_, slot);  // after a pause all slots are empty
  }

  rt::Mutex mutex_;
  std::uint64_t per_second_ FRESHET_GUARDED_BY(mutex_) = 200;
  std::uint64_t at_once_ FRESHET_GUARDED_BY(mutex_) = 16;
  std::uint64_t under_way_ FRESHET_GUARDED_BY(mutex_) = 0;
  std::uint64_t begun_ FRESHET_GUARDED_BY(mutex_) = 0;  // in all slots
  std::int64_t slot_ FRESHET_GUARDED_BY(mutex_) = 0;    // that is open
  std::array<std::uint64_t, kSlots> slots_ FRESHET_GUARDED_BY(mutex_){};
  rt::Atomic<std::int64_t> refused_until_{kNoTime};
};

}  // namespace freshet::detail
