// What one event sets off: the order of its steps, and what a step that fails leaves to the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "support/log_recorder.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

/// Runs what is posted on the spot, so that the order of two posts can be told.
class SpotExecutor final : public Executor {
 public:
  void post(Task task) override { task(); }
  void post_after(Duration, Task) override {}
};

struct TalkativeOptions {
  std::string tag{};  // empty: throws
};

/// Plans a tag for every event, or throws half way.
class TalkativeStrategy final : public Strategy {
 public:
  explicit TalkativeStrategy(TalkativeOptions options) : options_(std::move(options)) {}
  Deadlines on_store(const EntryView&, Instant) override { return {}; }
  ReadDecision on_soft_expired(const EntryView&, Instant) override { return ReadDecision::miss; }
  void on_event(const Event&, InvalidationPlan& plan) override {
    plan.invalidate(Target::tag(options_.tag.empty() ? "half" : options_.tag));
    if (options_.tag.empty()) throw std::runtime_error("no");
  }

 private:
  const TalkativeOptions options_;
};

class EventDispatchTest : public ::testing::Test {
 protected:
  CacheInvalidator use(std::string_view yaml) {
    Components components;
    components.clock = clock_;
    components.executor = std::make_shared<SpotExecutor>();
    components.logger = log_;
    components.strategies = StrategyRegistry::with_builtins();
    OptionTable<TalkativeOptions> table;
    table.add("tag", &TalkativeOptions::tag, text_kind(64), "what every event ends");
    components.strategies->add<TalkativeOptions>(
        "talkative", table, [](const TalkativeOptions& options, const auto&) {
          return std::make_unique<TalkativeStrategy>(options);
        });
    return CacheInvalidator::from_yaml(yaml, components);
  }

  std::shared_ptr<testing::ManualClock> clock_ = std::make_shared<testing::ManualClock>();
  std::shared_ptr<testing::LogRecorder> log_ = std::make_shared<testing::LogRecorder>();
};

TEST_F(EventDispatchTest, ARefreshBeginsAfterTheInvalidationsSoThatWhatItLoadsIsKept) {
  CacheInvalidator invalidator = use(R"(
freshet: 1
namespaces: {p: {strategy: manual}}
events: {changed: [{refresh: "p/k"}, {invalidate_tag: t}, {invalidate_namespace: p}]}
)");
  auto cache = invalidator.cache<int>("p");
  int loads = 0;
  cache.bind_loader([&](std::string_view) { return ++loads; });
  cache.put("k", 0, {.tags = {"t"}});
  EXPECT_EQ(invalidator.emit("changed").refreshes, 1u);
  const auto kept = cache.get("k");
  ASSERT_TRUE(kept);
  EXPECT_EQ(*kept, 1);
}

TEST_F(EventDispatchTest, AStrategyThatThrowsAddsNothingAndTheOthersAreAsked) {
  CacheInvalidator invalidator = use(R"(
freshet: 1
namespaces:
  a: {strategy: talkative, talkative: {tag: ""}}
  b: {strategy: talkative, talkative: {tag: whole}}
)");
  auto cache = invalidator.cache<int>("a");
  cache.put("half", 1, {.tags = {"half"}});
  cache.put("whole", 1, {.tags = {"whole"}});
  EXPECT_EQ(invalidator.emit("changed").invalidated.count, 1u);
  EXPECT_TRUE(cache.contains("half"));
  EXPECT_FALSE(cache.contains("whole"));
  EXPECT_EQ(invalidator.stats().total.strategy_failures, 1u);
}

TEST_F(EventDispatchTest, ARefreshThatCannotBeIsCountedAndTheNextOneRuns) {
  CacheInvalidator invalidator = use(R"(
freshet: 1
namespaces: {p: {strategy: manual}}
events:
  changed:
    - refresh: {namespace: "{where}", key: k}
    - refresh: {namespace: p, key: k}
)");
  auto cache = invalidator.cache<int>("p");
  cache.bind_loader([](std::string_view) { return 1; });
  const Emitted emitted = invalidator.emit("changed", {{"where", "nowhere"}});
  EXPECT_EQ(emitted.failures, 1u);
  EXPECT_EQ(emitted.refreshes, 1u);
  EXPECT_EQ(invalidator.stats().total.rule_failures, 1u);
  EXPECT_EQ(log_->count("event \"changed\": the refresh of \"k\" in \"nowhere\": "), 1u);
}

TEST_F(EventDispatchTest, EveryEventThatIsDroppedForTimeIsCounted) {
  CacheInvalidator invalidator = use(R"(
freshet: 1
namespaces: {p: {strategy: manual}}
events: {a: [{emit: {event: b}}, {emit: {event: c}}, {emit: {event: d}}]}
)");
  const Connection slow =
      invalidator.register_event_handler("a", [&](const Event&) { clock_->advance(6s); });
  EXPECT_EQ(invalidator.emit("a").events, 1u);
  EXPECT_EQ(invalidator.stats().total.events_dropped, 3u);
  EXPECT_EQ(log_->count("event \"a\": 3 further events are dropped, time is up"), 1u);
}

// The places are those of the actions, counted past refreshes, and an entity's parts stand under what named it.
TEST_F(EventDispatchTest, WhatFailsIsToldWithThePlaceOfItsOwnAction) {
  CacheInvalidator invalidator = use(R"(
freshet: 1
namespaces: {p: {strategy: manual}}
events:
  changed:
    - refresh: "p/k"
    - invalidate_entity: {name: thing, id: "{where}"}
    - emit: {event: other}
    - invalidate_namespace: "{where}"
entities: {thing: {tags: [t], namespaces: ["{id}"]}}
)");
  EXPECT_EQ(invalidator.emit("changed", {{"where", "nowhere"}}).failures, 2u);
  EXPECT_EQ(log_->count("rule 7:7 for event \"changed\": no block serves"), 1u);
  EXPECT_EQ(log_->count("rule 9:7 for event \"changed\": no block serves"), 1u);
}

TEST_F(EventDispatchTest, AnEventThatOnlyAHandlerTakesIsHandledAndEachEmitHasItsNumber) {
  CacheInvalidator invalidator = use("freshet: 1\nnamespaces: {p: {strategy: manual}}\n");
  const Connection handler = invalidator.register_event_handler("tick", [](const Event&) {});
  const Emitted first = invalidator.emit("tick");
  EXPECT_TRUE(first);
  EXPECT_EQ(first.id, 1u);
  EXPECT_EQ(invalidator.emit("tick").id, 2u);
  EXPECT_EQ(invalidator.stats().total.events_unhandled, 0u);
}

}  // namespace
}  // namespace freshet
