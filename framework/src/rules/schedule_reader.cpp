#include "rules/schedule_reader.hpp"

#include <fmt/format.h>

#include <utility>

#include "freshet/limits.hpp"
#include "rules/rule_reader.hpp"

namespace freshet::rules {
namespace {

constexpr std::size_t kMostSchedules = 1'000;
constexpr std::string_view kExpected =
    "expected a time such as 06:00 Europe/Rome, a cron expression or every 15m, or a list of those";

class ScheduleReader {
 public:
  explicit ScheduleReader(Findings& findings) noexcept : findings_(findings) {}

  std::vector<ScheduledEvent> read(const ConfigValue& schedules, const std::string& path) {
    if (!schedules.is_map()) {
      findings_.add(schedules.place, path,
                    fmt::format("expected a map of events, found {}", describe(schedules)));
      return {};
    }
    for (const ConfigValue::Member& member : schedules.members) {
      const std::string at = path_to(path, member.key);
      if (member.key.empty() || member.key.size() > kMaxEventNameBytes) {
        findings_.add(member.place, at,
                      fmt::format("expected the name of an event of 1 to {} bytes, found {}",
                                  kMaxEventNameBytes, member.key.size()));
      }
      read_times(member, at);
    }
    if (read_.size() > kMostSchedules) {
      findings_.add(schedules.place, path,
                    fmt::format("expected at most {} times, found {}", format_count(kMostSchedules),
                                format_count(read_.size())));
    }
    return std::move(read_);
  }

 private:
  void read_times(const ConfigValue::Member& event, const std::string& path) {
    const ConfigValue& times = event.value;
    if (!times.is_list()) return read_time(event.key, times, path);
    if (times.items.empty())
      findings_.add(times.place, path, fmt::format("{}, found an empty list", kExpected));
    for (std::size_t i = 0; i < times.items.size(); ++i)
      read_time(event.key, times.items[i], fmt::format("{}[{}]", path, i));
  }

  void read_time(const std::string& event, const ConfigValue& time, const std::string& path) {
    if (!time.is_scalar())
      return findings_.add(time.place, path,
                           fmt::format("{}, found {}", kExpected, describe(time)));
    Parsed<Schedule> parsed = Schedule::parse(time.text);
    if (parsed.value) return read_.push_back({event, std::move(*parsed.value)});
    findings_.add(time.place, path, fmt::format("found {}: {}", describe(time), parsed.problem));
  }

  Findings& findings_;
  std::vector<ScheduledEvent> read_;
};

}  // namespace

std::vector<ScheduledEvent> read_schedules(const ConfigValue& root, Findings& findings) {
  const ConfigValue::Member* const schedules = root.find(kSchedulesKey);
  if (schedules == nullptr) return {};
  return ScheduleReader(findings).read(schedules->value, std::string(kSchedulesKey));
}

}  // namespace freshet::rules
