#include "schedule/calendar_rule.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "freshet/findings.hpp"

namespace freshet::detail {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using SysMinute = std::chrono::sys_time<minutes>;

constexpr date::sys_days kEnd{date::year{2250} / 1 / 1};  // near the end of a WallTime

// More than any zone has ever leapt: those that changed sides of the date line left out a day.
constexpr minutes kLongestLeap = std::chrono::hours{25};

LocalMinute local_of(SysMinute time, const date::sys_info& info) {
  return LocalMinute{time.time_since_epoch() + date::floor<minutes>(info.offset)};
}

}  // namespace

WallTime CalendarRule::next(WallTime after) const {
  if (after >= kEnd) return kNoWallTime;
  return fields_.goes_by_the_clock() ? next_by_the_clock(after) : next_by_the_day(after);
}

// One stretch of one offset after the other.
WallTime CalendarRule::next_by_the_clock(WallTime after) const {
  SysMinute from = date::floor<minutes>(after) + minutes{1};
  while (from < kEnd) {
    const date::sys_info info = zone_.get_info(from);
    const LocalMinute local = local_of(from, info);
    const auto found = fields_.first_from(local);
    if (!found) break;
    const SysMinute time = from + (*found - local);
    if (time < info.end) return time;
    from = date::ceil<minutes>(info.end);
  }
  return kNoWallTime;
}

// Local times one after the other, from before the longest leap: one that is leapt over comes when the leap is over.
WallTime CalendarRule::next_by_the_day(WallTime after) const {
  const SysMinute now = date::floor<minutes>(after);
  LocalMinute from = local_of(now, zone_.get_info(now)) - kLongestLeap;
  while (const auto found = fields_.first_from(from)) {
    const date::local_info info = zone_.get_info(*found);
    const date::sys_seconds time =
        info.result == date::local_info::nonexistent
            ? info.second.begin
            : date::sys_seconds{found->time_since_epoch() - info.first.offset};
    if (time > after) return time < kEnd ? WallTime(time) : kNoWallTime;
    from = *found + minutes{1};
  }
  return kNoWallTime;
}

// By the list of zones: how the library's own search takes a name depends on how it was built.
Parsed<const date::time_zone*> find_zone(std::string_view name) {
  if (name.empty()) name = "Etc/UTC";
  try {
    const auto& zones = date::get_tzdb().zones;
    const auto zone =
        std::find_if(zones.begin(), zones.end(),
                     [&](const date::time_zone& candidate) { return candidate.name() == name; });
    if (zone != zones.end()) return {.value = &*zone};
    std::vector<std::string> names;
    for (const date::time_zone& candidate : zones) names.push_back(candidate.name());
    return {.problem = "no such time zone" + did_you_mean(name, names)};
  } catch (const std::exception& error) {
    return {.problem = std::string("the system's time zones cannot be read: ") + error.what()};
  }
}

}  // namespace freshet::detail
