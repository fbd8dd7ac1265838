// max_per_second through an invalidator: what is beyond it is still invalidated, later and together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "freshet/freshet.hpp"
#include "support/cache_fixture.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class EventLimitTest : public testing::CacheFixture {
 protected:
  void put(const std::string& id) {
    invalidator_->cache<std::string>("catalog").put(id, "v", {.tags = {"product:" + id}});
  }
  bool has(const std::string& id) {
    return invalidator_->cache<std::string>("catalog").contains(id);
  }
};

constexpr std::string_view kLimited = R"(
freshet: 1
namespaces: {catalog: {strategy: manual}}
events:
  changed:
    max_per_second: 2
    rules:
      - invalidate_tag: "product:{id}"
      - {when: {field: shelf, is_not: ""}, do: [{emit: {event: shelf_changed, fields: {id: "{id}"}}}]}
  loop: {max_per_second: 1, do: [{emit: {event: loop}}]}
  fan: [{emit: {event: limited}}, {emit: {event: limited}}, {emit: {event: limited}}]
  limited: {max_per_second: 1, do: [{invalidate_tag: "product:1"}]}
)";

// Row D12.
TEST_F(EventLimitTest, WhatABurstBeyondTheLimitHitsIsInvalidatedAtTheSecondsEndInOneRaise) {
  CacheInvalidator& invalidator = use(kLimited);
  for (int i = 1; i <= 6; ++i) put(std::to_string(i));
  for (int i = 1; i <= 2; ++i) {
    EXPECT_EQ(invalidator.emit("changed", {{"id", i}}).invalidated.count, 1u);
  }
  for (int round = 0; round < 100; ++round) {
    for (int i = 3; i <= 5; ++i) {
      const Emitted emitted = invalidator.emit("changed", {{"id", i}});
      ASSERT_EQ(emitted.held_back, 1u);
      ASSERT_EQ(emitted.events, 0u);
      ASSERT_TRUE(emitted);
    }
  }
  EXPECT_TRUE(has("3"));
  EXPECT_EQ(total(&NamespaceStatistics::events_rate_limited), 300u);
  const Revision before = invalidator.invalidate_all({.dry_run = true}).revision;
  pass(999ms);
  EXPECT_TRUE(has("3"));
  pass(1ms);
  EXPECT_FALSE(has("3") || has("4") || has("5"));
  EXPECT_TRUE(has("6"));
  EXPECT_EQ(invalidator.invalidate_all({.dry_run = true}).revision, Revision{before.value + 1});
  EXPECT_EQ(total(&NamespaceStatistics::events), 5u + 5u);  // and the shelves'
  EXPECT_EQ(log_->count("event \"changed\" comes more often than its max_per_second"), 1u);
}

TEST_F(EventLimitTest, HandlersOfEventsThatWaitedReadFreshDataAndEachIsCalled) {
  CacheInvalidator& invalidator = use(kLimited);
  put("1");
  put("2");
  std::vector<std::string> seen;
  const Connection handler = invalidator.register_event_handler("changed", [&](const Event& e) {
    seen.push_back(std::string(*e.field("id")) + (has("1") || has("2") ? " stale" : " fresh"));
  });
  for (int i = 0; i < 2; ++i) invalidator.emit("changed", {{"id", 9}});
  seen.clear();
  invalidator.emit("changed", {{"id", 1}});
  invalidator.emit("changed", {{"id", 2}});
  EXPECT_THAT(seen, ElementsAre());
  pass(1s);
  EXPECT_THAT(seen, ElementsAre("1 fresh", "2 fresh"));
}

TEST_F(EventLimitTest, WhatSeveralThatWaitedDoAlikeIsDoneOnce) {
  CacheInvalidator& invalidator = use(kLimited);
  std::vector<std::string> shelves;
  const Connection handler = invalidator.register_event_handler(
      "shelf_changed", [&](const Event& e) { shelves.emplace_back(*e.field("id")); });
  for (int i = 0; i < 2; ++i) invalidator.emit("changed", {{"id", 9}});
  shelves.clear();
  for (int at = 0; at < 10; ++at) invalidator.emit("changed", {{"id", 1}, {"at", at}});
  const std::uint64_t tags = total(&NamespaceStatistics::invalidations_tag);
  pass(1s);
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_tag), tags + 1);
  EXPECT_THAT(shelves, ElementsAre("1"));
}

TEST_F(EventLimitTest, EventsThatRulesEmitAreLimitedToo) {
  CacheInvalidator& invalidator = use(kLimited);
  const Emitted emitted = invalidator.emit("fan");
  EXPECT_EQ(emitted.events, 2u);
  EXPECT_EQ(emitted.held_back, 2u);
  pass(1s);
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_tag), 2u);
}

TEST_F(EventLimitTest, AnEventThatKeepsItselfGoingThroughItsLimitStopsAtTheDepthLimit) {
  CacheInvalidator& invalidator = use(kLimited);
  invalidator.emit("loop");
  for (int i = 0; i < 100; ++i) pass(1s);
  EXPECT_EQ(total(&NamespaceStatistics::events), 9u);
  EXPECT_EQ(total(&NamespaceStatistics::events_too_deep), 1u);
}

TEST_F(EventLimitTest, BeyondTheBoundOfWhatWaitsAnEventRunsAtOnce) {
  CacheInvalidator& invalidator = use(kLimited);
  put("10003");
  for (int i = 1; i <= 10'003; ++i) invalidator.emit("changed", {{"id", i}});
  EXPECT_FALSE(has("10003"));
  EXPECT_EQ(total(&NamespaceStatistics::debounce_overflows), 1u);
  EXPECT_EQ(total(&NamespaceStatistics::events_rate_limited), 10'000u);
  const std::uint64_t events = total(&NamespaceStatistics::events);
  pass(1s);
  EXPECT_EQ(total(&NamespaceStatistics::events), events + 20'000);  // none of them is dropped
  EXPECT_EQ(total(&NamespaceStatistics::events_dropped), 0u);
}

TEST_F(EventLimitTest, ActionsThatFailAreReportedForTheirOwnRuleAlsoWhenTheyWaited) {
  CacheInvalidator& invalidator = use(R"(
freshet: 1
namespaces: {catalog: {strategy: manual}}
events:
  moved: {max_per_second: 1, do: [{invalidate_tag: t}, {invalidate_namespace: "{to}"}]}
)");
  invalidator.emit("moved", {{"to", "catalog"}});
  invalidator.emit("moved", {{"to", "catalog"}, {"a", 1}});
  invalidator.emit("moved", {{"to", "nowhere"}});
  invalidator.emit("moved", {{"a", 2}});
  pass(1s);
  EXPECT_EQ(total(&NamespaceStatistics::rule_failures), 2u);
  EXPECT_EQ(log_->count("rule 5:57 for event \"moved\": no block serves"), 1u);
  EXPECT_EQ(log_->count("is left out: the event has no field \"to\""), 1u);
}

TEST_F(EventLimitTest, NothingThatWaitsRunsOnceTheCacheIsClosed) {
  use(kLimited);
  for (int i = 0; i < 5; ++i) invalidator_->emit("changed", {{"id", i}});
  const std::uint64_t events = total(&NamespaceStatistics::events);
  invalidator_->close();
  pass(1s);
  EXPECT_EQ(total(&NamespaceStatistics::events), events);
}

}  // namespace
}  // namespace freshet
