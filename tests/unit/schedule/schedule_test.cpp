// Schedule: what its texts mean, when it comes next, across daylight saving both ways.
#include "freshet/schedule.hpp"

#include <date/date.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace freshet {
namespace {

WallTime at(const std::string& text) {
  std::istringstream in(text);
  std::chrono::sys_seconds time;
  in >> date::parse("%F %R", time);
  EXPECT_FALSE(in.fail()) << text;
  return time;
}

/// When it comes after `from`, in UTC.
std::vector<std::string> times(const std::string& schedule, const std::string& from,
                               std::size_t count) {
  const Parsed<Schedule> parsed = Schedule::parse(schedule);
  if (!parsed.value) return {parsed.problem};
  std::vector<std::string> found;
  WallTime time = at(from);
  while (found.size() < count) {
    time = parsed.value->next(time);
    found.push_back(time == kNoWallTime
                        ? "never"
                        : date::format("%F %R", date::floor<std::chrono::minutes>(time)));
  }
  return found;
}

std::string problem(const std::string& text) { return Schedule::parse(text).problem; }

using Times = std::vector<std::string>;

TEST(ScheduleTest, ATimeOfDayComesOnceADay) {
  EXPECT_EQ(times("06:00 Europe/Rome", "2026-11-20 12:00", 2),
            (Times{"2026-11-21 05:00", "2026-11-22 05:00"}));
}

TEST(ScheduleTest, WithoutAZoneItIsUtc) {
  EXPECT_EQ(times("6:30", "2026-11-20 12:00", 1), (Times{"2026-11-21 06:30"}));
}

TEST(ScheduleTest, ItNeverComesAtTheTimeThatItIsAskedFor) {
  EXPECT_EQ(times("06:00", "2026-11-20 06:00", 1), (Times{"2026-11-21 06:00"}));
}

TEST(ScheduleTest, CronTakesListsRangesStepsAndNames) {
  EXPECT_EQ(times("0 9 * * MON-FRI America/New_York", "2026-11-20 15:00", 3),
            (Times{"2026-11-23 14:00", "2026-11-24 14:00", "2026-11-25 14:00"}));
  EXPECT_EQ(
      times("5,10-20/5 3 * * *", "2026-11-20 12:00", 4),
      (Times{"2026-11-21 03:05", "2026-11-21 03:10", "2026-11-21 03:15", "2026-11-21 03:20"}));
  EXPECT_EQ(times("0 12 * jan-mar sun", "2026-11-20 00:00", 2),
            (Times{"2027-01-03 12:00", "2027-01-10 12:00"}));
  EXPECT_EQ(times("50/5 23 31 12 *", "2026-11-20 00:00", 2),
            (Times{"2026-12-31 23:50", "2026-12-31 23:55"}));
}

TEST(ScheduleTest, SevenIsSundayToo) {
  EXPECT_EQ(times("0 0 * * 7", "2026-11-20 00:00", 1), times("0 0 * * 0", "2026-11-20 00:00", 1));
}

TEST(ScheduleTest, OfDayAndWeekdayEitherWillDo) {
  EXPECT_EQ(times("0 0 13 * 5", "2026-12-05 00:00", 3),
            (Times{"2026-12-11 00:00", "2026-12-13 00:00", "2026-12-18 00:00"}));
}

TEST(ScheduleTest, TheLastOfFebruaryComesInLeapYears) {
  EXPECT_EQ(times("0 0 29 2 *", "2096-03-01 00:00", 1), (Times{"2104-02-29 00:00"}));
}

TEST(ScheduleTest, MacrosAreCron) {
  EXPECT_EQ(times("@weekly", "2026-11-20 12:00", 1), (Times{"2026-11-22 00:00"}));
  EXPECT_EQ(times("@hourly", "2026-11-20 12:10", 1), (Times{"2026-11-20 13:00"}));
  EXPECT_EQ(times("@yearly Asia/Tokyo", "2026-11-20 12:10", 1), (Times{"2026-12-31 15:00"}));
}

TEST(ScheduleTest, AnIntervalCountsFromWhereItIs) {
  EXPECT_EQ(times("every 15m", "2026-11-20 12:01", 2),
            (Times{"2026-11-20 12:16", "2026-11-20 12:31"}));
}

// In Rome the clock leaps from 02:00 to 03:00 on 29 March 2026, which is 01:00 in UTC.
TEST(ScheduleTest, ATimeThatTheClockLeapsOverComesWhenItHasLeapt) {
  EXPECT_EQ(times("02:30 Europe/Rome", "2026-03-27 12:00", 3),
            (Times{"2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"}));
}

// And goes back from 03:00 to 02:00 on 25 October.
TEST(ScheduleTest, ATimeThatTheClockShowsTwiceComesOnce) {
  EXPECT_EQ(times("02:30 Europe/Rome", "2026-10-23 12:00", 3),
            (Times{"2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"}));
}

TEST(ScheduleTest, WhatGoesByTheClockComesInBothOfTheRepeatedHours) {
  EXPECT_EQ(times("*/30 * * * * Europe/Rome", "2026-10-24 23:45", 5),
            (Times{"2026-10-25 00:00", "2026-10-25 00:30", "2026-10-25 01:00", "2026-10-25 01:30",
                   "2026-10-25 02:00"}));
}

TEST(ScheduleTest, AndNotInTheOneThatIsLeftOut) {
  EXPECT_EQ(times("30 */1 * * * Europe/Rome", "2026-03-29 00:00", 3),
            (Times{"2026-03-29 00:30", "2026-03-29 01:30", "2026-03-29 02:30"}));
}

// Lord Howe Island moves its clocks by half an hour.
TEST(ScheduleTest, ALeapNeedNotBeAnHour) {
  EXPECT_EQ(times("@hourly Australia/Lord_Howe", "2026-04-04 13:30", 3),
            (Times{"2026-04-04 14:00", "2026-04-04 15:30", "2026-04-04 16:30"}));
}

// Samoa had no 30 December 2011.
TEST(ScheduleTest, ADayThatIsLeftOutComesWhenItIsOver) {
  EXPECT_EQ(times("12:00 Pacific/Apia", "2011-12-28 23:00", 3),
            (Times{"2011-12-29 22:00", "2011-12-30 10:00", "2011-12-30 22:00"}));
}

TEST(ScheduleTest, BeyondWhatCanBeToldItNeverComes) {
  EXPECT_EQ(times("06:00", "2249-12-31 07:00", 1), (Times{"never"}));
  const Schedule hourly = *Schedule::parse("@hourly").value;
  EXPECT_EQ(hourly.next(kNoWallTime), kNoWallTime);
  const Schedule interval = *Schedule::parse("every 15m").value;
  EXPECT_EQ(interval.next(kNoWallTime), kNoWallTime);
}

TEST(ScheduleTest, WhatIsWrongIsSaidInWords) {
  EXPECT_EQ(problem("61 * * * *"), "expected a minute from 0 to 59, found \"61\"");
  EXPECT_EQ(problem("0 24 * * *"), "expected an hour from 0 to 23, found \"24\"");
  EXPECT_EQ(problem("0 0 * FOO *"), "expected a month from 1 to 12 or JAN to DEC, found \"FOO\"");
  EXPECT_EQ(problem("5-1 * * * *"), "the minute range \"5-1\" ends before it begins");
  EXPECT_EQ(problem("*/0 * * * *"), "expected a minute step from 1 to 59, found \"0\"");
  EXPECT_EQ(problem("0 0 30 2 *"), "no such date ever comes");
  EXPECT_EQ(problem("06:00 Europe/Rmoe"), "no such time zone, did you mean \"Europe/Rome\"?");
  EXPECT_EQ(problem("* * * * * UTC x"), "nothing is expected after \"UTC\"");
  EXPECT_EQ(problem("every 1ms"), "expected an interval from 1s to 366d");
  EXPECT_EQ(problem("every"), "expected every and a duration, such as every 15m");
  EXPECT_EQ(problem(std::string(300, '*')), "a schedule has at most 256 bytes");
  EXPECT_EQ(problem("0 \n * * *"), "expected an hour from 0 to 23, found \"\\n\"");
  for (const char* text : {"", " ", "25:00", "6:5", ":30", "123:00", "@never", "* * * *"})
    EXPECT_NE(problem(text), "") << text;
  for (const char* text : {"-1 * * * *", "1- * * * *", ", * * * *", "1,, * * * *", "1/ * * * *",
                           "999999999999 * * * *", "+1 * * * *"})
    EXPECT_NE(problem(text), "") << text;
}

}  // namespace
}  // namespace freshet
