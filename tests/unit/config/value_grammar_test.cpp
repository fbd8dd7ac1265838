// The grammar of values: what is read, what is refused, and that what is written reads back.
#include "freshet/value_grammar.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace freshet {
namespace {

using namespace std::chrono_literals;

TEST(ValueGrammarTest, DurationsAreWholeNumbersWithUnits) {
  EXPECT_EQ(parse_duration("1h45m").value, 105min);
  EXPECT_EQ(parse_duration("24h").value, 24h);
  EXPECT_EQ(parse_duration("7d").value, 168h);
  EXPECT_EQ(parse_duration("1w1d").value, 192h);
  EXPECT_EQ(parse_duration("500ms").value, 500ms);
  EXPECT_EQ(parse_duration("10us").value, 10us);
  EXPECT_EQ(parse_duration("1s1ms1us1ns").value, 1'001'001'001ns);
  EXPECT_EQ(parse_duration("90m").value, 90min);
  EXPECT_EQ(parse_duration("0s").value, 0s);
}

TEST(ValueGrammarTest, DurationsAreRefusedRatherThanGuessed) {
  for (const char* text :
       {"",     "5",   "0",   "h",    "m5",   "5m ", " 5m", "5 m",  "5M",   "5min",
        "1.5h", "-5m", "+5m", "1m1h", "1h1h", "1h5", "5mm", "0x5s", "1_0s", "٣s"}) {
    const Parsed<Duration> parsed = parse_duration(text);
    EXPECT_EQ(parsed.value, std::nullopt) << text;
    EXPECT_FALSE(parsed.problem.empty()) << text;
  }
}

TEST(ValueGrammarTest, DurationsBeyondTheTypeAreRefusedAtTheLastNanosecond) {
  EXPECT_EQ(parse_duration("9223372036854775807ns").value, Duration::max());
  EXPECT_EQ(parse_duration("9223372036854775808ns").value, std::nullopt);
  EXPECT_EQ(parse_duration("9223372036s854775807ns").value, Duration::max());
  EXPECT_EQ(parse_duration("9223372036s854775808ns").value, std::nullopt);
  EXPECT_EQ(parse_duration("18446744073709551617s").value, std::nullopt);  // 2^64 + 1
  EXPECT_EQ(parse_duration("15251w").value, std::nullopt);
}

TEST(ValueGrammarTest, DurationsReadBackAsTheyWereWritten) {
  EXPECT_EQ(format_duration(105min), "1h45m");
  EXPECT_EQ(format_duration(168h), "7d");
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(-90s), "-1m30s");
  EXPECT_EQ(format_duration(Duration::min()), "-106751d23h47m16s854ms775us808ns");
  for (const Duration span :
       {Duration{1}, Duration{105min}, Duration{36h}, Duration{1'001'001'001}, Duration::max()}) {
    EXPECT_EQ(parse_duration(format_duration(span)).value, span);
  }
}

TEST(ValueGrammarTest, SizesKnowPowersOfTwoAndOfTen) {
  EXPECT_EQ(parse_bytes("256MiB").value, 256U << 20);
  EXPECT_EQ(parse_bytes("1KiB").value, 1024U);
  EXPECT_EQ(parse_bytes("1kB").value, 1000U);
  EXPECT_EQ(parse_bytes("2GB").value, 2'000'000'000U);
  EXPECT_EQ(parse_bytes("1_024B").value, 1024U);
  EXPECT_EQ(parse_bytes("0B").value, 0U);
  EXPECT_EQ(parse_bytes("3TiB").value, 3ULL << 40);
}

TEST(ValueGrammarTest, SizesAreRefusedRatherThanGuessed) {
  for (const char* text : {"", "256", "256mb", "256M", "256MB ", "256 MiB", "1.5GiB", "-1B", "010B",
                           "MiB", "1B1B", "16777216TiB", "99999999999999999999B"}) {
    EXPECT_EQ(parse_bytes(text).value, std::nullopt) << text;
  }
}

TEST(ValueGrammarTest, SizesReadBackAsTheyWereWritten) {
  EXPECT_EQ(format_bytes(256U << 20), "256MiB");
  EXPECT_EQ(format_bytes(1000), "1000B");
  for (const std::uint64_t bytes :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40, std::uint64_t{3} << 30,
        std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(parse_bytes(format_bytes(bytes)).value, bytes);
  }
}

TEST(ValueGrammarTest, PercentagesAreFractionsOfOne) {
  EXPECT_EQ(parse_percentage("10%").value, 0.1);
  EXPECT_EQ(parse_percentage("0%").value, 0.0);
  EXPECT_EQ(parse_percentage("100%").value, 1.0);
  EXPECT_EQ(parse_percentage("2.5%").value, 0.025);
  for (const char* text : {"", "10", "0.1", "%", ".5%", "5.%", "100.000001%", "1000%", "-1%", "+1%",
                           "1e1%", "10%%", "10 %", "05%", "nan%", "1.0000000%"}) {
    EXPECT_EQ(parse_percentage(text).value, std::nullopt) << text;
  }
}

TEST(ValueGrammarTest, PercentagesReadBackAsTheyWereWritten) {
  EXPECT_EQ(format_percentage(0.1), "10%");
  EXPECT_EQ(format_percentage(0.07), "7%");
  for (const char* text : {"0%", "0.000001%", "7%", "33.333333%", "99.999999%", "100%"}) {
    EXPECT_EQ(format_percentage(*parse_percentage(text).value), text);
  }
}

TEST(ValueGrammarTest, CountsAreDecimalWithUnderscores) {
  EXPECT_EQ(parse_count("1_000_000").value, 1'000'000U);
  EXPECT_EQ(parse_count("0").value, 0U);
  EXPECT_EQ(parse_count("18446744073709551615").value, std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"", "_1", "1_", "1__0", "010", "0x10", "+1", "-1", "1.0", "1e3", " 1",
                           "18446744073709551616"}) {
    EXPECT_EQ(parse_count(text).value, std::nullopt) << text;
  }
  EXPECT_EQ(format_count(1'000'000), "1_000_000");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1_000");
}

TEST(ValueGrammarTest, OnlyTwoWordsAreTruthValues) {
  EXPECT_EQ(parse_boolean("true").value, true);
  EXPECT_EQ(parse_boolean("false").value, false);
  for (const char* text : {"", "yes", "no", "on", "off", "True", "1", "0"}) {
    EXPECT_EQ(parse_boolean(text).value, std::nullopt) << text;
  }
}

}  // namespace
}  // namespace freshet
