// CalendarRule: cron fields in a time zone.
#pragma once

#include <date/tz.h>

#include <string_view>

#include "freshet/clock.hpp"
#include "schedule/cron_fields.hpp"

namespace freshet::detail {

/// Immutable, thread-safe. The zone belongs to the database of the process.
class CalendarRule {
 public:
  CalendarRule(const CronFields& fields, const date::time_zone& zone) noexcept
      : fields_(fields), zone_(zone) {}

  /// The first time after `after`; kNoWallTime from the year 2250 on.
  WallTime next(WallTime after) const;

 private:
  /// Each minute that the clock shows.
  WallTime next_by_the_clock(WallTime after) const;
  /// Each time of day once.
  WallTime next_by_the_day(WallTime after) const;

  const CronFields fields_;
  const date::time_zone& zone_;
};

/// A zone of the system's database, UTC for an empty name; or why there is none.
Parsed<const date::time_zone*> find_zone(std::string_view name);

}  // namespace freshet::detail
