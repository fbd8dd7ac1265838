// A10: another policy in place of the one at work, whole or not at all, without losing an entry.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/cache_fixture.hpp"
#include "support/log_recorder.hpp"
#include "support/pause_point.hpp"
#include "support/temp_folder.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string one_block(std::string_view block) {
  return "freshet: 1\nnamespaces:\n  n: " + std::string(block) + "\n";
}

class ReloadTest : public CacheFixture {
 protected:
  Cache<int> open(std::string_view block) { return use(one_block(block)).cache<int>("n"); }
  Reloaded reload(std::string_view block) { return invalidator_->reload_yaml(one_block(block)); }

  /// What a refused reload says.
  std::string refusal(std::string_view yaml) {
    try {
      invalidator_->reload_yaml(yaml);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "it was taken";
  }
  NamespaceStatistics total() { return invalidator_->stats().total; }
};

TEST_F(ReloadTest, EntriesStayWithTheirDeadlinesAndNewOnesGetThoseOfTheNewStrategy) {
  auto cache = open("{ttl: 10m}");
  cache.put("old", 1);
  EXPECT_THAT(reload("{ttl: 1m}").blocks, ElementsAre("n"));
  cache.put("new", 2);
  EXPECT_EQ(*cache.get("old"), 1);
  clock_->advance(1min);
  EXPECT_FALSE(cache.contains("new"));
  EXPECT_TRUE(cache.contains("old"));
  clock_->advance(9min);
  EXPECT_FALSE(cache.contains("old"));
  EXPECT_EQ(total().reloads, 1u);
  EXPECT_EQ(total().reload_failures, 0u);
}

TEST_F(ReloadTest, AnotherCompositionIsTakenAndShown) {
  auto cache = open("{strategy: manual}");
  reload("{strategy: [ttl, event], ttl: 1m}");
  cache.put("k", 1);
  clock_->advance(1min);
  EXPECT_FALSE(cache.contains("k"));
  const Statistics stats = invalidator_->stats();
  EXPECT_EQ(stats.namespaces[0].strategy, "[ttl, event]");
  EXPECT_EQ(stats.namespaces[0].strategies.size(), 2u);
}

TEST_F(ReloadTest, ALoadUnderWayIsStoredByTheNewStrategy) {
  auto cache = open("{ttl: 10m}");
  cache.get_or_load("k", [&] {
    reload("{ttl: 1m}");
    return 1;
  });
  EXPECT_TRUE(cache.contains("k"));
  clock_->advance(1min);
  EXPECT_FALSE(cache.contains("k"));
}

TEST_F(ReloadTest, APolicyThatReadsAlikeChangesNothing) {
  auto cache = open("{ttl: 10m, tags: [t]}");
  cache.put("k", 1);
  const Reloaded reloaded = reload("{tags: [t], ttl: 600s}");
  EXPECT_THAT(reloaded.blocks, IsEmpty());
  EXPECT_EQ(reloaded.expired, 0u);
  EXPECT_TRUE(cache.contains("k"));
  EXPECT_EQ(total().reloads, 1u);
}

TEST_F(ReloadTest, WhatIsWrongIsToldWholeWithPlacesAndNothingHasChanged) {
  auto cache = open("{ttl: 10m, tags: [t]}");
  cache.put("old", 1);
  EXPECT_EQ(refusal("freshet: 1\nnamespaces:\n  n: {ttl: 1m, tags: [u],\n    lease: 0s,\n"
                    "    capacity: {entries: 7}}\n"),
            "4:12: namespaces.n.lease: expected a duration > 0s, found 0s\n"
            "5:15: namespaces.n.capacity: cannot be changed by a reload: expected "
            "{entries: 100_000, bytes: 0B}, found {entries: 7, bytes: 0B}");
  EXPECT_TRUE(cache.contains("old"));
  cache.put("new", 2);
  clock_->advance(1min);
  EXPECT_TRUE(cache.contains("new"));
  EXPECT_EQ(invalidator_->invalidate_tag("t").count, 2u);
  EXPECT_EQ(total().reloads, 0u);
  EXPECT_EQ(total().reload_failures, 1u);
}

TEST_F(ReloadTest, WhatCannotBeChangedIsRefusedWhereItStands) {
  open("{ttl: 10m}");
  const auto refused = [&](std::string_view yaml) {
    return refusal("freshet: 1\n" + std::string(yaml));
  };
  EXPECT_EQ(refused("namespaces:\n  n: {ttl: 10m}\n  m: {}\n"),
            "4:3: namespaces.m: a reload cannot add a block, expected n");
  EXPECT_EQ(refused("namespaces: {m: {ttl: 10m}}"),
            "2:1: namespaces.n: missing: a reload cannot take a block away, expected it to stay\n"
            "2:14: namespaces.m: a reload cannot add a block, expected n");
  EXPECT_EQ(refused("namespaces: {n: {eviction: lru}}"),
            "2:28: namespaces.n.eviction: cannot be changed by a reload: expected s3fifo, found "
            "lru");
  EXPECT_EQ(refused("defaults: {eviction: lru}\nnamespaces: {n: {}}"),
            "2:22: namespaces.n.eviction: cannot be changed by a reload: expected s3fifo, found "
            "lru");
  EXPECT_THAT(refused("namespaces: {n: {}}\nanalytics: {tracked_keys: 5}"),
              HasSubstr("3:12: analytics: cannot be changed by a reload: expected {"));
  EXPECT_EQ(refused("plugins: [{path: /none.so}]\nnamespaces: {n: {}}"),
            "2:10: plugins: cannot be changed by a reload: expected [], found [/none.so]");
  EXPECT_THAT(refused("plugins: yes\nnamespaces: {n: {}}"), HasSubstr("expected a list"));
  EXPECT_EQ(total().reload_failures, 7u);
}

TEST_F(ReloadTest, OtherTagsExpireWhatCarriesTheOldOnes) {
  use(R"(
freshet: 1
namespaces:
  soft: {ttl: 1h, soft_ttl: 50m, tags: [old]}
  hard: {ttl: 1h, tags: [old]}
  "user_*": {ttl: 1h, key: "{id}", tags: ["old:{id}"]}
  other: {ttl: 1h, tags: [old]}
)");
  const auto caches = {invalidator_->cache<int>("soft"), invalidator_->cache<int>("hard"),
                       invalidator_->cache<int>("user_1"), invalidator_->cache<int>("user_2"),
                       invalidator_->cache<int>("other")};
  for (auto cache : caches) cache.put("k", 1);
  const Reloaded reloaded = invalidator_->reload_yaml(R"(
freshet: 1
namespaces:
  soft: {ttl: 1h, soft_ttl: 50m, tags: [new]}
  hard: {ttl: 1h, tags: [new]}
  "user_*": {ttl: 1h, key: "{name}", tags: ["old:{name}"]}
  other: {ttl: 2h, tags: [old]}
)");
  EXPECT_THAT(reloaded.blocks, ElementsAre("soft", "hard", "user_*", "other"));
  EXPECT_EQ(reloaded.expired, 4u);
  EXPECT_EQ(invalidator_->cache<int>("soft").get("k").staleness(), Staleness::expired);
  for (const char* gone : {"hard", "user_1", "user_2"})
    EXPECT_FALSE(invalidator_->cache<int>(gone).get("k")) << gone;
  EXPECT_TRUE(invalidator_->cache<int>("other").get("k"));

  auto hard = invalidator_->cache<int>("hard");
  hard.put("k", 2);
  invalidator_->invalidate_tag("old");
  EXPECT_TRUE(hard.contains("k"));
  invalidator_->invalidate_tag("new");
  EXPECT_FALSE(hard.contains("k"));
}

TEST_F(ReloadTest, WhatDependsOnAKeyWithOtherTagsExpiresToo) {
  use("freshet: 1\nnamespaces: {n: {ttl: 1h}, page: {ttl: 1h}}");
  auto parts = invalidator_->cache<int>("n");
  auto pages = invalidator_->cache<int>("page");
  parts.put("k", 1);
  pages.get_or_load("p", [&] { return *parts.get("k"); }, {.capture = true});
  ASSERT_TRUE(pages.contains("p"));
  invalidator_->reload_yaml("freshet: 1\nnamespaces: {n: {ttl: 1h, tags: [new]}, page: {ttl: 1h}}");
  EXPECT_FALSE(pages.contains("p"));
}

TEST_F(ReloadTest, ABlockMayKeepWhatCarriesTheOldTags) {
  auto cache = open("{ttl: 1h, tags: [old]}");
  cache.put("k", 1);
  EXPECT_EQ(reload("{ttl: 1h, tags: [new], on_reload: keep}").expired, 0u);
  EXPECT_TRUE(cache.contains("k"));
  cache.put("later", 1);
  invalidator_->invalidate_tag("old");
  EXPECT_FALSE(cache.contains("k"));
  EXPECT_TRUE(cache.contains("later"));
}

TEST_F(ReloadTest, ALoadThatWasPlannedWithTheOldTagsIsAnsweredAndNotKept) {
  auto cache = open("{ttl: 1h, tags: [old]}");
  {
    const PausePoint pause("load_done_before_fill", [&] { reload("{ttl: 1h, tags: [new]}"); });
    EXPECT_EQ(*cache.get_or_load("k", [] { return 1; }), 1);
  }
  EXPECT_FALSE(cache.contains("k"));
  const Lease lease = cache.lease("k");
  reload("{ttl: 1h, tags: [newer]}");
  EXPECT_EQ(cache.put("k", 1, lease), StoreOutcome::refused_invalidated);
}

TEST_F(ReloadTest, AKeyOfAnotherFormIsNotKeptAfterwards) {
  auto cache = open("{ttl: 1h}");
  cache.put("k", 1);
  reload("{ttl: 1h, key: 'user:{id}'}");
  EXPECT_FALSE(cache.contains("k"));
  EXPECT_EQ(cache.put("k", 1), StoreOutcome::not_kept_by_policy);
  EXPECT_TRUE(is_stored(cache.put("user:1", 1)));
}

TEST_F(ReloadTest, LeaseSeparatorAndLabelLimitsAreThoseOfTheNewPolicy) {
  auto cache = open("{strategy: manual}");
  reload("{strategy: manual, lease: 1s, separator: '/', labels: {per_entry: 1, overflow: reject}}");
  const Lease lease = cache.lease("k");
  clock_->advance(1s);
  EXPECT_EQ(cache.put("k", 1, lease), StoreOutcome::refused_lease_expired);
  cache.put("a/b", 1);
  cache.put("a:b", 1);
  invalidator_->invalidate_prefix("a", "n");
  EXPECT_FALSE(cache.contains("a/b"));
  EXPECT_TRUE(cache.contains("a:b"));
  EXPECT_EQ(cache.put("k", 1, {.tags = {"a", "b"}}), StoreOutcome::refused_labels);
}

TEST_F(ReloadTest, AHoldOffBeginsWithAReload) {
  auto cache = open("{strategy: manual}");
  const auto kept = [&](const char* key) {
    cache.get_or_load(key, [] { return 1; }, {.tags = {"t"}});
    return cache.contains(key);
  };
  invalidator_->invalidate_tag("t");
  cache.put("written", 1);
  cache.invalidate("written");
  clock_->advance(1h);
  reload("{strategy: manual, hold_off: 2s}");
  EXPECT_FALSE(kept("a")) << "when it was hit is not known";
  clock_->advance(2s);
  EXPECT_TRUE(kept("a"));
  EXPECT_TRUE(kept("written"));
  invalidator_->invalidate_tag("t");
  clock_->advance(1999ms);
  EXPECT_FALSE(kept("a"));
  clock_->advance(1ms);
  EXPECT_TRUE(kept("a"));

  invalidator_->invalidate_tag("t");
  clock_->advance(3s);
  reload("{strategy: manual, hold_off: 10s}");
  EXPECT_FALSE(kept("a"));
  clock_->advance(7s);
  EXPECT_TRUE(kept("a"));
}

TEST_F(ReloadTest, RulesEntitiesAndWarningsAreThoseOfTheNewPolicy) {
  use(one_block("{strategy: manual}") +
      "events: {e: [{invalidate_tag: old}]}\n"
      "entities: {thing: {tags: [old]}}\n");
  auto cache = invalidator_->cache<int>("n");
  invalidator_->reload_yaml(one_block("{strategy: manual}") +
                            "events: {e: [{invalidate_tag: new}], f: [{invalidate_tag: old}]}\n"
                            "entities: {object: {tags: [old]}}\n"
                            "warnings: {invalidations_per_minute: 1}\n");
  cache.put("old", 1, {.tags = {"old"}});
  cache.put("new", 1, {.tags = {"new"}});
  invalidator_->emit("e");
  EXPECT_TRUE(cache.contains("old"));
  EXPECT_FALSE(cache.contains("new"));
  EXPECT_EQ(invalidator_->emit("f").invalidated.count, 1u);
  EXPECT_THROW(invalidator_->invalidate_entity("thing", 1), UnknownEntity);
  invalidator_->invalidate_entity("object", 1);
  EXPECT_FALSE(invalidator_->stats().warnings.empty());
}

TEST_F(ReloadTest, ADebounceThatWaitsRunsAsItsOwnPolicySays) {
  use(one_block("{strategy: manual}") +
      "events: {e: {debounce: 1s, do: [{invalidate_tag: old}]}}\n");
  auto cache = invalidator_->cache<int>("n");
  cache.put("old", 1, {.tags = {"old"}});
  cache.put("new", 1, {.tags = {"new"}});
  EXPECT_EQ(invalidator_->emit("e").deferred, 1u);
  invalidator_->reload_yaml(one_block("{strategy: manual}") +
                            "events: {e: {debounce: 5s, do: [{invalidate_tag: new}]}}\n");
  EXPECT_EQ(invalidator_->emit("e").deferred, 1u);
  clock_->advance(1s);
  executor_->run_ready();
  EXPECT_FALSE(cache.contains("old"));
  EXPECT_TRUE(cache.contains("new"));
  clock_->advance(4s);
  executor_->run_ready();
  EXPECT_FALSE(cache.contains("new"));
}

TEST_F(ReloadTest, WhatALimitHoldsBackIsReleasedByTheNewRules) {
  const std::string block = one_block("{strategy: manual}");
  use(block + "events: {e: {max_per_second: 1, rules: [{invalidate_tag: old}]}}\n");
  auto cache = invalidator_->cache<int>("n");
  invalidator_->emit("e", {{"id", 1}});
  EXPECT_EQ(invalidator_->emit("e", {{"id", 2}}).held_back, 1u);
  invalidator_->reload_yaml(block + "events: {e: [{invalidate_tag: new}]}\n");
  cache.put("old", 1, {.tags = {"old"}});
  EXPECT_EQ(invalidator_->emit("e", {{"id", 3}}).held_back, 0u);
  cache.put("new", 1, {.tags = {"new"}});
  clock_->advance(1s);
  executor_->run_ready();
  EXPECT_FALSE(cache.contains("new"));
  EXPECT_TRUE(cache.contains("old"));
  invalidator_->reload_yaml(block +
                            "events: {e: {max_per_second: 1, rules: [{invalidate_tag: new}]}}\n");
  invalidator_->emit("e", {{"id", 1}});
  EXPECT_EQ(invalidator_->emit("e", {{"id", 2}}).held_back, 1u);
}

TEST_F(ReloadTest, ALimitThatIsGoneHoldsNothingBackWhereOthersStay) {
  const std::string block = one_block("{strategy: manual}");
  const std::string other = "  f: {max_per_second: 1, rules: [{invalidate_tag: t}]}\n";
  use(block + "events:\n  e: {max_per_second: 1, rules: [{invalidate_tag: t}]}\n" + other);
  invalidator_->emit("e", {{"id", 1}});
  ASSERT_EQ(invalidator_->emit("e", {{"id", 2}}).held_back, 1u);
  invalidator_->reload_yaml(block + "events:\n  e: [{invalidate_tag: t}]\n" + other);
  EXPECT_EQ(invalidator_->emit("e", {{"id", 3}}).held_back, 0u);
}

TEST_F(ReloadTest, AFileIsReadAndNamedInNoticesAndFindings) {
  open("{ttl: 10m}");
  const test::TempFolder folder;
  const auto file = folder.write("policy.yaml", one_block("{ttl: 1m}"));
  std::vector<CacheNotice> heard;
  const auto listening =
      invalidator_->on_notice(NoticeKind::reloaded, [&](const auto& n) { heard.push_back(n); });
  invalidator_->reload_yaml_file(file);
  folder.write("policy.yaml", one_block("{tll: 1m}"));
  try {
    invalidator_->reload_yaml_file(file);
    FAIL() << "it was taken";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("policy.yaml:3:7: namespaces.n.tll: unknown key"));
  }
  executor_->run_ready();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].kind, NoticeKind::reloaded);
  EXPECT_EQ(heard[0].cause, file.string());
  EXPECT_EQ(heard[0].count, 1u);
}

TEST_F(ReloadTest, WhatExpiresForItsTagsIsToldAndCounted) {
  auto cache = open("{ttl: 10m}");
  cache.put("k", 1);
  std::vector<std::string> heard;
  const auto listening = invalidator_->on_notice(NoticeKind::invalidated, [&](const auto& n) {
    heard.push_back(n.name_space + " " + n.cause + " " + std::to_string(n.count));
  });
  reload("{ttl: 10m, tags: [t]}");
  executor_->run_ready();
  EXPECT_THAT(heard, ElementsAre("n reload 1"));
  EXPECT_EQ(total().invalidations_namespace, 1u);
  EXPECT_EQ(total().invalidated_by_namespace, 1u);
}

// --- strategies with timers and limits ---

struct PulseOptions {
  std::string name{};  // "bad": throws when it is attached
  Duration every{};
};

/// Runs a timer, and tells what happens to it.
class PulseStrategy final : public Strategy {
 public:
  PulseStrategy(PulseOptions options, std::vector<std::string>& told,
                std::function<void()>& meanwhile)
      : options_(std::move(options)), told_(told), meanwhile_(meanwhile) {}
  ~PulseStrategy() override { told_.push_back(options_.name + " goes"); }
  Deadlines on_store(const EntryView&, Instant) override {
    if (auto meanwhile = std::exchange(meanwhile_, {})) meanwhile();
    if (options_.name == "moody") throw std::runtime_error("no");
    return {};
  }
  ReadDecision on_soft_expired(const EntryView&, Instant) override { return ReadDecision::miss; }
  void on_attach(StrategyHost& host) override {
    told_.push_back(options_.name + " attached");
    host.start_timer(1, options_.every);
    if (options_.name == "small") host.limit_refreshes({.per_second = 1, .at_once = 1});
    if (options_.name == "bad") throw std::runtime_error("no");
  }
  void on_timer(TimerId timer, StrategyHost& host) override {
    told_.push_back(options_.name);
    host.start_timer(timer, options_.every);
  }

 private:
  const PulseOptions options_;
  std::vector<std::string>& told_;
  std::function<void()>& meanwhile_;
};

class ReloadedStrategyTest : public ReloadTest {
 protected:
  void SetUp() override {
    Components components;
    components.clock = clock_;
    components.executor = executor_;
    components.logger = std::make_shared<LogRecorder>();
    components.strategies = StrategyRegistry::with_builtins();
    OptionTable<PulseOptions> table;
    table.add("name", &PulseOptions::name, text_kind(64), "what it says");
    table.add("every", &PulseOptions::every, duration_kind({.above = Duration::zero()}), "when");
    components.strategies->add<PulseOptions>(
        "pulse", table, [this](const PulseOptions& options, const auto&) {
          return std::make_unique<PulseStrategy>(options, told_, meanwhile_);
        });
    invalidator_.emplace(CacheInvalidator::from_yaml(pulse("one"), components));
    take();
  }
  void TearDown() override { invalidator_.reset(); }
  static std::string pulse(const std::string& name) {
    return one_block("{strategy: pulse, pulse: {every: 1s, name: " + name + "}}");
  }
  std::vector<std::string> take() { return std::exchange(told_, {}); }
  std::vector<std::string> tick() {
    clock_->advance(1s);
    executor_->run_ready();
    return take();
  }

  std::vector<std::string> told_;
  std::function<void()> meanwhile_{};  // run once, by the next on_store
};

TEST_F(ReloadedStrategyTest, TimersOfTheOldStrategyEndAndTheNewOneIsAttached) {
  EXPECT_THAT(tick(), ElementsAre("one"));
  invalidator_->reload_yaml(pulse("two"));
  EXPECT_THAT(take(), ElementsAre("two attached", "one goes"));
  EXPECT_THAT(tick(), ElementsAre("two"));
  EXPECT_THAT(tick(), ElementsAre("two"));
}

TEST_F(ReloadedStrategyTest, AnOldStrategyThatIsStillInUseHasNoTimersEither) {
  auto cache = invalidator_->cache<int>("n");
  cache.get_or_load("k", [&] {
    invalidator_->reload_yaml(pulse("two"));
    EXPECT_THAT(take(), ElementsAre("two attached"));
    EXPECT_THAT(tick(), ElementsAre("two"));
    return 1;
  });
  EXPECT_THAT(take(), ElementsAre("one goes"));
}

TEST_F(ReloadedStrategyTest, OneThatCannotBeAttachedLeavesEverythingAsItWas) {
  EXPECT_THROW(invalidator_->reload_yaml(pulse("bad")), std::runtime_error);
  EXPECT_THAT(take(), ElementsAre("bad attached", "bad goes"));
  EXPECT_THAT(tick(), ElementsAre("one"));
  EXPECT_EQ(total().reload_failures, 1u);
  EXPECT_TRUE(is_stored(invalidator_->cache<int>("n").put("k", 1)));
}

TEST_F(ReloadedStrategyTest, ABlockThatReadsAlikeKeepsItsStrategy) {
  invalidator_->reload_yaml(pulse("one"));
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_THAT(tick(), ElementsAre("one"));
}

TEST_F(ReloadedStrategyTest, LimitsOnRefreshesAreResetBeforeTheNewOneIsAttached) {
  auto cache = invalidator_->cache<int>("n");
  int loads = 0;
  cache.bind_loader([&](std::string_view) { return ++loads; });
  const auto refreshed = [&] {
    loads = 0;
    for (const char* key : {"a", "b", "c"}) {
      cache.invalidate(key);
      invalidator_->emit("e", {{"key", std::string(key)}});
    }
    executor_->run_ready();
    return loads;
  };
  const std::string rules = "events: {e: [{refresh: {namespace: n, key: '{key}'}}]}\n";
  invalidator_->reload_yaml(pulse("small") + rules);
  EXPECT_EQ(refreshed(), 1);
  invalidator_->reload_yaml(pulse("large") + rules);
  EXPECT_EQ(refreshed(), 3);
}

TEST_F(ReloadedStrategyTest, APutThatWasPlannedWithTheOldTagsExpires) {
  auto cache = invalidator_->cache<int>("n");
  meanwhile_ = [&] { reload("{strategy: pulse, pulse: {every: 1s, name: one}, tags: [new]}"); };
  cache.put("k", 1);
  EXPECT_FALSE(cache.contains("k"));
  cache.put("k", 1);
  EXPECT_TRUE(cache.contains("k"));
}

TEST_F(ReloadedStrategyTest, FailuresOfStrategiesThatWereReplacedStayCounted) {
  invalidator_->reload_yaml(pulse("moody"));
  auto cache = invalidator_->cache<int>("n");
  cache.put("k", 1);
  cache.put("k", 1);
  ASSERT_EQ(total().strategy_failures, 2u);
  invalidator_->reload_yaml(pulse("one"));
  EXPECT_EQ(total().strategy_failures, 2u);
}

}  // namespace
}  // namespace freshet::testing
