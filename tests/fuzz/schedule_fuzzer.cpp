// Times of the calendar: what is read reads again, and comes after the instant that it is asked for, each time a little later;
// what is not read has a problem of one line.
#include "freshet/schedule.hpp"
#include "fuzz/one_line.hpp"

namespace freshet::fuzz {

void fuzz_schedule(std::string_view input) {
  const auto [text, instant] = split_at(input, "@@");
  const Parsed<Schedule> parsed = Schedule::parse(text);
  if (!parsed.value) return require_one_line(parsed.problem);
  const Schedule& schedule = *parsed.value;
  require(Schedule::parse(schedule.text()).value.has_value(), "what was read reads again");
  // Some minute of the four hundred years from 1800 on.
  std::int64_t bits = 0;
  for (const char c : instant.substr(0, 7)) bits = (bits << 8) | static_cast<unsigned char>(c);
  constexpr std::int64_t kMinutes = std::int64_t{400} * 365 * 24 * 60;
  WallTime time{std::chrono::minutes(bits % kMinutes - std::int64_t{170} * 365 * 24 * 60)};
  for (int i = 0; i < 3 && time != kNoWallTime; ++i) {
    const WallTime next = schedule.next(time);
    require(next > time, "what comes next comes later");
    const bool whole = schedule.interval() || next == kNoWallTime ||
                       next.time_since_epoch() % std::chrono::seconds(1) == Duration::zero();
    require(whole, "the calendar has whole seconds");
    // Asked for a moment before, the answer is the same.
    const bool same = schedule.interval() || next == kNoWallTime ||
                      schedule.next(next - std::chrono::nanoseconds(1)) == next;
    require(same, "it does not depend on since when one waits");
    time = next;
  }
}

}  // namespace freshet::fuzz
