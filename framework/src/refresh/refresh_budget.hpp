// RefreshBudget: how much may be loaded in the background, per second and at once.
//
// A token bucket that holds a second's worth, on the injected clock, and a count of what is under
// way. Thread-safe, O(1).
#pragma once

#include <algorithm>
#include <cstdint>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/strategy.hpp"

namespace freshet::detail {

class RefreshBudget {
 public:
  void set_limits(const RefreshLimits& limits) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    limits_ = limits;
    tokens_ = limits.per_second;
  }

  RefreshLimits limits() const FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    return limits_;
  }

  /// One load if there is one left; then done() must follow.
  bool take(Instant now) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    refill(now);
    if (tokens_ == 0 || under_way_ >= limits_.at_once) return false;
    --tokens_;
    ++under_way_;
    return true;
  }

  void done() FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    --under_way_;
  }

 private:
  static constexpr std::int64_t kSecond = 1'000'000'000;

  // Whole tokens only; what is left of the time counts for the next.
  void refill(Instant now) FRESHET_REQUIRES(mutex_) {
    const std::int64_t price = std::max<std::int64_t>(
        1,
        kSecond / static_cast<std::int64_t>(std::min<std::uint64_t>(limits_.per_second, kSecond)));
    if (now - refilled_ >= Duration(kSecond)) {
      tokens_ = limits_.per_second;
      refilled_ = now;
      return;
    }
    const std::int64_t earned = (now - refilled_).count() / price;
    if (earned <= 0) return;
    tokens_ = std::min(limits_.per_second, tokens_ + static_cast<std::uint64_t>(earned));
    refilled_ += Duration(earned * price);
  }

  mutable rt::Mutex mutex_;
  RefreshLimits limits_ FRESHET_GUARDED_BY(mutex_){};
  std::uint64_t tokens_ FRESHET_GUARDED_BY(mutex_) = RefreshLimits{}.per_second;
  std::uint64_t under_way_ FRESHET_GUARDED_BY(mutex_) = 0;
  Instant refilled_ FRESHET_GUARDED_BY(mutex_){};
};

}  // namespace freshet::detail
