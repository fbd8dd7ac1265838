// RaiseTimes: when what was expired was expired: a ring of (time, revision), for how long a value may outlast its expiry.
//
// Freshness knows no time. This is told after each raise, and by the sweeper's step, what the newest revision is and what time it
// is then. A revision has the time of the first point that is not older; points that are nearer together than a step are one, with
// the earlier time: an expiry may seem older than it is by a step, never younger than its call's end. What is older than the ring, is too
// old. Whoever finds an entry expired notes the time in the entry, so the ring need only last from a raise to the sweep after it.
// Costs one load where no block has stale_if_error. Thread-safe.
#pragma once

#include <cstddef>
#include <deque>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/revision.hpp"

namespace freshet::detail {

class RaiseTimes {
 public:
  static constexpr std::size_t kPoints = 4096;
  static constexpr Duration kStep = std::chrono::milliseconds{20};  // all points last 80 s at least

  /// Notes from here on; what was raised up to `revision` is too old. Once.
  void begin(Revision revision) FRESHET_EXCLUDES(mutex_);
  bool begun() const noexcept { return begun_.load(std::memory_order_acquire); }

  /// Something was raised; call after the raise. Does nothing for a revision that is noted.
  void note(Instant now, Revision revision) FRESHET_EXCLUDES(mutex_);

  /// When a revision was raised, by what is known at `now`: Instant::min() if that is forgotten, `now` if it is not noted yet. O(log
  /// points).
  Instant time_of(Revision revision, Instant now) const FRESHET_EXCLUDES(mutex_);

 private:
  struct Point {
    Instant at;
    Revision revision;
  };

  // release in begin(), acquire in begun(): who sees it sees forgotten_.
  rt::Atomic<bool> begun_{false};
  // relaxed: whoever reads an old one looks again with the lock.
  rt::Atomic<std::uint64_t> newest_{0};
  mutable rt::Mutex mutex_;
  std::deque<Point> points_ FRESHET_GUARDED_BY(mutex_);  // oldest first
  Revision forgotten_ FRESHET_GUARDED_BY(mutex_){};      // up to here
};

}  // namespace freshet::detail
