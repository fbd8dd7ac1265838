// Clock: where the library learns the time. Injected, so that tests set it by hand.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet {

/// Every span of time in the library: signed 64-bit nanoseconds.
using Duration = std::chrono::nanoseconds;

/// The library's own time line: starts anywhere, never goes back, has nothing to do with the calendar.
struct Timeline {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  static constexpr bool is_steady = true;
};

/// A point on the time line, to the nanosecond.
using Instant = std::chrono::time_point<Timeline, Duration>;

/// The deadline of what does not expire.
inline constexpr Instant kNever = Instant::max();

/// A point of the calendar, in UTC. What people and schedules mean by a time; it may be set back.
using WallTime = std::chrono::sys_time<Duration>;

/// The wall time of what never comes.
inline constexpr WallTime kNoWallTime = WallTime::max();

/// `from + span`, held at kNever instead of overflowing.
constexpr Instant later(Instant from, Duration span) noexcept {
  return span.count() > 0 && from > kNever - span ? kNever : from + span;
}

/// Tells the time. Implementations are thread-safe and monotone for each thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const noexcept = 0;

  /// The same, perhaps cheaper and a little older: what hits are judged by. Its resolution is how long something may be served past
  /// its deadline. Not more than now() on any thread; as exact unless it says otherwise.
  virtual Instant coarse_now() const noexcept { return now(); }

  /// Waits on `condition`, whose mutex the caller holds, until it is notified or now() has come to `until`; it may return before
  /// either, so wait in a loop over both. That of the base looks at now() every kWaitSlice of the system's time, which serves any
  /// clock that goes by itself; one that is set by hand overrides it, so that nobody sleeps. Calls nothing with other locks held.
  virtual void wait_until(detail::rt::CondVar& condition, detail::rt::Mutex& mutex,
                          Instant until) const FRESHET_REQUIRES(mutex);
  static constexpr Duration kWaitSlice = std::chrono::milliseconds{10};

  /// What the calendar shows. Only for schedules and wall-clock deadlines; may go back. That of the system unless overridden.
  virtual WallTime wall_now() const noexcept;
};

/// Time since boot, suspended time included. Resolution: nanoseconds; of coarse_now() a tick of the kernel, 1 to 10 milliseconds,
/// and after a suspension until somebody has asked for now(), which the sweeper does ten times a second.
std::shared_ptr<Clock> make_system_clock();

}  // namespace freshet
