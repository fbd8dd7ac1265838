// CronFields: which minutes of a local calendar a cron expression allows.
//
// The format of crontab(5): five fields, each a bit set. Knows nothing of time zones. Immutable once parsed.
#pragma once

#include <date/date.h>

#include <bitset>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "freshet/value_grammar.hpp"

namespace freshet::detail {

using LocalMinute = date::local_time<std::chrono::minutes>;

class CronFields {
 public:
  static constexpr std::size_t kCount = 5;

  /// Minute, hour, day, month, weekday.
  static Parsed<CronFields> parse(std::span<const std::string_view, kCount> fields);
  /// Every day at that time.
  static CronFields daily(unsigned hour, unsigned minute);

  /// The first minute that is allowed, from `from` on; nullopt if there is none within the eight years after which every date
  /// has come. O(days looked at).
  std::optional<LocalMinute> first_from(LocalMinute from) const;

  /// Whether the hour is `*` or a step of it: then it goes by the hands of the clock.
  bool goes_by_the_clock() const noexcept { return any_hour_; }

 private:
  bool allows(date::local_days day) const;
  /// The first allowed minute of a day, from one of it on.
  std::optional<std::chrono::minutes> first_of_day(std::chrono::minutes from) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;  // 0: Sunday
  bool any_hour_ = false;
  bool any_day_ = false;  // `*`: the weekday alone counts
  bool any_weekday_ = false;
};

}  // namespace freshet::detail
