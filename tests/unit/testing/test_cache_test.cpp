// The kit that users test with: how it is set up, how time passes in it, what it records, and what is left after a case.
#include "freshet/testing/test_cache.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "support/temp_folder.hpp"

namespace freshet::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  profiles: {strategy: ttl, ttl: 5m}
)";

void expect_ttl_of_five_minutes(TestCache kit) {
  const auto profiles = kit.cache<int>("profiles");
  profiles.put("user:42", 1);
  kit.pass(5min - 1ns);
  EXPECT_TRUE(profiles.get("user:42"));
  kit.pass(1ns);
  EXPECT_FALSE(profiles.get("user:42"));
}

TEST(TestCacheTest, IsSetUpInALineFromTextFromAFileFromBlocksAndFromCode) {
  test::TempFolder folder;
  expect_ttl_of_five_minutes(TestCache::from_yaml(kPolicy));
  expect_ttl_of_five_minutes(TestCache::from_yaml_file(folder.write("p.yaml", kPolicy)));
  expect_ttl_of_five_minutes(TestCache::from_blocks({{"profiles", "strategy: ttl, ttl: 5m"}}));
  expect_ttl_of_five_minutes(TestCache::from_builder(
      CacheInvalidator::builder().cache("profiles", TtlOptions{.ttl = 5min})));
}

TEST(TestCacheTest, ABlockMayBeAGlobAndAMistakeInItIsSaid) {
  auto kit = TestCache::from_blocks({{"user_*", "strategy: manual"}});
  kit.cache<int>("user_7").put("cart", 1);
  EXPECT_TRUE(kit.cache<int>("user_7").get("cart"));
  try {
    TestCache::from_blocks({{"p", "startegy: ttl"}});
    ADD_FAILURE() << "a mistake was taken";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean \"strategy\""));
  }
}

TEST(TestCacheTest, BringsItsOwnClockExecutorAndLoggerAndTakesTheOtherComponents) {
  Components components;
  components.clock = std::make_shared<ManualClock>();
  components.random = make_random_source(7);
  const auto random = components.random;
  auto kit = TestCache::from_blocks({{"p", "ttl: 5m, ttl_jitter: 10%"}}, components);
  EXPECT_NE(kit.clock(), components.clock);
  kit.cache<int>("p").put("k", 1);
  EXPECT_NE(random->next(), make_random_source(7)->next());  // it was drawn from
  kit.pass(5min);
  EXPECT_FALSE(kit.cache<int>("p").get("k"));
}

TEST(TestCacheTest, DrawsTheSameRandomNumbersEachTime) {
  const auto lifetimes = [] {
    auto kit = TestCache::from_blocks({{"p", "ttl: 5m, ttl_jitter: 50%"}});
    std::vector<Duration> all;
    for (const char* key : {"a", "b", "c"}) {
      kit.cache<int>("p").put(key, 1);
      all.push_back(kit.cache<int>("p").get(key).remaining());
    }
    return all;
  };
  const std::vector<Duration> first = lifetimes();
  EXPECT_NE(first[0], first[1]);
  EXPECT_EQ(first, lifetimes());
}

TEST(TestCacheTest, PassRunsTimersAtTheirTimeInTheirOrderAndThoseThatTheySet) {
  auto kit = TestCache::from_yaml(kPolicy);
  const Instant start = kit.clock()->now();
  std::vector<Duration> ran;
  const auto note = [&] { ran.push_back(kit.clock()->now() - start); };
  kit.executor()->post_after(3s, note);
  kit.executor()->post_after(1s, [&] {
    note();
    kit.executor()->post_after(500ms, note);
  });
  kit.executor()->post_after(11s, note);
  kit.pass(10s);
  EXPECT_THAT(ran, ElementsAre(1s, 1500ms, 3s));
  EXPECT_EQ(kit.clock()->now(), start + 10s);
}

TEST(TestCacheTest, ALongTimeTakesABoundedNumberOfStopsAndLeavesNoTimerFarBehind) {
  auto kit = TestCache::from_yaml(kPolicy);
  const Instant start = kit.clock()->now();
  std::size_t stops = 0;
  std::function<void()> tick = [&] {
    ++stops;
    kit.executor()->post_after(1ms, tick);
  };
  tick();
  Duration once{};
  kit.executor()->post_after(40h, [&] { once = kit.clock()->now() - start; });
  kit.pass(7 * 24h);
  EXPECT_THAT(stops, Le(std::size_t{TestCache::kMaxStops} + 1));
  EXPECT_GE(once, 40h);
  EXPECT_LE(once, 40h + Duration(7 * 24h) / TestCache::kMaxStops);
  EXPECT_EQ(kit.clock()->now(), start + 7 * 24h);
}

TEST(TestCacheTest, ATimerWithoutDelayThatSetsItselfAgainDoesNotHoldUpTime) {
  auto kit = TestCache::from_yaml(kPolicy);
  const Instant start = kit.clock()->now();
  std::function<void()> again = [&] { kit.executor()->post_after(0ns, again); };
  again();
  kit.pass(2ns);
  EXPECT_EQ(kit.clock()->now(), start + 2ns);
}

TEST(TestCacheTest, PassRefreshesAheadOfTheEndAtItsTime) {
  auto kit = TestCache::from_blocks({{"prices",
                                      "strategy: [ttl, predictive], ttl: 10m, "
                                      "predictive: {threshold: 2, refresh_at: 80%}"}});
  const auto prices = kit.cache<int>("prices");
  const Instant start = kit.clock()->now();
  std::vector<Duration> loaded;
  prices.bind_loader([&](std::string_view) {
    loaded.push_back(kit.clock()->now() - start);
    return 2;
  });
  prices.put("product:1", 1);
  for (int i = 0; i < 3; ++i) prices.get("product:1");
  kit.pass(9min);
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_GE(loaded[0], 8min);
  EXPECT_LE(loaded[0], 8min + 100ms);
  EXPECT_EQ(kit.refreshes("prices", "product:1"), 1u);
}

TEST(TestCacheTest, PassCarriesOutWhatARulePutOff) {
  auto kit = TestCache::from_yaml(R"(
freshet: 1
namespaces: {p: {strategy: manual}}
events:
  changed: [{debounce: 2s, do: [{invalidate_key: "p/k"}]}]
)");
  kit.invalidator().emit("changed");
  kit.pass(1s);
  EXPECT_THAT(kit.invalidations(), IsEmpty());
  kit.pass(1s);
  EXPECT_THAT(kit.invalidations(), SizeIs(1));
}

TEST(TestCacheTest, NothingRunsInTheBackground) {
  auto kit = TestCache::from_blocks({{"p", "ttl: 1h, soft_ttl: 45m"}});
  const auto cache = kit.cache<int>("p");
  cache.get_or_load("k", [] { return 1; });
  kit.pass(50min);
  EXPECT_EQ(*cache.get_or_load("k", [] { return 2; }), 1);
  EXPECT_EQ(*cache.get("k"), 1);
  EXPECT_EQ(kit.run_ready(), 1u);  // the refresh; what is recorded needs no task
  EXPECT_EQ(*cache.get("k"), 2);
}

TEST(TestCacheTest, WhatACallDidIsRecordedWhenItHasReturned) {
  auto kit = TestCache::from_blocks({{"p", "ttl: 1h, soft_ttl: 45m"}});
  const auto cache = kit.cache<int>("p");
  cache.get_or_load("k", [] { return 1; }, {.tags = {"users"}});
  EXPECT_EQ(kit.loads(), 1u);
  EXPECT_EQ(kit.loads("p", "k"), 1u);
  EXPECT_EQ(kit.loads("p", "another"), 0u);
  EXPECT_EQ(kit.loads("another"), 0u);
  kit.pass(50min);
  cache.get("k");
  EXPECT_EQ(kit.stale_serves("p", "k"), 1u);
  kit.invalidator().invalidate_tag("users", {.cause = "an import"});
  ASSERT_THAT(kit.invalidations(), SizeIs(1));
  EXPECT_EQ(kit.invalidations()[0].tag, "users");
  EXPECT_EQ(kit.invalidations()[0].text(), "tag users (1 entry, cause \"an import\")");
  kit.invalidator().settle();
  ASSERT_THAT(kit.removals(), SizeIs(1));
  EXPECT_EQ(kit.removals()[0].text(), "k in p removed: label");
  EXPECT_EQ(kit.removals()[0].removal, RemovalCause::label);
}

TEST(TestCacheTest, ClearLetsGoOfEntriesAndOfWhatWasRecorded) {
  auto kit = TestCache::from_blocks({{"p", "ttl: 1h, soft_ttl: 45m"}});
  const auto cache = kit.cache<int>("p");
  cache.get_or_load("k", [] { return 1; });
  kit.pass(50min);
  cache.get_or_load("k", [] { return 2; });  // its refresh waits
  kit.clear();
  EXPECT_FALSE(cache.get("k"));
  EXPECT_EQ(kit.invalidator().stats().total.entries, 0u);
  EXPECT_THAT(kit.invalidations(), IsEmpty());
  EXPECT_THAT(kit.removals(), IsEmpty());
  EXPECT_EQ(kit.loads(), 0u);
  EXPECT_EQ(kit.run_ready(), 0u);
  EXPECT_FALSE(cache.get("k"));  // the refresh of the case before does not come after it
  EXPECT_THAT(kit.invalidator().stats().total.loads, Gt(0u));  // counters only grow
}

TEST(TestCacheTest, ClearForgetsTheLog) {
  auto kit = TestCache::from_yaml(kPolicy);
  kit.invalidator().emit("nobody_knows_it");
  EXPECT_EQ(kit.log().count("nobody_knows_it"), 1u);
  kit.clear();
  EXPECT_THAT(kit.log().lines(), IsEmpty());
}

TEST(TestCacheTest, AfterCloseReadsMissAndWhatWasRecordedIsStillThere) {
  auto kit = TestCache::from_yaml(kPolicy);
  const auto profiles = kit.cache<int>("profiles");
  profiles.put("k", 1);
  kit.invalidator().invalidate_tag("users");
  kit.close();
  EXPECT_FALSE(profiles.get("k"));
  EXPECT_THAT(kit.invalidations(), SizeIs(1));
  kit.close();
}

TEST(TestCacheTest, ItsEndClosesWhatTheCodeUnderTestStillHolds) {
  std::optional<Cache<int>> held;
  {
    auto kit = TestCache::from_yaml(kPolicy);
    held = kit.cache<int>("profiles");
    held->put("k", 1);
  }
  EXPECT_FALSE(held->get("k"));
  EXPECT_EQ(held->put("k", 2), StoreOutcome::closed);
}

TEST(TestCacheTest, MoreNoticesThanItKeepsAreAnErrorAndNoWrongAnswer) {
  auto kit = TestCache::from_blocks({{"p", "strategy: manual"}});
  const auto cache = kit.cache<int>("p");
  for (std::size_t i = 0; i < NoticeRecorder::kMaxNotices; ++i) cache.invalidate("k");
  EXPECT_THAT(kit.invalidations(), SizeIs(NoticeRecorder::kMaxNotices));
  cache.invalidate("one more");
  EXPECT_THROW(kit.invalidations(), std::length_error);
  EXPECT_EQ(kit.loads(), 0u);  // other kinds still answer
  kit.clear();
  EXPECT_THAT(kit.invalidations(), IsEmpty());
}

}  // namespace
}  // namespace freshet::testing
