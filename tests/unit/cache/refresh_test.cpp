// Loads in the background: soft deadlines, prediction, idle expiry, compositions, loaders that are bound or brought along.
#include <gmock/gmock.h>

#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

class RefreshTest : public CacheFixture {
 protected:
  // One namespace `p` under the given block.
  Cache<int> cache(std::string_view block) {
    use("freshet: 1\nnamespaces:\n  p: " + std::string(block) + "\n");
    return invalidator_->cache<int>("p");
  }
  auto loader() {
    return [this] { return ++loads_; };
  }
  void bind(const Cache<int>& view) {
    view.bind_loader([this](std::string_view) { return ++loads_; });
  }
  NamespaceStatistics stats() { return invalidator_->stats().total; }

  int loads_ = 0;
  std::vector<std::string> loaded_;
};

TEST_F(RefreshTest, AReaderAtTheSoftDeadlineGetsTheOldValueAtOnceAndTheNextTheNewOne) {  // row A7
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  p.get_or_load("k", loader());
  clock_->advance(45min);
  const auto old = p.get_or_load("k", loader());
  EXPECT_EQ(*old, 1);
  EXPECT_EQ(old.staleness(), Staleness::soft_deadline);
  EXPECT_EQ(loads_, 1) << "nobody waits";
  executor_->run_ready();
  const auto fresh = p.get_or_load("k", loader());
  EXPECT_EQ(*fresh, 2);
  EXPECT_EQ(fresh.staleness(), Staleness::fresh);
  EXPECT_EQ(stats().refreshes, 1u);
  EXPECT_EQ(stats().stale_serves, 1u);
}

// Found by the simulation (refills, priority, seed 16535): the old entry carried them by its own loader's word alone.
TEST_F(RefreshTest, WhatACallersLoaderMakesInTheBackgroundCarriesWhatTheCallerNames) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  p.get_or_load("k", [this](LoadContext& load) {
    load.tag("t");
    return ++loads_;
  });
  clock_->advance(45min);
  p.get_or_load("k", loader(), {.tags = {"t"}});
  executor_->run_ready();
  EXPECT_EQ(*p.get_or_load("k", loader(), {.tags = {"t"}}), 2);
  EXPECT_EQ(invalidator_->invalidate_tag("t").count, 1u);
  EXPECT_FALSE(p.contains("k"));
}

TEST_F(RefreshTest, WhatABoundLoaderMakesCarriesWhatItsNextCallerNames) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  // With a loader that cannot be copied, and stays with its call.
  const auto call = [&] {
    return p.get_or_load("k", [kept = std::make_unique<int>(7)] { return *kept; }, {.tags = {"t"}});
  };
  p.get_or_load("k", [this](LoadContext& load) {
    load.tag("t");
    return ++loads_;
  });
  call();
  bind(p);
  clock_->advance(45min);
  p.get("k");
  executor_->run_ready();
  EXPECT_EQ(*call(), 2);
  EXPECT_EQ(invalidator_->invalidate_tag("t").count, 1u);
  EXPECT_FALSE(p.contains("k"));
}

TEST_F(RefreshTest, ManyReadersPastTheSoftDeadlineStartOneRefresh) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  p.get_or_load("k", loader());
  clock_->advance(50min);
  for (int i = 0; i < 20; ++i) p.get_or_load("k", loader());
  executor_->run_ready();
  EXPECT_EQ(loads_, 2);
}

// Found by a herd of readers: one that had found the old entry, and went on when it had been refreshed, had it loaded once more.
TEST_F(RefreshTest, WhoStillHoldsAnEntryThatWasRefreshedDoesNotHaveItLoadedAgain) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  p.get_or_load("k", loader());
  clock_->advance(50min);
  const PausePoint late("stale_found_before_refresh", [&] {
    p.get_or_load("k", loader());
    executor_->run_ready();
  });
  EXPECT_EQ(*p.get_or_load("k", loader()), 1);
  executor_->run_ready();
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(*p.get("k"), 2);
}

TEST_F(RefreshTest, ARefreshThatFailsLeavesTheOldValueAndLetsTheNextReaderTryAgain) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  p.get_or_load("k", loader());
  clock_->advance(45min);
  p.get_or_load("k", []() -> int { throw std::runtime_error("origin is away"); });
  executor_->run_ready();
  EXPECT_EQ(*p.get_or_load("k", loader()), 1);
  executor_->run_ready();
  EXPECT_EQ(*p.get_or_load("k", loader()), 2);
  EXPECT_EQ(stats().load_failures, 1u);
}

TEST_F(RefreshTest, GetRefreshesWithTheBoundLoader) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  p.put("k", 0);
  bind(p);
  clock_->advance(45min);
  EXPECT_EQ(*p.get("k"), 0);
  executor_->run_ready();
  EXPECT_EQ(*p.get("k"), 1);
}

// A refresh is a load like any other: its birth is noted before it starts.
TEST_F(RefreshTest, ARefreshOvertakenByAnInvalidationIsNotKept) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  p.put("k", 0, {.tags = {"t"}});
  p.bind_loader([this](std::string_view) {
    invalidator_->invalidate_tag("t");
    return 7;
  });
  clock_->advance(45min);
  p.get("k");
  executor_->run_ready();
  EXPECT_FALSE(p.get("k"));
  EXPECT_EQ(stats().refused_invalidated, 1u);
}

TEST_F(RefreshTest, ARefreshedEntryCarriesWhatItsCallersAskedForAndWhatWasAddedLater) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  p.get_or_load("k", [this](LoadContext& load) { return load.tag("of the loader"), ++loads_; },
                {.tags = {"asked"}});
  invalidator_->tag("k", "p", {"late"});
  bind(p);
  clock_->advance(45min);
  p.get("k");
  executor_->run_ready();
  EXPECT_EQ(*p.get("k"), 2);
  EXPECT_EQ(invalidator_->invalidate_tag("of the loader", {.dry_run = true}).count, 0u);
  EXPECT_EQ(invalidator_->invalidate_tag("asked", {.dry_run = true}).count, 1u);
  EXPECT_EQ(invalidator_->invalidate_tag("late", {.dry_run = true}).count, 1u);
}

TEST_F(RefreshTest, ARefreshedEntryLivesAsLongAsItsCallerAskedFor) {
  auto p = cache("{strategy: predictive, ttl: 10m, predictive: {threshold: 1}}");
  bind(p);
  p.put("k", 0, {.ttl = 1min});
  p.get("k");
  tick_through(50s);
  EXPECT_EQ(loads_, 1);
  tick_through(1min);
  EXPECT_EQ(loads_, 1);
  EXPECT_FALSE(p.contains("k"));
}

TEST_F(RefreshTest,
       AnEntryReadTenTimesIsReloadedBeforeItsDeadlineOneReadNineTimesIsNot) {  // row A5
  auto p = cache("{strategy: predictive, ttl: 10m, predictive: {threshold: 10, refresh_at: 80%}}");
  bind(p);
  p.put("hot", 0);
  p.put("cold", 0);
  for (int i = 0; i < 10; ++i) p.get("hot");
  for (int i = 0; i < 9; ++i) p.get("cold");
  tick_through(8min - 1s);
  EXPECT_EQ(loads_, 0);
  tick_through(2s);
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(*p.get("hot"), 1);
  tick_through(2min);
  EXPECT_TRUE(p.get("hot"));
  EXPECT_FALSE(p.get("cold"));
}

TEST_F(RefreshTest, AHotKeysReadersNeverWaitOverTenTtlsWhileAColdKeyIsLetGo) {
  auto p = cache("{strategy: predictive, ttl: 1m, predictive: {threshold: 5}}");
  bind(p);
  p.put("hot", 0);
  p.put("cooling", 0);
  for (int second = 0; second < 600; ++second) {
    ASSERT_TRUE(p.get("hot")) << second;
    if (second < 30) p.get("cooling");
    tick_through(1s);
  }
  EXPECT_FALSE(p.get("cooling"));
  EXPECT_GE(loads_, 10);
  EXPECT_LE(loads_, 15);
}

TEST_F(RefreshTest, ACallBringsItsOwnLoaderToARefreshThatIsDue) {
  auto p = cache("{strategy: predictive, ttl: 10m, predictive: {threshold: 3}}");
  for (int i = 0; i < 4; ++i) p.get_or_load("k", loader());
  clock_->advance(8min);
  EXPECT_EQ(*p.get_or_load("k", loader()), 1);
  executor_->run_ready();
  EXPECT_EQ(*p.get_or_load("k", loader()), 2);
}

TEST_F(RefreshTest, AReaderPastTheRefreshPointStartsItFromTheThresholdOn) {
  auto p = cache("{strategy: predictive, ttl: 10m, predictive: {threshold: 3}}");
  for (int i = 0; i < 2; ++i) p.get_or_load("k", loader());  // the second is the first read
  clock_->advance(8min);
  p.get_or_load("k", loader());
  executor_->run_ready();
  EXPECT_EQ(loads_, 1) << "read twice";
  p.get_or_load("k", loader());
  executor_->run_ready();
  EXPECT_EQ(loads_, 2) << "read three times";
}

TEST_F(RefreshTest, TheBudgetHoldsPerSecondAndTheMostReadGoFirst) {
  auto p = cache(
      "{strategy: predictive, ttl: 10m, predictive: {threshold: 1, max_refreshes_per_second: 2}}");
  p.bind_loader([this](std::string_view key) { return loaded_.emplace_back(key), ++loads_; });
  for (int k = 0; k < 6; ++k) {
    const std::string key = "k" + std::to_string(k);
    p.put(key, 0);
    for (int i = 0; i <= k; ++i) p.get(key);
  }
  clock_->advance(8min);
  executor_->run_ready();
  EXPECT_THAT(loaded_, ::testing::ElementsAre("k5", "k4"));
  tick_through(900ms);
  EXPECT_LE(loads_, 4);
  tick_through(2s);
  EXPECT_EQ(loads_, 6);
}

TEST_F(RefreshTest, TheBudgetHoldsAtOnceAndWhatItLeavesComesUpAgain) {
  auto p = cache(
      "{strategy: predictive, ttl: 10m, predictive: {threshold: 1, max_refreshes_at_once: 2}}");
  bind(p);
  for (int k = 0; k < 6; ++k) {
    p.put(std::to_string(k), 0);
    p.get(std::to_string(k));
  }
  clock_->advance(8min);
  executor_->run_ready();
  EXPECT_EQ(loads_, 2);
  tick_through(100ms);
  EXPECT_EQ(loads_, 4);
  tick_through(100ms);
  EXPECT_EQ(loads_, 6);
}

TEST_F(RefreshTest, HotKeysLimitsNothingThatWasReadOftenEnoughItself) {
  auto p = cache("{strategy: predictive, ttl: 10m, predictive: {threshold: 1, hot_keys: 3}}");
  bind(p);
  for (int k = 0; k < 10; ++k) {
    p.put(std::to_string(k), 0);
    p.get(std::to_string(k));
  }
  tick_through(10min);
  EXPECT_EQ(loads_, 10);
}

TEST_F(RefreshTest, AnEntryThatNobodyReadsForItsIdleTimeExpires) {
  auto p = cache("{ttl: 1h, idle_ttl: 10m}");
  p.put("read", 1);
  p.put("unread", 2);
  for (int i = 0; i < 5; ++i) {
    clock_->advance(9min);
    EXPECT_TRUE(p.get("read"));
  }
  EXPECT_FALSE(p.get("unread"));
  clock_->advance(10min);
  EXPECT_FALSE(p.get("read"));
  p.put("old", 3);
  for (int i = 0; i < 6; ++i) {
    clock_->advance(9min);
    EXPECT_TRUE(p.get("old"));
  }
  clock_->advance(6min);
  EXPECT_FALSE(p.get("old")) << "the hard deadline holds";
}

TEST_F(RefreshTest, TheSweeperFreesIdleEntriesAndSparesThoseReadSince) {
  auto p = cache("{ttl: 1h, idle_ttl: 10m}");
  p.put("read", 1);
  p.put("unread", 2);
  clock_->advance(5min);
  p.get("read");
  clock_->advance(5min);
  EXPECT_EQ(invalidator_->sweep(), 1u);
  EXPECT_TRUE(p.contains("read"));
}

TEST_F(RefreshTest, HybridIsATtlUnderEventsWithPrediction) {  // row A6
  for (const char* block :
       {"{strategy: hybrid, ttl: 1h, predictive: {threshold: 2}}",
        "{strategy: [ttl, event, predictive], ttl: 1h, predictive: {threshold: 2}}"}) {
    loads_ = 0;
    auto p = cache(block);
    bind(p);
    EXPECT_EQ(invalidator_->stats().namespaces[0].strategy, "[ttl, event, predictive]");
    p.put("k", 0, {.tags = {"t"}});
    p.put("idle", 0);
    p.get("k");
    p.get("k");
    tick_through(50min);
    EXPECT_EQ(*p.get("k"), 1) << "refreshed at 48m";
    EXPECT_TRUE(invalidator_->invalidate_tag("t"));
    tick_through(10min);
    EXPECT_FALSE(p.get("idle")) << "the safety net";
  }
}

TEST_F(RefreshTest, HybridInCodeIsTheSame) {
  CacheInvalidator built =
      CacheInvalidator::builder()
          .cache("p", HybridOptions{.ttl = {.ttl = 1h}, .predictive = {.threshold = 1}})
          .components({.clock = clock_, .executor = executor_})
          .build();
  auto p = built.cache<int>("p");
  bind(p);
  p.put("k", 0);
  p.get("k");
  tick_through(50min);
  EXPECT_EQ(*p.get("k"), 1);
}

TEST_F(RefreshTest, AnEventBlockExpiresNothingUnlessItGivesATtl) {  // row A3
  auto p = cache("{strategy: event}");
  p.put("k", 1);
  clock_->advance(std::chrono::hours(24 * 365));
  EXPECT_TRUE(p.get("k"));
  auto with_ttl = cache("{strategy: event, ttl: 1h}");
  with_ttl.put("k", 1);
  clock_->advance(1h);
  EXPECT_FALSE(with_ttl.get("k"));
}

TEST_F(RefreshTest, CompositionsThatMeanNothingAreFindings) {
  const auto message = [this](const char* block) -> std::string {
    try {
      cache(block);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message("{strategy: [ttl, manual]}"),
            "3:17: namespaces.p.strategy: \"manual\" means nothing but explicit calls and composes "
            "with no other strategy");
  EXPECT_EQ(message("{strategy: [ttl, ttl]}"), "3:17: namespaces.p.strategy: names \"ttl\" twice");
  EXPECT_EQ(message("{strategy: []}"),
            "3:17: namespaces.p.strategy: expected the names of strategies, found an empty list");
  EXPECT_EQ(message("{strategy: [ttl, evnt]}"),
            "3:23: namespaces.p.strategy: unknown strategy \"evnt\", did you mean \"event\"?");
  EXPECT_EQ(message("{strategy: hybird}"),
            "3:17: namespaces.p.strategy: unknown strategy \"hybird\", did you mean \"hybrid\"?");
  EXPECT_EQ(message("{ttl: 1h, soft_ttl: 1h}"),
            "3:26: namespaces.p.soft_ttl: expected less than ttl, 1h, found 1h");
}

// An executor that has no room for a task now and then.
class RefusingExecutor final : public Executor {
 public:
  explicit RefusingExecutor(std::shared_ptr<Executor> inner) : inner_(std::move(inner)) {}
  void post(Task task) override {
    if (refuses) throw std::bad_alloc();
    inner_->post(std::move(task));
  }
  void post_after(Duration delay, Task task) override {
    inner_->post_after(delay, std::move(task));
  }

  bool refuses = false;

 private:
  std::shared_ptr<Executor> inner_;
};

TEST_F(RefreshTest, ARefreshThatTheExecutorRefusesGivesItsPlaceBack) {
  const auto refusing = std::make_shared<RefusingExecutor>(executor_);
  Components components;
  components.clock = clock_;
  components.executor = refusing;
  invalidator_.emplace(CacheInvalidator::from_yaml(
      "freshet: 1\nnamespaces:\n  p: {strategy: predictive, ttl: 10m, predictive: {threshold: 1, "
      "max_refreshes_at_once: 1}}\n",
      components));
  auto p = invalidator_->cache<int>("p");
  bind(p);
  p.put("k", 0);
  p.get("k");
  refusing->refuses = true;
  tick_through(9min);
  EXPECT_EQ(loads_, 0);
  refusing->refuses = false;
  tick_through(100ms);
  EXPECT_EQ(loads_, 1) << "by the sweeper";
  p.get("k");
  refusing->refuses = true;
  clock_->advance(9min);
  for (int i = 0; i < 3; ++i) p.get("k");
  refusing->refuses = false;
  p.get("k");
  executor_->run_ready();
  EXPECT_EQ(loads_, 2) << "by a reader";
}

TEST_F(RefreshTest, AnEntryWithAVersionIsRefreshedOnlyByCallsThatAnnounceIt) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  const EntryOptions made_with{.versions = {{"prompt", "v1"}}};
  p.get_or_load("k", loader(), made_with);
  bind(p);
  clock_->advance(45min);
  EXPECT_EQ(*p.get("k"), 1);
  p.get_or_load("k", loader());
  executor_->run_ready();
  EXPECT_EQ(loads_, 1) << "neither loader is known to make values for this version";
  EXPECT_EQ(*p.get_or_load("k", loader(), made_with), 1);
  executor_->run_ready();
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(*p.get_or_load("k", loader(), made_with), 2);
}

TEST_F(RefreshTest, WhatWasPutUnderAPolicyVersionIsRefreshedByTheBoundLoader) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}").at_version("1");
  invalidator_->set_policy_version("p", "1");
  bind(p);
  p.put("k", 0);
  clock_->advance(45min);
  EXPECT_EQ(*p.get("k"), 0);
  executor_->run_ready();
  EXPECT_EQ(*p.get("k"), 1);
}

TEST_F(RefreshTest, ALoaderBoundUnderAnOldPolicyVersionKeepsNothing) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  bind(p.at_version("1"));
  invalidator_->set_policy_version("p", "2");
  auto at_two = p.at_version("2");
  at_two.put("k", 7);
  clock_->advance(45min);
  EXPECT_EQ(*at_two.get("k"), 7);
  executor_->run_ready();
  EXPECT_EQ(*at_two.get("k"), 7);
  EXPECT_EQ(stats().refused_version, 1u);
}

TEST_F(RefreshTest, NothingRefreshesAfterClose) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  bind(p);
  p.put("k", 0);
  clock_->advance(45min);
  p.get("k");
  invalidator_->close();
  executor_->run_ready();
  EXPECT_EQ(loads_, 0);
}

TEST_F(RefreshTest, AnEngineThatEndsWithRefreshesQueuedEndsOrderly) {
  {
    auto p = cache("{ttl: 1h, soft_ttl: 45m}");
    bind(p);
    p.put("k", 0);
    clock_->advance(45min);
    p.get("k");
    invalidator_.reset();
  }
  executor_->run_ready();
  EXPECT_EQ(loads_, 0);
}

}  // namespace
}  // namespace freshet::testing
