// Schedule: a time that comes again: of the day, of the calendar (cron), or after an interval.
//
//   06:00 Europe/Rome                       every day at six in Rome
//   0 9-17 * * MON-FRI America/New_York     cron: minute hour day month weekday, then the time zone
//   @daily                                  hourly daily weekly monthly yearly; UTC where no zone is named
//   every 15m                               from when the policy is put to work
//
// Fields of cron are `*`, a number, a range, a list of those, each with a `/step`; months and weekdays have names as well, and 7 is
// Sunday too. Where day and weekday both are restricted, either will do.
//
// Daylight saving: a schedule that names hours comes once for each of them: where the clock leaps over it, at the leap; where it
// comes twice, the first time. One whose hour is `*` or a step of it goes by the hands of the clock: it comes in both of the
// repeated hours, and not in the one that is left out. Time zones are those of the system (tzdata).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "freshet/clock.hpp"
#include "freshet/value_grammar.hpp"

namespace freshet {

namespace detail {
class CalendarRule;
}

/// Immutable, cheap to copy, thread-safe.
class Schedule {
 public:
  static constexpr std::size_t kMaxBytes = 256;
  static constexpr Duration kShortestInterval = std::chrono::seconds{1};
  static constexpr Duration kLongestInterval = std::chrono::hours{24 * 366};

  /// Reads what is written above; says what is wrong with it. A date that never comes (`0 0 30 2 *`) is wrong.
  static Parsed<Schedule> parse(std::string_view text);

  /// As it was written.
  const std::string& text() const noexcept { return text_; }

  /// Of `every`; nullopt for a schedule of the calendar.
  std::optional<Duration> interval() const noexcept { return interval_; }

  /// When it comes next, after `after` and never at it; kNoWallTime if that is beyond what can be told, in the year 2250. O(days
  /// looked at): some microseconds, a millisecond for what comes every leap year.
  WallTime next(WallTime after) const;

 private:
  Schedule() = default;

  std::string text_;
  std::optional<Duration> interval_;
  std::shared_ptr<const detail::CalendarRule> calendar_;  // null for an interval
};

}  // namespace freshet
