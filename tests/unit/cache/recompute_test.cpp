// Recompute: what an invalidation expired is served as it was and loaded again within a budget, the most-read first.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RecomputeTest : public CacheFixture {
 protected:
  /// A block `p` with these options beside `recompute`; every read counts for the hot keys.
  void block(const std::string& recompute, const std::string& more = "ttl: 24h") {
    use("freshet: 1\nnamespaces:\n  p: {" + more + ", recompute: " + recompute +
        "}\nanalytics: {sample_one_in: 1}\n");
    view_.emplace(invalidator_->cache<int>("p"));
  }
  void bind() {
    view_->bind_loader([this](std::string_view key) { return load(key); });
  }
  int load(std::string_view key) {
    times_.push_back(clock_->now());
    loaded_.emplace_back(key);
    if (fails_) throw std::runtime_error("the origin is away");
    return 1;
  }
  void put(int keys) {
    for (int i = 0; i < keys; ++i) view_->put(key(i), 0, {.tags = {"all"}});
  }
  static std::string key(int i) { return "k" + std::to_string(i); }
  void read(const std::string& key, int times) {
    for (int i = 0; i < times; ++i) view_->get(key);
  }
  Invalidated expire() { return invalidator_->invalidate_tag("all", {.mode = Mode::expire}); }
  /// No more than `limit` loads began in any second.
  void expect_paced(std::size_t limit) const {
    for (std::size_t i = limit; i < times_.size(); ++i)
      ASSERT_GE(times_[i] - times_[i - limit], 1s) << "load " << i;
  }
  std::vector<std::string> loaded() { return std::exchange(loaded_, {}); }

  std::optional<Cache<int>> view_;
  std::vector<std::string> loaded_;
  std::vector<Instant> times_;
  bool fails_ = false;
};

TEST_F(RecomputeTest,
       AHundredThousandEntriesExpiredAtOnceAreLoadedWithinTheBudgetAndNoReaderOfAHotKeyWaits) {
  constexpr int kEntries = 100'000;
  constexpr int kHot = 200;
  constexpr std::size_t kBudget = 5'000;
  block("{expired: true, max_per_second: 5_000}", "ttl: 24h, capacity: {entries: 250_000}");
  bind();
  put(kEntries);
  // Spread over the table, so that a walk would come to most of them late.
  const auto hot = [](int i) { return key(i * (kEntries / kHot) + 17); };
  for (int i = 0; i < kHot; ++i) read(hot(i), 50);
  EXPECT_EQ(expire().count, 100'000u);

  int waited = 0;
  int stale = 0;
  bool in_call = false;  // of a reader: what it starts runs later, on the executor
  const Instant began = clock_->now();
  for (int step = 0; times_.size() < kEntries && step < 4'000; ++step) {
    clock_->advance(10ms);
    executor_->run_ready();
    for (int i = 0; i < kHot; ++i) {
      in_call = true;
      const auto value = view_->get_or_load(hot(i), [&, key = hot(i)] {
        waited += in_call ? 1 : 0;
        return load(key);
      });
      in_call = false;
      waited += value.origin() == Origin::l1 ? 0 : 1;
      stale += value.staleness() == Staleness::expired ? 1 : 0;
    }
  }
  EXPECT_EQ(waited, 0) << "readers of hot keys are served what was there";
  EXPECT_GT(stale, 0) << "until it has been loaded again, and told so";
  EXPECT_EQ(times_.size(), static_cast<std::size_t>(kEntries)) << "each is loaded once";
  EXPECT_EQ(std::set<std::string>(loaded_.begin(), loaded_.end()).size(), loaded_.size());
  expect_paced(kBudget);
  EXPECT_LE(clock_->now() - began, 22s) << "and the budget is used";
  const std::set<std::string> first(loaded_.begin(), loaded_.begin() + kHot);
  for (int i = 0; i < kHot; ++i) EXPECT_EQ(first.count(hot(i)), 1u) << hot(i);
  EXPECT_EQ(total(&NamespaceStatistics::recomputes), 100'000u);
  EXPECT_EQ(total(&NamespaceStatistics::entries), 100'000u);
  EXPECT_EQ(view_->get(key(99'999)).staleness(), Staleness::fresh);
}

TEST_F(RecomputeTest, TheOriginSeesAStreamAndNoBurst) {
  block("{expired: true, max_per_second: 100}");
  bind();
  put(300);
  expire();
  tick_through(4s);
  EXPECT_EQ(times_.size(), 300u);
  std::map<Instant, int> at;
  for (const Instant time : times_) ++at[time];
  for (const auto& [time, count] : at) EXPECT_LE(count, 10) << "in a tenth of a second";
}

TEST_F(RecomputeTest, WithoutItExpiredEntriesWaitForAReader) {
  block("{expired: false}", "ttl: 24h, soft_ttl: 23h");
  bind();
  put(10);
  expire();
  tick_through(10s);
  EXPECT_THAT(loaded(), IsEmpty());
  EXPECT_EQ(view_->get("k3").staleness(), Staleness::expired);
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("k3"));
}

TEST_F(RecomputeTest, AnEntryNeedsNoSoftDeadlineToBeServedOnceExpired) {
  for (const char* more : {"ttl: 24h", "strategy: event", "strategy: manual"}) {
    block("{expired: true}", more);
    bind();
    put(1);
    expire();
    const auto old = view_->get("k0");
    ASSERT_TRUE(old) << more;
    EXPECT_EQ(*old, 0) << more;
    EXPECT_EQ(old.staleness(), Staleness::expired) << more;
    tick_through(100ms);
    EXPECT_EQ(*view_->get("k0"), 1) << more;
    EXPECT_EQ(view_->get("k0").staleness(), Staleness::fresh) << more;
  }
}

TEST_F(RecomputeTest, WhatIsRemovedIsNeitherServedNorLoaded) {
  block("{expired: true}");
  bind();
  put(3);
  invalidator_->invalidate_tag("all");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(view_->get(key(i)));
  tick_through(10s);
  EXPECT_THAT(loaded(), IsEmpty());
}

TEST_F(RecomputeTest, WhatIsRemovedAfterItExpiredIsNotServedAndNotLoadedAnyMore) {
  block("{expired: true, max_per_second: 10}");
  bind();
  put(100);
  expire();
  tick_through(500ms);
  const std::size_t before = loaded().size();
  EXPECT_LT(before, 10u);
  invalidator_->invalidate_namespace("p");
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(view_->get(key(i))) << i;
  tick_through(30s);
  EXPECT_THAT(loaded(), IsEmpty());
}

TEST_F(RecomputeTest, NothingIsServedPastItsHardDeadlineHoweverFarTheLoadingHasCome) {
  block("{expired: true, max_per_second: 1}", "ttl: 5s");
  bind();
  put(100);
  expire();
  tick_through(5s);
  int served = 0;
  for (int i = 0; i < 100; ++i) served += view_->get(key(i)) ? 1 : 0;
  EXPECT_LE(served, 5) << "those that were loaded again, one in a second";
}

TEST_F(RecomputeTest, KeysAndPredicatesExpireSingleEntriesThatAreLoadedAgainToo) {
  block("{expired: true}");
  bind();
  put(10);
  invalidator_->invalidate("k4", "p", {.mode = Mode::expire});
  tick_through(200ms);
  EXPECT_THAT(loaded(), ElementsAre("k4"));
  invalidator_->invalidate_if("p", [](const EntryDescription& entry) { return entry.key == "k7"; },
                              {.mode = Mode::expire});
  tick_through(200ms);
  EXPECT_THAT(loaded(), ElementsAre("k7"));
  invalidator_->invalidate_prefix("k9", "p", {.mode = Mode::expire});
  tick_through(200ms);
  EXPECT_THAT(loaded(), ElementsAre("k9"));
}

TEST_F(RecomputeTest, TheHottestComeFirstAndReadersOfOthersLeaveTheBudgetToThem) {
  block("{expired: true, max_per_second: 10}");
  bind();
  put(200);
  for (int i = 0; i < 5; ++i) read(key(i * 31), 20 - i);
  expire();
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("k0"));
  read("k77", 1);
  tick_through(300ms);
  EXPECT_THAT(loaded(), ElementsAre("k31", "k62", "k93"));
}

TEST_F(RecomputeTest, OnceTheHottestAreThroughReadersMayStartLoadsToo) {
  block("{expired: true, max_per_second: 100}");
  bind();
  put(1'000);
  read("k0", 5);
  expire();
  tick_through(500ms);
  loaded();
  read("k501", 1);
  executor_->run_ready();  // no tick in between
  EXPECT_THAT(loaded(), ElementsAre("k501"));
}

TEST_F(RecomputeTest, WithoutABoundLoaderReadersBringTheirsWithinTheBudget) {
  block("{expired: true, max_per_second: 10}");
  put(1'000);
  expire();
  const auto own = [this] { return times_.push_back(clock_->now()), 2; };
  for (int step = 0; step < 30; ++step) {
    for (int i = 0; i < 1'000; ++i) {
      const auto value = view_->get_or_load(key(i), own);
      ASSERT_TRUE(value.staleness() == Staleness::expired || *value == 2);
    }
    tick_through(100ms);
  }
  EXPECT_GE(times_.size(), 25u);
  expect_paced(10);
}

TEST_F(RecomputeTest, ReadersAndTheWalkShareOneBudget) {
  block("{expired: true, max_per_second: 20}");
  bind();
  put(500);
  expire();
  for (int step = 0; step < 100; ++step) {
    for (int i = 0; i < 500; ++i) view_->get(key(i));
    tick_through(100ms);
  }
  EXPECT_GE(times_.size(), 150u);
  expect_paced(20);
}

TEST_F(RecomputeTest, NoMoreAreUnderWayThanMaxAtOnceAndOneThatEndsMakesRoom) {
  block("{expired: true, max_per_second: 1_000, max_at_once: 3}");
  bind();
  put(50);
  expire();
  clock_->advance(100ms);
  executor_->run_one();  // the step that starts them
  for (int i = 0; i < 50; ++i) {
    // The next step waits there as well.
    EXPECT_LE(executor_->pending(), 3u + 1u);
    EXPECT_TRUE(executor_->run_one()) << i;
  }
  EXPECT_EQ(loaded_.size(), 50u) << "within one tenth of a second";
}

TEST_F(RecomputeTest, WhatCannotBeLoadedIsServedAndTriedAgainAfterAPauseThatGrows) {
  block("{expired: true, max_per_second: 100}");
  bind();
  put(5);
  fails_ = true;
  expire();
  tick_through(9s);
  EXPECT_EQ(loaded().size(), 5u) << "each once";
  EXPECT_EQ(view_->get("k0").staleness(), Staleness::expired);  // and a reader starts one
  tick_through(2s);
  EXPECT_EQ(loaded().size(), 6u) << "again after ten seconds";
  tick_through(17s);
  EXPECT_EQ(loaded().size(), 0u);
  fails_ = false;
  tick_through(4s);
  EXPECT_EQ(loaded().size(), 5u) << "again after twenty";
  EXPECT_EQ(view_->get("k0").staleness(), Staleness::fresh);
  EXPECT_EQ(total(&NamespaceStatistics::recompute_failures), 11u);
  tick_through(10min);
  EXPECT_EQ(loaded().size(), 0u);
}

// The walk comes by while the other load has the entry, and leaves it to that.
TEST_F(RecomputeTest, WhatAnotherLoadWasToBringAndDidNotIsFoundAfterThePause) {
  block("{expired: true}");
  bind();
  put(3);
  fails_ = true;
  invalidator_->invalidate_tag("all", {.mode = Mode::expire, .rewarm = {.keys = {{"k1", "p"}}}});
  clock_->advance(100ms);
  executor_->run_one();  // the step, which starts that load and then the walk
  executor_->run_one();
  EXPECT_THAT(loaded(), ElementsAre("k1"));
  EXPECT_EQ(total(&NamespaceStatistics::rewarm_failures), 1u);
  fails_ = false;
  executor_->run_ready();
  EXPECT_THAT(loaded(), ::testing::UnorderedElementsAre("k0", "k2"));
  tick_through(11s);
  EXPECT_THAT(loaded(), ElementsAre("k1"));
}

TEST_F(RecomputeTest, WhatIsExpiredAgainWhileItIsLoadedIsLoadedAgain) {
  block("{expired: true}");
  int loads = 0;
  view_->bind_loader([&](std::string_view) {
    if (++loads == 1) expire();
    return loads;
  });
  put(1);
  expire();
  tick_through(100ms);
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(view_->get("k0").staleness(), Staleness::expired) << "born before the second raise";
  tick_through(200ms);
  EXPECT_EQ(loads, 2);
  EXPECT_EQ(*view_->get("k0"), 2);
}

TEST_F(RecomputeTest, WhatIsExpiredBehindTheWalkIsFoundByAnother) {
  block("{expired: true, max_per_second: 100}");
  bind();
  put(200);
  expire();
  tick_through(1s);
  EXPECT_EQ(loaded().size(), 100u);
  expire();  // those too that have just been loaded
  tick_through(10s);
  EXPECT_EQ(loaded().size(), 200u);
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(view_->get(key(i)).staleness(), Staleness::fresh) << key(i);
}

TEST_F(RecomputeTest, AHoldOffIsWaitedForSinceNothingLoadedBeforeItWouldBeKept) {
  block("{expired: true}", "ttl: 24h, hold_off: 5s");
  bind();
  put(3);
  tick_through(10s);
  expire();
  tick_through(4'900ms);
  EXPECT_THAT(loaded(), IsEmpty());
  tick_through(300ms);
  EXPECT_EQ(loaded().size(), 3u);
  EXPECT_EQ(view_->get("k0").staleness(), Staleness::fresh);
}

TEST_F(RecomputeTest, ALoaderThatIsBoundLaterFindsWhatWaits) {
  block("{expired: true}");
  put(3);
  expire();
  tick_through(1s);
  bind();
  tick_through(200ms);
  EXPECT_EQ(loaded().size(), 3u);
}

TEST_F(RecomputeTest, EntriesThatWereAskedForWithAVersionAreLeftToTheirReaders) {
  block("{expired: true}");
  bind();
  view_->put("plain", 0, {.tags = {"all"}});
  view_->put("pinned", 0, {.tags = {"all"}, .versions = {{"prompt", "v1"}}});
  expire();
  tick_through(1s);
  EXPECT_THAT(loaded(), ElementsAre("plain"));
}

TEST_F(RecomputeTest, AReloadThatExpiresABlockHasItLoadedAgain) {
  const std::string policy = "freshet: 1\nnamespaces:\n  p: {ttl: 24h, recompute: {expired: true}";
  use(policy + "}\n");
  view_.emplace(invalidator_->cache<int>("p"));
  bind();
  put(20);
  EXPECT_EQ(invalidator_->reload_yaml(policy + ", tags: [new]}\n").expired, 20u);
  EXPECT_TRUE(view_->get("k5"));
  tick_through(2s);
  EXPECT_EQ(std::set<std::string>(loaded_.begin(), loaded_.end()).size(), 20u);
  EXPECT_EQ(invalidator_->invalidate_tag("new").count, 20u) << "with the new tags";
}

TEST_F(RecomputeTest, AReloadTurnsItOnForWhatIsStoredFromThereOnAndChangesTheBudget) {
  block("{expired: false}");
  bind();
  put(1);
  invalidator_->reload_yaml(
      "freshet: 1\nnamespaces:\n  p: {ttl: 24h, recompute: {expired: true, max_per_second: 5}}\n"
      "analytics: {sample_one_in: 1}\n");
  for (int i = 1; i < 21; ++i) view_->put(key(i), 0, {.tags = {"all"}});
  expire();
  EXPECT_FALSE(view_->get("k0")) << "it was stored without a soft deadline";
  tick_through(10s);
  EXPECT_EQ(loaded().size(), 20u);
  expect_paced(5);
}

TEST_F(RecomputeTest, EntriesOfManyNamespacesOfOneBlockShareItsBudget) {
  use("freshet: 1\nnamespaces:\n  \"u_*\": {ttl: 24h, recompute: {expired: true, max_per_second: "
      "10}}\n");
  std::vector<Cache<int>> views;
  for (int i = 0; i < 5; ++i) {
    views.push_back(invalidator_->cache<int>("u_" + std::to_string(i)));
    views.back().bind_loader(
        [this](std::string_view) { return times_.push_back(clock_->now()), 1; });
    for (int k = 0; k < 10; ++k) views.back().put(key(k), 0, {.tags = {"all"}});
  }
  expire();
  tick_through(10s);
  EXPECT_EQ(times_.size(), 50u);
  expect_paced(10);
}

TEST_F(RecomputeTest, NothingRunsAfterTheEnd) {
  block("{expired: true, max_per_second: 10}");
  bind();
  put(100);
  expire();
  tick_through(500ms);
  const std::size_t before = loaded_.size();
  invalidator_->close();
  tick_through(10s);
  EXPECT_EQ(loaded_.size(), before);
}

// A namespace of the block that has no loader.
TEST_F(RecomputeTest, ReadsWithoutALoaderLeaveTheBudgetToThoseWhoLoad) {
  use("freshet: 1\nnamespaces:\n  \"?\": {ttl: 24h, recompute: {expired: true, max_per_second: "
      "20}}\n");
  view_.emplace(invalidator_->cache<int>("p"));
  const auto other = invalidator_->cache<int>("q");
  bind();
  put(10);
  for (int i = 0; i < 100; ++i) other.put(key(i), 0, {.tags = {"all"}});
  expire();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(other.get(key(i)).stale());
  tick_through(1s);
  EXPECT_EQ(loaded_.size(), 10u);
}

TEST_F(RecomputeTest, OnceAReloadHasTakenItAwayExpiredEntriesAreNotServed) {
  block("{expired: true}");
  put(1);
  invalidator_->reload_yaml(
      "freshet: 1\nnamespaces:\n  p: {ttl: 24h}\nanalytics: {sample_one_in: 1}\n");
  EXPECT_TRUE(view_->get(key(0)));
  expire();
  EXPECT_FALSE(view_->get(key(0)));
}

// What is expired again and again keeps neither the other keys from their turn, nor those that fail from their pause.
TEST_F(RecomputeTest, AnExpiryInTheMidstOfItLetsTheWalkGoOn) {
  block("{expired: true, max_per_second: 20}");
  bind();
  put(60);
  for (int i = 0; i < 40; ++i) read(key(i), 10);
  fails_ = true;
  expire();
  for (int i = 0; i < 80; ++i) {
    invalidator_->invalidate_tag("nobody", {.mode = Mode::expire});
    tick_through(100ms);
  }
  std::set<std::string> asked(loaded_.begin(), loaded_.end());
  EXPECT_EQ(asked.size(), 60u);
}

}  // namespace
}  // namespace freshet::testing
