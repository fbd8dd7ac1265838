// Row C9: a failing loader does not take the page down: the old value is served for a bounded time, and says so; what was removed
// never is. How often a failing loader is asked again, and for how long its exception is kept.
#include <gmock/gmock.h>

#include <functional>
#include <future>
#include <stdexcept>
#include <thread>

#include "freshet/testing/scripted_loader.hpp"
#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

struct Down : std::runtime_error {
  Down() : std::runtime_error("the origin is down") {}
};

class StaleIfErrorTest : public CacheFixture {
 protected:
  // One namespace `p` under the given block.
  Cache<int> cache(std::string_view block) {
    use("freshet: 1\nnamespaces:\n  p: " + std::string(block) + "\n");
    return invalidator_->cache<int>("p");
  }
  NamespaceStatistics stats() { return invalidator_->stats().total; }
  /// What the next load throws.
  void fail() { origin_.fail_next(Down()); }
  /// The same, after something has happened in the middle of the load.
  void fail_after(std::function<void()> action) {
    origin_.during_next(std::move(action));
    fail();
  }
  void expire_tag(const std::string& tag) {
    invalidator_->invalidate_tag(tag, {.mode = Mode::expire});
  }

  ScriptedLoader<int> origin_{1};
};

TEST_F(StaleIfErrorTest, AnOldValueIsServedWhereALoadFailsAndSaysSo) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_);
  pass(2h);
  fail();
  const auto old = p.get_or_load("k", origin_);
  ASSERT_TRUE(old);
  EXPECT_EQ(*old, 1);
  EXPECT_EQ(old.staleness(), Staleness::load_failed);
  EXPECT_EQ(old.origin(), Origin::l1);
  EXPECT_EQ(old.age(), 2h);
  EXPECT_EQ(old.remaining(), -1h);
  EXPECT_EQ(stats().served_on_error, 1u);
  EXPECT_EQ(stats().stale_serves, 1u);
  EXPECT_EQ(stats().load_failures, 1u);
  EXPECT_EQ(stats().hits, 0u);
}

TEST_F(StaleIfErrorTest, WithoutItTheExceptionReachesTheCaller) {
  auto p = cache("{ttl: 1h}");
  p.get_or_load("k", origin_);
  pass(2h);
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_), Down);
  EXPECT_EQ(stats().entries, 0u) << "nothing stays past its deadline for it";
}

TEST_F(StaleIfErrorTest, ItIsServedUntilTheAllowanceIsOverAndNotLonger) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h, retry_after_error: 0s}");
  p.get_or_load("k", origin_);
  clock_->advance(25h - 1ns);
  fail();
  EXPECT_TRUE(p.get_or_load("k", origin_));
  clock_->advance(1ns);
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_), Down);
  EXPECT_EQ(stats().entries, 0u);
}

TEST_F(StaleIfErrorTest, NobodyElseIsServedIt) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_);
  pass(2h);
  EXPECT_FALSE(p.get("k"));
  EXPECT_FALSE(p.contains("k"));
  EXPECT_FALSE(p.visit("k", [](int) {}));
  EXPECT_FALSE(invalidator_->tag("k", "p", {"late"})) << "it is not there for who asks";
  origin_.set(2);
  EXPECT_EQ(*p.get_or_load("k", origin_), 2) << "the loader is asked first";
  EXPECT_EQ(stats().misses, 4u) << "the first load, get, visit, get_or_load";
}

TEST_F(StaleIfErrorTest, WhatOutlastsItsTimeIsCountedByNoLabelAndLeavesWhenTheAllowanceIsOver) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_, {.tags = {"t"}});
  pass(2h);
  invalidator_->settle();
  EXPECT_EQ(stats().entries, 1u);
  EXPECT_EQ(invalidator_->invalidate_tag("t", {.mode = Mode::expire, .dry_run = true}).count, 0u);
  pass(23h);
  EXPECT_EQ(stats().entries, 0u) << "the sweeper finds it";
  EXPECT_EQ(stats().removed_expired, 1u);
}

TEST_F(StaleIfErrorTest, WhatWasExpiredIsServedForTheAllowanceFromThen) {
  auto p = cache("{strategy: manual, stale_if_error: 10m, retry_after_error: 0s}");
  p.get_or_load("k", origin_, {.tags = {"t"}});
  pass(5h);
  expire_tag("t");
  EXPECT_FALSE(p.get("k"));
  clock_->advance(10min - 1s);
  fail();
  const auto old = p.get_or_load("k", origin_, {.tags = {"t"}});
  ASSERT_TRUE(old);
  EXPECT_EQ(old.staleness(), Staleness::load_failed);
  clock_->advance(1s);
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_, {.tags = {"t"}}), Down);
}

TEST_F(StaleIfErrorTest, TheAgeOfAnExpiryIsThatOfTheFirst) {
  auto p = cache("{strategy: manual, stale_if_error: 10m, retry_after_error: 0s}");
  p.get_or_load("k", origin_, {.tags = {"t", "u"}});
  expire_tag("u");
  clock_->advance(6min);  // nobody looks
  expire_tag("t");
  clock_->advance(6min);
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_, {.tags = {"t", "u"}}), Down);
}

TEST_F(StaleIfErrorTest, WhatIsExpiredAgainAndAgainIsNotServedForEver) {
  auto p = cache("{strategy: manual, stale_if_error: 10m, retry_after_error: 0s}");
  p.get_or_load("k", origin_, {.tags = {"t"}});
  for (int i = 0; i < 4; ++i) {
    expire_tag("t");
    pass(3min);
  }
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_, {.tags = {"t"}}), Down);
}

TEST_F(StaleIfErrorTest, WhatWasExpiredLeavesByItselfWithoutADeadline) {
  auto p = cache("{strategy: manual, stale_if_error: 10m}");
  p.get_or_load("k", origin_, {.tags = {"t"}});
  expire_tag("t");
  pass(1s);
  EXPECT_EQ(stats().entries, 1u);
  pass(10min);
  EXPECT_EQ(stats().entries, 0u);
}

TEST_F(StaleIfErrorTest, AKeyThatIsExpiredIsServedFromThen) {
  auto p = cache("{ttl: 1h, stale_if_error: 10m, retry_after_error: 0s}");
  p.get_or_load("k", origin_);
  EXPECT_EQ(p.invalidate("k", {.mode = Mode::expire}).count, 1u);
  EXPECT_EQ(p.invalidate("k", {.mode = Mode::expire}).count, 0u) << "it was stale already";
  clock_->advance(10min - 1ns);
  fail();
  EXPECT_TRUE(p.get_or_load("k", origin_));
  clock_->advance(1ns);
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_), Down);
}

// A way to remove the value under "k".
struct Removal {
  std::string name;
  std::function<void(CacheInvalidator&)> make;
};
void PrintTo(const Removal& removal, std::ostream* out) { *out << removal.name; }

class StaleIfErrorAfterRemovalTest : public StaleIfErrorTest,
                                     public ::testing::WithParamInterface<Removal> {
 protected:
  void remove() { GetParam().make(*invalidator_); }
  const EntryOptions options_{
      .tags = {"t", "u"}, .depends_on = {"table"}, .versions = {{"prompt"}}};
};

TEST_P(StaleIfErrorAfterRemovalTest, WhatWasRemovedBeforeTheLoadIsServedToNobody) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_, options_);
  pass(2h);
  remove();
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_, options_), Down);
}

TEST_P(StaleIfErrorAfterRemovalTest, WhatIsRemovedWhileTheLoadRunsIsServedToNobody) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_, options_);
  pass(2h);
  fail_after([&] { remove(); });
  EXPECT_THROW(p.get_or_load("k", origin_, options_), Down);
}

TEST_P(StaleIfErrorAfterRemovalTest, WhatIsRemovedAfterAFailureIsServedToNobodyAndLoaded) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h, retry_after_error: 1h, error_ttl: 1h}");
  p.get_or_load("k", origin_, options_);
  pass(2h);
  fail();
  ASSERT_TRUE(p.get_or_load("k", origin_, options_));
  remove();
  origin_.set(2);
  EXPECT_EQ(*p.get_or_load("k", origin_, options_), 2);
}

TEST_P(StaleIfErrorAfterRemovalTest, WhatWasExpiredFirstIsRemovedAllTheSame) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_, options_);
  invalidator_->invalidate_all({.mode = Mode::expire});
  invalidator_->settle();
  remove();
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_, options_), Down);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, StaleIfErrorAfterRemovalTest,
    ::testing::Values(Removal{"Key", [](auto& c) { c.invalidate("k", "p"); }},
                      Removal{"Tag", [](auto& c) { c.invalidate_tag("t"); }},
                      Removal{"TagIn", [](auto& c) { c.invalidate_tag_in("t", "p"); }},
                      Removal{"AllOf",
                              [](auto& c) {
                                c.invalidate_all_of({"t", "u"});
                              }},
                      Removal{"Namespace", [](auto& c) { c.invalidate_namespace("p"); }},
                      Removal{"All", [](auto& c) { c.invalidate_all(); }},
                      Removal{"Dependents", [](auto& c) { c.invalidate_dependents("table"); }},
                      Removal{"Matching", [](auto& c) { c.invalidate_matching("*", "p"); }},
                      Removal{"Prefix", [](auto& c) { c.invalidate_prefix("k", "p"); }},
                      Removal{"Version", [](auto& c) { c.bump_version("prompt"); }},
                      Removal{"Predicate",
                              [](auto& c) {
                                c.invalidate_if("p", [](const EntryDescription&) { return true; });
                              }}),
    [](const auto& one) { return one.param.name; });

TEST_F(StaleIfErrorTest, AReaderWhoJoinedAFailingLoadIsServedTheOldValueToo) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_);
  pass(2h);
  std::future<Handle<int>> joined;
  const PausePoint waits("waits_for_a_load", [] {});
  fail_after([&] {
    joined = std::async(std::launch::async, [&] { return p.get_or_load("k", origin_); });
    while (!waits.reached()) std::this_thread::yield();
  });
  EXPECT_EQ(p.get_or_load("k", origin_).staleness(), Staleness::load_failed);
  EXPECT_EQ(joined.get().staleness(), Staleness::load_failed);
  EXPECT_EQ(origin_.calls(), 2u);
}

TEST_F(StaleIfErrorTest, ABulkLoadThatFailsIsAnsweredWithOldValuesIfAllHaveOne) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h, retry_after_error: 0s}");
  p.put("a", 1);
  p.put("b", 2);
  pass(2h);
  const auto failing = [](std::span<const std::string_view>) -> std::vector<std::optional<int>> {
    throw Down();
  };
  const std::vector<std::string> both{"a", "b"};
  const auto old = p.get_many(both, failing);
  EXPECT_EQ(*old[0], 1);
  EXPECT_EQ(*old[1], 2);
  EXPECT_EQ(old[1].staleness(), Staleness::load_failed);
  EXPECT_EQ(stats().served_on_error, 2u);
  const std::vector<std::string> more{"a", "c"};
  EXPECT_THROW(p.get_many(more, failing), Down);
}

TEST_F(StaleIfErrorTest, ABulkLoadIsHeldBackForTheKeysThatHaveJustFailed) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.put("a", 1);
  pass(2h);
  fail();
  ASSERT_TRUE(p.get_or_load("a", origin_));
  std::vector<std::string> asked;
  const std::vector<std::string> both{"a", "b"};
  const auto found = p.get_many(both, [&](std::span<const std::string_view> missing) {
    asked.assign(missing.begin(), missing.end());
    return std::vector<std::optional<int>>(missing.size(), 7);
  });
  EXPECT_THAT(asked, ::testing::ElementsAre("b"));
  EXPECT_EQ(*found[0], 1);
  EXPECT_EQ(*found[1], 7);
}

TEST_F(StaleIfErrorTest, AfterAFailureTheOldValueIsServedForAWhileWithoutAnotherTry) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_);
  pass(2h);
  fail();
  ASSERT_TRUE(p.get_or_load("k", origin_));
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(p.get_or_load("k", origin_).staleness(), Staleness::load_failed);
  EXPECT_EQ(origin_.calls(), 2u);
  EXPECT_EQ(stats().loads_held_back, 10u);
  EXPECT_EQ(stats().served_on_error, 11u);
  clock_->advance(1s);  // retry_after_error
  EXPECT_EQ(p.get_or_load("k", origin_).staleness(), Staleness::fresh);
  EXPECT_EQ(origin_.calls(), 3u);
}

TEST_F(StaleIfErrorTest, WithoutAnOldValueEveryReaderTriesAgain) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_), Down);
  EXPECT_EQ(*p.get_or_load("k", origin_), 1);
}

TEST_F(StaleIfErrorTest, AnExceptionIsKeptForErrorTtlWhereThereIsNoOldValue) {
  auto p = cache("{ttl: 1h, error_ttl: 5s}");
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_), Down);
  EXPECT_THROW(p.get_or_load("k", origin_), Down);
  EXPECT_FALSE(p.get("k")) << "who does not load is told of no error";
  EXPECT_EQ(origin_.calls(), 1u);
  EXPECT_EQ(stats().errors_repeated, 1u);
  EXPECT_EQ(stats().loads_held_back, 1u);
  EXPECT_EQ(*p.get_or_load("other", origin_), 1) << "of its key alone";
  clock_->advance(5s);
  EXPECT_EQ(*p.get_or_load("k", origin_), 1);
}

TEST_F(StaleIfErrorTest, AnOldValueGoesBeforeAnExceptionThatIsKept) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h, retry_after_error: 1s, error_ttl: 1m}");
  p.get_or_load("k", origin_);
  pass(2h);
  fail();
  ASSERT_TRUE(p.get_or_load("k", origin_));
  clock_->advance(2s);
  origin_.set(2);
  EXPECT_EQ(*p.get_or_load("k", origin_), 2) << "it is tried again";
}

// What ends the memory of a failure.
struct End {
  std::string name;
  std::function<void(CacheInvalidator&)> make;
};
void PrintTo(const End& end, std::ostream* out) { *out << end.name; }

class FailureEndsTest : public StaleIfErrorTest, public ::testing::WithParamInterface<End> {};

TEST_P(FailureEndsTest, WhatTouchesTheKeyEndsTheKeptException) {
  auto p = cache("{ttl: 1h, error_ttl: 1h}");
  const auto load = [&](LoadContext& context) {
    context.tag("named");
    return origin_(context);
  };
  const EntryOptions options{.tags = {"t"}, .depends_on = {"table"}};
  fail();
  EXPECT_THROW(p.get_or_load("k", load, options), Down);
  EXPECT_THROW(p.get_or_load("k", load, options), Down);
  ASSERT_EQ(origin_.calls(), 1u);
  GetParam().make(*invalidator_);
  origin_.set(2);
  EXPECT_TRUE(p.get_or_load("k", load, options));
}

TEST_P(FailureEndsTest, WhatTouchesTheKeyWhileTheLoadFailsHasNothingKept) {
  auto p = cache("{ttl: 1h, error_ttl: 1h}");
  const EntryOptions options{.tags = {"t", "named"}, .depends_on = {"table"}};
  fail_after([&] { GetParam().make(*invalidator_); });
  EXPECT_THROW(p.get_or_load("k", origin_, options), Down);
  EXPECT_TRUE(p.get_or_load("k", origin_, options));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, FailureEndsTest,
    ::testing::Values(
        End{"Put", [](auto& c) { c.template cache<int>("p").put("k", 9); }},
        End{"Key", [](auto& c) { c.invalidate("k", "p"); }},
        End{"KeyExpired", [](auto& c) { c.invalidate("k", "p", {.mode = Mode::expire}); }},
        End{"Tag", [](auto& c) { c.invalidate_tag("t"); }},
        End{"TagExpired", [](auto& c) { c.invalidate_tag("t", {.mode = Mode::expire}); }},
        End{"TagOfTheLoader", [](auto& c) { c.invalidate_tag("named"); }},
        End{"Dependents", [](auto& c) { c.invalidate_dependents("table"); }},
        End{"Prefix", [](auto& c) { c.invalidate_prefix("k", "p"); }},
        End{"Namespace", [](auto& c) { c.invalidate_namespace("p"); }},
        End{"Predicate",
            [](auto& c) { c.invalidate_if("p", [](const EntryDescription&) { return false; }); }},
        End{"All", [](auto& c) { c.invalidate_all(); }}),
    [](const auto& one) { return one.param.name; });

TEST_F(StaleIfErrorTest, ALabelOfTheOldValueEndsTheHoldBackToo) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h, retry_after_error: 1h}");
  p.put("k", 1, {.tags = {"of the old"}});
  pass(2h);
  fail();
  ASSERT_TRUE(p.get_or_load("k", origin_));
  expire_tag("of the old");
  origin_.set(2);
  EXPECT_EQ(*p.get_or_load("k", origin_), 2);
}

TEST_F(StaleIfErrorTest, ARefreshThatFailsIsNotTriedAgainAtOnce) {
  auto p = cache("{ttl: 1h, soft_ttl: 30m, stale_if_error: 24h, retry_after_error: 10s}");
  p.get_or_load("k", origin_);
  clock_->advance(40min);
  fail();
  EXPECT_EQ(p.get_or_load("k", origin_).staleness(), Staleness::soft_deadline);
  executor_->run_ready();
  ASSERT_EQ(origin_.calls(), 2u);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(p.get_or_load("k", origin_).staleness(), Staleness::soft_deadline);
    executor_->run_ready();
  }
  EXPECT_EQ(origin_.calls(), 2u);
  clock_->advance(10s);
  p.get_or_load("k", origin_);
  executor_->run_ready();
  EXPECT_EQ(origin_.calls(), 3u);
  EXPECT_EQ(p.get("k").staleness(), Staleness::fresh);
}

TEST_F(StaleIfErrorTest, AnExpiredValueThatPolicyServesIsServedOnErrorPastItsHardDeadline) {
  auto p = cache("{ttl: 1h, soft_ttl: 30m, stale_if_error: 24h}");
  p.get_or_load("k", origin_, {.tags = {"t"}});
  expire_tag("t");
  EXPECT_EQ(p.get("k").staleness(), Staleness::expired);
  pass(2h);
  EXPECT_FALSE(p.get("k"));
  fail();
  EXPECT_EQ(p.get_or_load("k", origin_, {.tags = {"t"}}).staleness(), Staleness::load_failed);
}

TEST_F(StaleIfErrorTest, AnEntryThatWentIdleIsNotServed) {
  auto p = cache("{ttl: 1h, idle_ttl: 10m, stale_if_error: 24h}");
  p.get_or_load("k", origin_);
  pass(30min);
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_), Down);
}

TEST_F(StaleIfErrorTest, WhoSkipsTheCacheIsServedTheException) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h, error_ttl: 1h}");
  p.get_or_load("k", origin_);
  pass(2h);
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_, {.skip = {.read_l1 = true}}), Down);
  {
    const Bypass bypass;
    fail();
    EXPECT_THROW(p.get_or_load("k", origin_), Down);
  }
}

TEST_F(StaleIfErrorTest, AWriteIsNotMadeFromAnOldValue) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_);
  pass(2h);
  const auto transaction = invalidator_->begin_transaction();
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_), Down);
}

TEST_F(StaleIfErrorTest, WhatIsMadeOfAnOldValueIsAnsweredAndNotKept) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("part", origin_);
  pass(2h);
  fail();
  const auto whole = [&] { return *p.get_or_load("part", origin_) + 10; };
  EXPECT_EQ(*p.get_or_load("whole", whole), 11);
  EXPECT_FALSE(p.contains("whole"));
  EXPECT_EQ(stats().not_kept_stale, 1u);
}

TEST_F(StaleIfErrorTest, ALoaderThatWaitsForItselfIsToldSoAllTheSame) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_);
  pass(2h);
  std::function<int()> load = [&] { return *p.get_or_load("k", load); };
  EXPECT_THROW(p.get_or_load("k", load), RecursiveLoad);
}

TEST_F(StaleIfErrorTest, AnOldVersionIsServedToNobodyWhoAsksForAnother) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_, {.versions = {{"prompt", "v1"}}});
  pass(2h);
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_, {.versions = {{"prompt", "v2"}}}), Down);
}

TEST_F(StaleIfErrorTest, AReloadThatTakesTheAllowanceAwayTakesItFromWhatIsStored) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.get_or_load("k", origin_);
  pass(2h);
  invalidator_->reload_yaml("freshet: 1\nnamespaces:\n  p: {ttl: 1h, stale_if_error: 30m}\n");
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_), Down);
}

TEST_F(StaleIfErrorTest, AReloadThatGivesTheAllowanceCoversWhatIsStoredFromThen) {
  auto p = cache("{strategy: manual}");
  p.put("old", 1, {.tags = {"t"}});
  invalidator_->reload_yaml(
      "freshet: 1\nnamespaces:\n  p: {strategy: manual, stale_if_error: 1h}\n");
  p.put("new", 1, {.tags = {"t"}});
  expire_tag("t");
  origin_.fail_next(Down()).fail_next(Down());
  EXPECT_THROW(p.get_or_load("old", origin_), Down);
  EXPECT_TRUE(p.get_or_load("new", origin_));
}

TEST_F(StaleIfErrorTest, AnEvictedValueIsNotServed) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h, capacity: {entries: 1}, eviction: lru}");
  p.get_or_load("k", origin_);
  pass(2h);
  p.put("other", 2);
  fail();
  EXPECT_THROW(p.get_or_load("k", origin_), Down);
}

TEST_F(StaleIfErrorTest, ItIsGivenInCodeAsWell) {
  CacheInvalidator made = CacheInvalidator::builder()
                              .cache("p", TtlOptions{.ttl = 1h}, {.stale_if_error = 24h})
                              .build();
  auto p = made.cache<int>("p");
  p.put("k", 1, {.tags = {"t"}});
  made.invalidate_tag("t", {.mode = Mode::expire});
  fail();
  EXPECT_EQ(p.get_or_load("k", origin_).staleness(), Staleness::load_failed);
}

}  // namespace
}  // namespace freshet::testing
