// Clock: where the library learns the time. Injected, so that tests set it by hand.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

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

/// `from + span`, held at kNever instead of overflowing.
constexpr Instant later(Instant from, Duration span) noexcept {
  return span.count() > 0 && from > kNever - span ? kNever : from + span;
}

/// Tells the time. Implementations are thread-safe and monotone for each thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const noexcept = 0;
};

/// Time since boot, suspended time included. Resolution: nanoseconds.
std::shared_ptr<Clock> make_system_clock();

}  // namespace freshet
