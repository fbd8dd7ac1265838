#include "freshet/schedule.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "freshet/findings.hpp"
#include "schedule/calendar_rule.hpp"

namespace freshet {
namespace {

using detail::CronFields;

constexpr std::string_view kForms =
    "expected a time such as 06:00, five cron fields, @daily or every 15m, then perhaps a time "
    "zone";

constexpr std::array<std::pair<std::string_view, std::array<std::string_view, 5>>, 7> kMacros{{
    {"@hourly", {"0", "*", "*", "*", "*"}},
    {"@daily", {"0", "0", "*", "*", "*"}},
    {"@midnight", {"0", "0", "*", "*", "*"}},
    {"@weekly", {"0", "0", "*", "*", "0"}},
    {"@monthly", {"0", "0", "1", "*", "*"}},
    {"@yearly", {"0", "0", "1", "1", "*"}},
    {"@annually", {"0", "0", "1", "1", "*"}},
}};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    if (space != 0) words.push_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return words;
}

/// 06:00 or 6:00.
std::optional<CronFields> time_of_day(std::string_view word) {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 2 || word.size() != colon + 3)
    return std::nullopt;
  const auto number = [](std::string_view digits) {
    unsigned value = 0;
    for (const char c : digits)
      value = c >= '0' && c <= '9' ? value * 10 + static_cast<unsigned>(c - '0') : 100U;
    return value;
  };
  const unsigned hour = number(word.substr(0, colon));
  const unsigned minute = number(word.substr(colon + 1));
  if (hour > 23 || minute > 59) return std::nullopt;
  return CronFields::daily(hour, minute);
}

/// Its fields, and how many words they took.
Parsed<std::pair<CronFields, std::size_t>> read_fields(const std::vector<std::string_view>& words) {
  for (const auto& [name, fields] : kMacros) {
    if (words.front() == name) return {.value = std::pair(*CronFields::parse(fields).value, 1)};
  }
  if (const auto daily = time_of_day(words.front())) return {.value = std::pair(*daily, 1)};
  if (words.size() < CronFields::kCount) return {.problem = std::string(kForms)};
  const auto fields = CronFields::parse(std::span(words).first<CronFields::kCount>());
  if (!fields.value) return {.problem = fields.problem};
  return {.value = std::pair(*fields.value, CronFields::kCount)};
}

}  // namespace

Parsed<Schedule> Schedule::parse(std::string_view text) {
  if (text.size() > kMaxBytes)
    return {.problem = fmt::format("a schedule has at most {} bytes", kMaxBytes)};
  const std::vector<std::string_view> words = words_of(text);
  if (words.empty()) return {.problem = std::string(kForms)};
  Schedule schedule;
  schedule.text_ = text;
  if (words.front() == "every") {
    const auto interval = parse_duration(words.size() == 2 ? words.back() : std::string_view());
    if (!interval.value) return {.problem = "expected every and a duration, such as every 15m"};
    if (*interval.value < kShortestInterval || *interval.value > kLongestInterval) {
      return {.problem = fmt::format("expected an interval from {} to {}",
                                     format_duration(kShortestInterval),
                                     format_duration(kLongestInterval))};
    }
    schedule.interval_ = *interval.value;
    return {.value = std::move(schedule)};
  }
  const auto fields = read_fields(words);
  if (!fields.value) return {.problem = fields.problem};
  const auto& [cron, taken] = *fields.value;
  if (words.size() > taken + 1)
    return {.problem = fmt::format("nothing is expected after {}", in_quotes(words[taken]))};
  const auto zone = detail::find_zone(words.size() > taken ? words[taken] : std::string_view());
  if (!zone.value) return {.problem = zone.problem};
  schedule.calendar_ = std::make_shared<const detail::CalendarRule>(cron, **zone.value);
  return {.value = std::move(schedule)};
}

WallTime Schedule::next(WallTime after) const {
  if (calendar_) return calendar_->next(after);
  return after > kNoWallTime - *interval_ ? kNoWallTime : after + *interval_;
}

}  // namespace freshet
