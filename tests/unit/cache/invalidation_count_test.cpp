// How sure the count of an invalidation is, and that nobody pays for it who should not.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cache/look_budget.hpp"
#include "support/cache_fixture.hpp"
#include "support/engine_access.hpp"

namespace freshet::testing {
namespace {

class InvalidationCountTest : public CacheFixture {
 protected:
  Cache<int> filled(int entries) {
    use("freshet: 1\n"
        "namespaces:\n"
        "  things: {strategy: manual, capacity: {entries: 200_000}}\n"
        "  pages: {strategy: manual}\n");
    auto cache = invalidator_->cache<int>("things");
    for (int i = 0; i < entries; ++i)
      cache.put(std::to_string(i), i, {.tags = {"own:" + std::to_string(i % 1000)}});
    return cache;
  }
};

TEST_F(InvalidationCountTest, ClearingALargeNamespaceCountsWhatDependsOnItsKeysAsWell) {
  auto things = filled(110'000);
  auto pages = invalidator_->cache<int>("pages");
  pages.put("a", 1, {.depends_on = {"things/1"}});
  pages.put("b", 1, {.depends_on = {"things/2", "things/3"}});
  pages.put("c", 1);
  const Invalidated cleared = invalidator_->invalidate_namespace("things");
  EXPECT_EQ(cleared.exactness, Exactness::at_most);
  EXPECT_GE(cleared.count, 110'002u);
  EXPECT_LE(cleared.count, 110'003u) << "b depends on two keys";
  EXPECT_FALSE(pages.get("a"));
  EXPECT_FALSE(pages.get("b"));
  EXPECT_TRUE(pages.get("c"));
}

// A view has a shorter way for a key that nobody depends on; what it answers and counts is the same.
TEST_F(InvalidationCountTest, AKeyThroughItsViewAndByItsNameAreTheSame) {
  struct Told {
    std::vector<Invalidated> answers;
    NamespaceStatistics counted;
  };
  const auto run = [this](bool through_view, int entries, bool depended_on) {
    auto things = filled(entries);
    auto pages = invalidator_->cache<int>("pages");
    if (depended_on) pages.put("a", 1, {.depends_on = {"things/1"}});
    Told told;
    const auto invalidate = [&](const std::string& key, const InvalidateOptions& options) {
      told.answers.push_back(through_view ? things.invalidate(key, options)
                                          : invalidator_->invalidate(key, "things", options));
    };
    invalidate("1", {});
    invalidate("1", {});
    invalidate("nobody", {});
    invalidate("2", {.dry_run = true});
    invalidate("2", {.mode = Mode::expire});
    invalidate("3", {.list = 1});
    invalidate("4", {.skip = {.write_l1 = true}});
    EXPECT_TRUE(things.get("4"));
    EXPECT_FALSE(things.get("2"));
    EXPECT_EQ(static_cast<bool>(pages.get("a")), false);
    told.counted = invalidator_->stats().total;
    return told;
  };
  for (const int entries : {100, 110'000}) {
    for (const bool depended_on : {false, true}) {
      const Told by_name = run(false, entries, depended_on);
      const Told by_view = run(true, entries, depended_on);
      for (std::size_t i = 0; i < by_name.answers.size(); ++i) {
        const Invalidated& one = by_view.answers[i];
        const Invalidated& other = by_name.answers[i];
        EXPECT_EQ(one.count, other.count) << entries << " " << depended_on << " " << i;
        EXPECT_EQ(one.exactness, other.exactness) << entries << " " << depended_on << " " << i;
        EXPECT_EQ(one.revision, other.revision) << entries << " " << depended_on << " " << i;
        EXPECT_EQ(one.entries.size(), other.entries.size()) << i;
      }
      EXPECT_EQ(by_view.counted.invalidations_key, by_name.counted.invalidations_key);
      EXPECT_EQ(by_view.counted.invalidated_by_key, by_name.counted.invalidated_by_key);
      EXPECT_EQ(by_view.counted.invalidation_rate.last_minute,
                by_name.counted.invalidation_rate.last_minute);
      EXPECT_EQ(by_view.counted.removed_explicit, by_name.counted.removed_explicit);
    }
  }
}

TEST_F(InvalidationCountTest, WhatDependedOnAKeyAndLeftIsNotCountedAnyMore) {
  auto things = filled(110'000);
  auto pages = invalidator_->cache<int>("pages");
  pages.put("a", 1, {.depends_on = {"things/1"}});
  invalidator_->invalidate("a", "pages");
  EXPECT_EQ(invalidator_->invalidate_namespace("things").count, 110'000u);
}

// Found by the simulation (late-keys-held, priority, seed 5862): the round that was open had passed some of them already.
TEST_F(InvalidationCountTest, ACountIsExactAlsoWhereASweepHadEndedHalfWay) {
  use("freshet: 1\nnamespaces:\n  things: {strategy: manual, capacity: {entries: 100}}\n");  // one shard
  auto things = invalidator_->cache<int>("things");
  things.put("part", 1, {.depends_on = {"row"}});
  for (int i = 0; i < 10; ++i)
    things.put(std::to_string(i), i, {.tags = {"made"}, .depends_on = {"part"}});
  things.put("other", 1, {.depends_on = {"another row"}});
  invalidator_->invalidate_dependents("another row");
  EngineAccess::blocks(*invalidator_).front()->store().sweep(clock_->now(), 6);
  things.put("part", 2);
  const Invalidated left = invalidator_->invalidate_tag("made", {.dry_run = true});
  EXPECT_EQ(left.count, 0u);
  EXPECT_EQ(left.exactness, Exactness::exact);
}

TEST_F(InvalidationCountTest, CallsThatComeTooFastToLookAtEachEntrySayAtMost) {
  auto things = filled(50'000);
  int exact = 0;
  for (int i = 0; i < 1000; ++i) {
    const Invalidated raised = invalidator_->invalidate_tag("own:" + std::to_string(i));
    EXPECT_EQ(raised.count, 50u);
    exact += raised.exactness == Exactness::exact ? 1 : 0;
  }
  EXPECT_GE(exact, 40);
  EXPECT_LT(exact, 50);
  clock_->advance(1s);
  EXPECT_EQ(invalidator_->invalidate_tag("own:1").exactness, Exactness::exact);
  EXPECT_FALSE(things.get("1"));
}

TEST(LookBudgetTest, EarnsByTheSecondAndSavesUpOnlySoMuch) {
  detail::LookBudget budget;
  const Instant start{std::chrono::hours(1)};
  EXPECT_TRUE(budget.left(start));
  budget.spend(detail::LookBudget::kMost + detail::LookBudget::kPerSecond);
  EXPECT_FALSE(budget.left(start + 999ms)) << "overdrawn by a second's worth";
  EXPECT_TRUE(budget.left(start + 1001ms));
  EXPECT_TRUE(budget.left(start + std::chrono::hours(1)));
  budget.spend(detail::LookBudget::kMost);
  EXPECT_FALSE(budget.left(start + std::chrono::hours(1)));
}

}  // namespace
}  // namespace freshet::testing
