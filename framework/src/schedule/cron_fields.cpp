#include "schedule/cron_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "freshet/findings.hpp"

namespace freshet::detail {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr int kMostDaysApart = 8 * 366 + 1;  // from one 29 February to the next, across 2100

constexpr std::array<std::string_view, 12> kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                   "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays{"SUN", "MON", "TUE", "WED",
                                                    "THU", "FRI", "SAT"};

/// What a field may hold.
struct FieldKind {
  std::string_view noun;
  std::string_view article;
  unsigned first;
  unsigned last;
  std::span<const std::string_view> names{};  // of `first` and what follows it
};

constexpr std::array<FieldKind, CronFields::kCount> kFields{{
    {"minute", "a", 0, 59},
    {"hour", "an", 0, 23},
    {"day", "a", 1, 31},
    {"month", "a", 1, 12, kMonths},
    {"weekday", "a", 0, 7, kWeekdays},
}};

bool same_word(std::string_view a, std::string_view b) noexcept {
  const auto upper = [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return upper(x) == y; });
}

/// Reads one field into a bit for each value that it allows; says what is wrong with it.
class FieldReader {
 public:
  explicit FieldReader(const FieldKind& kind) noexcept : kind_(kind) {}

  bool read(std::string_view field) {
    for (std::string_view rest = field;;) {
      const std::size_t comma = rest.find(',');
      if (!read_part(rest.substr(0, comma))) return false;
      if (comma == std::string_view::npos) return true;
      rest.remove_prefix(comma + 1);
    }
  }

  std::uint64_t bits() const noexcept { return bits_; }
  /// Whether it was `*`, perhaps with a step.
  bool any() const noexcept { return any_; }
  const std::string& problem() const noexcept { return problem_; }

 private:
  /// `*`, `5`, `9-17`, each perhaps with `/2`.
  bool read_part(std::string_view part) {
    const std::size_t slash = part.find('/');
    const std::string_view range = part.substr(0, slash);
    unsigned first = kind_.first;
    unsigned last = kind_.last == 7 ? 6 : kind_.last;  // Sunday once
    if (range == "*") {
      any_ = true;
    } else {
      const std::size_t dash = range.find('-');
      if (!read_value(range.substr(0, dash), first)) return false;
      // `5/10` is from 5 on.
      if (dash == std::string_view::npos && slash == std::string_view::npos) last = first;
      if (dash != std::string_view::npos && !read_value(range.substr(dash + 1), last)) return false;
      if (last < first)
        return fail(
            fmt::format("the {} range {} ends before it begins", kind_.noun, in_quotes(range)));
    }
    unsigned step = 1;
    if (slash != std::string_view::npos &&
        (!read_number(part.substr(slash + 1), step) || step == 0 || step > kind_.last)) {
      return fail(fmt::format("expected a {} step from 1 to {}, found {}", kind_.noun, kind_.last,
                              in_quotes(part.substr(slash + 1))));
    }
    for (unsigned value = first; value <= last; value += step) bits_ |= std::uint64_t{1} << value;
    return true;
  }

  bool read_value(std::string_view word, unsigned& value) {
    for (std::size_t i = 0; i < kind_.names.size(); ++i) {
      if (!same_word(word, kind_.names[i])) continue;
      value = kind_.first + static_cast<unsigned>(i);
      return true;
    }
    if (read_number(word, value) && value >= kind_.first && value <= kind_.last) return true;
    const std::string names =
        kind_.names.empty() ? std::string()
                            : fmt::format(" or {} to {}", kind_.names.front(), kind_.names.back());
    return fail(fmt::format("expected {} {} from {} to {}{}, found {}", kind_.article, kind_.noun,
                            kind_.first, kind_.last, names, in_quotes(word)));
  }

  static bool read_number(std::string_view word, unsigned& value) noexcept {
    const char* const end = word.data() + word.size();
    const auto [last, error] = std::from_chars(word.data(), end, value);
    return error == std::errc() && last == end && word.size() <= 2;
  }

  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  const FieldKind& kind_;
  std::uint64_t bits_ = 0;
  bool any_ = false;
  std::string problem_;
};

}  // namespace

Parsed<CronFields> CronFields::parse(std::span<const std::string_view, kCount> fields) {
  std::array<std::uint64_t, kCount> bits{};
  std::array<bool, kCount> any{};
  for (std::size_t i = 0; i < kCount; ++i) {
    FieldReader reader(kFields[i]);
    if (!reader.read(fields[i])) return {.problem = reader.problem()};
    bits[i] = reader.bits();
    any[i] = reader.any();
  }
  CronFields parsed;
  parsed.minutes_ = bits[0];
  parsed.hours_ = bits[1];
  parsed.days_ = bits[2];
  parsed.months_ = bits[3];
  parsed.weekdays_ = (bits[4] & 0x7F) | (bits[4] >> 7);  // 7 is Sunday too
  parsed.any_hour_ = any[1];
  parsed.any_day_ = any[2];
  parsed.any_weekday_ = any[4];
  if (!parsed.first_from(date::local_days{date::year{2096} / 1 / 1}))
    return {.problem = "no such date ever comes"};
  return {.value = parsed};
}

CronFields CronFields::daily(unsigned hour, unsigned minute) {
  CronFields fields;
  fields.minutes_.set(minute);
  fields.hours_.set(hour);
  fields.days_.set();
  fields.months_.set();
  fields.weekdays_.set();
  fields.any_day_ = true;
  fields.any_weekday_ = true;
  return fields;
}

std::optional<LocalMinute> CronFields::first_from(LocalMinute from) const {
  date::local_days day = date::floor<date::days>(from);
  minutes of_day = from - day;
  for (int i = 0; i < kMostDaysApart; ++i) {
    if (allows(day)) {
      if (const auto minute = first_of_day(of_day)) return day + *minute;
    }
    day += date::days{1};
    of_day = minutes::zero();
  }
  return std::nullopt;
}

bool CronFields::allows(date::local_days day) const {
  const date::year_month_day calendar{day};
  if (!months_.test(static_cast<unsigned>(calendar.month()))) return false;
  const bool by_day = days_.test(static_cast<unsigned>(calendar.day()));
  const bool by_weekday = weekdays_.test(date::weekday{day}.c_encoding());
  // Of two that are restricted either will do; a step of `*` restricts and is no choice, as in cron.
  if (any_day_ || any_weekday_) return by_day && by_weekday;
  return by_day || by_weekday;
}

std::optional<minutes> CronFields::first_of_day(minutes from) const {
  for (auto hour = static_cast<std::size_t>(from / hours{1}); hour < hours_.size(); ++hour) {
    const minutes begin = hours{hour};
    if (!hours_.test(hour)) continue;
    const auto first = static_cast<std::size_t>(std::max(minutes::zero(), from - begin).count());
    for (std::size_t minute = first; minute < minutes_.size(); ++minute) {
      if (minutes_.test(minute)) return begin + minutes{minute};
    }
  }
  return std::nullopt;
}

}  // namespace freshet::detail
