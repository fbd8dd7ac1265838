// LookBudget: how many entries invalidations may look at, one by one, to count exactly.
//
// A thousand invalidations a second of a cache of 100,000 entries would otherwise do nothing but count. A token bucket on
// the injected clock: an entry costs a token whoever looks at it. A call may overdraw what is left, so the largest cache
// that may be counted is counted now and then.
// Thread-safe, O(1).
#pragma once

#include <algorithm>
#include <cstdint>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

class LookBudget {
 public:
  static constexpr std::int64_t kMost = 2'000'000;     // saved up
  static constexpr std::int64_t kPerSecond = 200'000;  // less than a tenth of a core

  /// Whether anything is left.
  bool left(Instant now) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    const std::int64_t earned = (now - refilled_) / kPrice;
    if (earned > 0) {
      tokens_ = earned >= kMost ? kMost : std::min(kMost, tokens_ + earned);
      refilled_ += earned * kPrice;
    }
    return tokens_ > 0;
  }

  void spend(std::uint64_t entries) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    tokens_ -= static_cast<std::int64_t>(entries);
  }

 private:
  static constexpr Duration kPrice = Duration(1'000'000'000 / kPerSecond);

  rt::Mutex mutex_;
  std::int64_t tokens_ FRESHET_GUARDED_BY(mutex_) = kMost;
  Instant refilled_ FRESHET_GUARDED_BY(mutex_){};
};

}  // namespace freshet::detail
