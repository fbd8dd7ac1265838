// Events that come by themselves: by the calendar, across leaps of the wall clock, and after intervals.
#include <date/date.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using date::January;
using date::literals::operator""_y;

class ScheduledEventsTest : public CacheFixture {
 protected:
  ScheduledEventsTest() { clock_->set_wall(noon_); }

  void use_schedule(const std::string& times) { use(policy(times)); }
  static std::string policy(const std::string& times) {
    return "freshet: 1\nnamespaces: {prices: {strategy: manual}, others: {strategy: manual}}\n"
           "schedules: {market_opens: " +
           times + "}\nevents: {market_opens: [{invalidate_namespace: prices}]}\n";
  }
  /// Time passes and the sweeper has looked. Few looks, however long it is.
  void wait(Duration span) {
    pass(span);
    pass(100ms);
  }
  Cache<std::string> prices() { return invalidator_->cache<std::string>("prices"); }
  /// Whether the event has come since the last time that this was asked.
  bool has_come() {
    const bool gone = !prices().contains("p");
    prices().put("p", "v");
    return gone;
  }

  const WallTime noon_ = date::sys_days{2030_y / January / 1} + 12h;
};

TEST_F(ScheduledEventsTest, ComeAtTheirTimeOfDayEveryDay) {
  use_schedule("'18:00'");
  prices().put("p", "v");
  wait(5h + 59min);
  EXPECT_FALSE(has_come());
  wait(1min);
  EXPECT_TRUE(has_come());
  wait(23h);
  EXPECT_FALSE(has_come());
  wait(1h);
  EXPECT_TRUE(has_come());
}

TEST_F(ScheduledEventsTest, LeaveOthersAlone) {
  use_schedule("'18:00'");
  const auto others = invalidator_->cache<std::string>("others");
  others.put("k", "v");
  wait(7h);
  EXPECT_TRUE(others.contains("k"));
}

TEST_F(ScheduledEventsTest, ComeAfterEachInterval) {
  use_schedule("every 10m");
  prices().put("p", "v");
  wait(9min);
  EXPECT_FALSE(has_come());
  wait(1min);
  EXPECT_TRUE(has_come());
  wait(10min);
  EXPECT_TRUE(has_come());
}

TEST_F(ScheduledEventsTest, MayHaveSeveralTimes) {
  use_schedule("['13:00', '15:00']");
  prices().put("p", "v");
  wait(1h);
  EXPECT_TRUE(has_come());
  wait(1h);
  EXPECT_FALSE(has_come());
  wait(1h);
  EXPECT_TRUE(has_come());
}

TEST_F(ScheduledEventsTest, ComeOnceForAllThatTheClockLeaptOver) {
  use_schedule("'0 * * * *'");
  std::vector<std::string> seen;
  const auto connection = invalidator_->register_event_handler(
      "market_opens", [&](const Event& event) { seen.push_back(event.name()); });
  clock_->set_wall(noon_ + 48h + 1min);
  wait(1s);
  EXPECT_EQ(seen.size(), 1u);
  wait(1h);
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(ScheduledEventsTest, ComeAgainIfTheClockIsSetBack) {
  use_schedule("'13:00'");
  clock_->set_wall(noon_ + 24h * 365);  // by mistake
  wait(1s);
  prices().put("p", "v");
  clock_->set_wall(noon_);
  wait(1s);
  EXPECT_FALSE(has_come());
  wait(1h);
  EXPECT_TRUE(has_come());
}

TEST_F(ScheduledEventsTest, DoNotComeTwiceBecauseTheClockIsCorrectedALittle) {
  use_schedule("'13:00'");
  wait(1h);
  EXPECT_TRUE(has_come());
  clock_->set_wall(noon_ + 1h - 5s);
  wait(10s);
  EXPECT_FALSE(has_come());
}

TEST_F(ScheduledEventsTest, IntervalsDoNotMindTheWallClock) {
  use_schedule("every 10m");
  prices().put("p", "v");
  clock_->set_wall(noon_ + 48h);
  wait(5min);
  EXPECT_FALSE(has_come());
  clock_->set_wall(noon_ - 48h);
  wait(5min);
  EXPECT_TRUE(has_come());
}

TEST_F(ScheduledEventsTest, AHandlerThatThrowsStopsNothing) {
  use_schedule("every 10m");
  const auto connection = invalidator_->register_event_handler(
      "market_opens", [](const Event&) { throw std::runtime_error("no"); });
  for (int i = 0; i < 3; ++i) {
    prices().put("p", "v");
    wait(10min);
    EXPECT_TRUE(has_come());
  }
}

TEST_F(ScheduledEventsTest, AReloadKeepsWhatIsWaitedForAndBringsNewTimes) {
  use_schedule("every 10m");
  prices().put("p", "v");
  wait(9min);
  invalidator_->reload_yaml(policy("[every 10m, every 3m]"));
  wait(1min);
  EXPECT_TRUE(has_come());
  wait(2min);
  EXPECT_TRUE(has_come());
  invalidator_->reload_yaml(policy("every 1h"));
  wait(30min);
  EXPECT_FALSE(has_come());
}

TEST_F(ScheduledEventsTest, NothingComesAfterTheEnd) {
  use_schedule("every 10m");
  int seen = 0;
  const auto connection =
      invalidator_->register_event_handler("market_opens", [&](const Event&) { ++seen; });
  invalidator_->close();
  wait(1h);
  EXPECT_EQ(seen, 0);
}

TEST_F(ScheduledEventsTest, CodeSaysTheSame) {
  Components components;
  components.clock = clock_;
  components.executor = executor_;
  invalidator_.emplace(CacheInvalidator::builder()
                           .cache("prices", ManualOptions{})
                           .schedule("market_opens", "13:00")
                           .schedule("market_opens", "every 15m")
                           .on("market_opens", {RuleAction::invalidate_namespace("prices")})
                           .components(components)
                           .build());
  prices().put("p", "v");
  wait(15min);
  EXPECT_TRUE(has_come());
}

TEST_F(ScheduledEventsTest, WhatIsWrongInCodeIsAFindingToo) {
  const auto build = [] {
    CacheInvalidator::builder()
        .cache("prices", ManualOptions{})
        .schedule("market_opens", "25:00")
        .build();
  };
  EXPECT_THROW(build(), ConfigError);
}

class WallClockTtlTest : public CacheFixture {
 protected:
  WallClockTtlTest() { clock_->set_wall(date::sys_days{2026_y / date::March / 28} + 18h); }
};

TEST_F(WallClockTtlTest, AnEntryIsGoodUntilItsTimeOfDayAcrossDaylightSaving) {
  use("freshet: 1\nnamespaces: {prices: {ttl: {until: '06:00 Europe/Rome'}}}\n");
  const auto prices = invalidator_->cache<std::string>("prices");
  prices.put("p", "v");
  pass(10h - 1s);  // 05:59:59 in Rome: the night was an hour shorter
  EXPECT_TRUE(prices.contains("p"));
  pass(1s);
  EXPECT_FALSE(prices.contains("p"));
  prices.put("p", "v");
  pass(24h - 1s);
  EXPECT_TRUE(prices.contains("p"));
  pass(1s);
  EXPECT_FALSE(prices.contains("p"));
}

TEST_F(WallClockTtlTest, TheNightThatIsAnHourLongerIsLivedThroughToo) {
  use(R"(
freshet: 1
namespaces:
  prices: {ttl: {until: '06:00 Europe/Rome'}}
  twice: {ttl: {until: '02:30 Europe/Rome'}}
)");
  clock_->set_wall(date::sys_days{2026_y / date::October / 24} + 18h);  // 20:00 in Rome
  const auto prices = invalidator_->cache<std::string>("prices");
  const auto twice = invalidator_->cache<std::string>("twice");
  prices.put("p", "v");
  twice.put("p", "v");
  pass(6h + 30min - 1s);
  EXPECT_TRUE(twice.contains("p"));
  pass(1s);
  EXPECT_FALSE(twice.contains("p")) << "the first time that the clock shows it";
  pass(4h + 30min - 1s);  // 05:59:59, eleven hours on
  EXPECT_TRUE(prices.contains("p"));
  pass(1s);
  EXPECT_FALSE(prices.contains("p"));
}

TEST_F(WallClockTtlTest, WhoSetsTheWallClockMovesNothingThatIsStored) {
  use("freshet: 1\nnamespaces: {prices: {ttl: {until: '06:00 Europe/Rome'}}}\n");
  const auto prices = invalidator_->cache<std::string>("prices");
  for (const Duration leap : {Duration(72h), Duration(-72h)}) {
    clock_->set_wall(date::sys_days{2026_y / date::June / 10} + 18h);
    prices.put("before", "v");  // for ten hours
    clock_->set_wall(clock_->wall_now() + leap + 1h);
    prices.put("after", "v");  // for nine
    pass(9h - 1s);
    EXPECT_TRUE(prices.contains("after"));
    pass(1s);
    EXPECT_FALSE(prices.contains("after")) << "by the clock as it is set now";
    pass(1h - 1s);
    EXPECT_TRUE(prices.contains("before"));
    pass(1s);
    EXPECT_FALSE(prices.contains("before"));
  }
}

TEST_F(WallClockTtlTest, ACronExpressionIsADeadlineToo) {
  use("freshet: 1\nnamespaces: {prices: {ttl: {until: '0 7 * * MON-FRI America/New_York'}}}\n");
  const auto prices = invalidator_->cache<std::string>("prices");
  prices.put("p", "v");
  pass(41h - 1s);  // from Saturday, 18:00 UTC, to Monday, 11:00 UTC: summer time in New York
  EXPECT_TRUE(prices.contains("p"));
  pass(1s);
  EXPECT_FALSE(prices.contains("p"));
  prices.put("p", "v");
  pass(24h - 1s);
  EXPECT_TRUE(prices.contains("p"));
  pass(1s);
  EXPECT_FALSE(prices.contains("p"));
}

TEST_F(WallClockTtlTest, CallerAndLoaderHaveTheirWord) {
  use("freshet: 1\nnamespaces: {prices: {ttl: {until: '06:00 Europe/Rome'}}}\n");
  const auto prices = invalidator_->cache<std::string>("prices");
  prices.put("longer", "v", {.ttl = 48h});
  prices.get_or_load("shorter", [](LoadContext& load) {
    load.ttl(1h);
    return std::string("v");
  });
  pass(1h);
  EXPECT_FALSE(prices.contains("shorter"));
  pass(24h);
  EXPECT_TRUE(prices.contains("longer"));
}

TEST_F(WallClockTtlTest, WhatIsWrongIsSaid) {
  const auto finding = [&](const std::string& ttl) -> std::string {
    try {
      use("freshet: 1\nnamespaces: {prices: {ttl: " + ttl + "}}\n");
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_NE(finding("{until: every 5m}").find("an interval is a ttl as it is"), std::string::npos);
  EXPECT_NE(finding("{until: '06:00 Mars/Rome'}").find("no such time zone"), std::string::npos);
  EXPECT_NE(finding("{until: '06:00', by: kind}").find("not beside until"), std::string::npos);
  EXPECT_NE(finding("{until: [1]}").find("expected a time such as"), std::string::npos);
  EXPECT_EQ(finding("{until: '06:00 Europe/Rome'}, soft_ttl: 10m"), "");
}

}  // namespace
}  // namespace freshet::testing
