// B22, C15, C19, E12: limits on labels, hold-off, skipped tiers, label drift.
#include <gmock/gmock.h>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

class LabelLimitTest : public CacheFixture {
 protected:
  Cache<int> open(std::string_view labels) {
    use(std::string("freshet: 1\nnamespaces: {n: {strategy: manual, labels: ") +
        std::string(labels) + "}, t: {strategy: ttl, ttl: 1h, labels: " + std::string(labels) +
        "}}");
    return invalidator_->cache<int>("n");
  }
  const EntryOptions three_{.tags = {"a", "b", "c"}};
};

TEST_F(LabelLimitTest, WhatCollapsesGoesWithAnyInvalidationItMightHaveBeenHitBy) {
  auto cache = open("{per_entry: 2, overflow: collapse}");
  EXPECT_TRUE(is_stored(cache.put("k", 1, three_)));
  EXPECT_EQ(invalidator_->stats().total.labels_overflowed, 1u);
  invalidator_->invalidate_tag("c");
  EXPECT_FALSE(cache.contains("k"));
  cache.put("k", 1, three_);
  invalidator_->invalidate_dependents("anything");
  EXPECT_FALSE(cache.contains("k"));
}

TEST_F(LabelLimitTest, WhatIsWithinTheLimitIsNotHitByOthers) {
  auto cache = open("{per_entry: 3, overflow: collapse}");
  cache.put("k", 1, three_);
  cache.put("over", 1, {.tags = {"a", "b", "c", "d"}});
  invalidator_->invalidate_tag("unrelated");
  EXPECT_TRUE(cache.contains("k"));
  EXPECT_FALSE(cache.contains("over"));
}

TEST_F(LabelLimitTest, WhatIsRejectedIsAnsweredAndNotKept) {
  auto cache = open("{per_entry: 2, overflow: reject}");
  EXPECT_EQ(cache.put("k", 1, three_), StoreOutcome::refused_labels);
  EXPECT_EQ(*cache.get_or_load(
                "k", [] { return 1; }, three_),
            1);
  EXPECT_FALSE(cache.contains("k"));
  EXPECT_EQ(invalidator_->stats().total.refused_labels, 2u);
}

TEST_F(LabelLimitTest, WhereOnlyTimeCountsTheLabelsBeyondTheLimitDoNot) {
  open("{per_entry: 2, overflow: ttl_only}");
  auto timed = invalidator_->cache<int>("t");
  EXPECT_TRUE(is_stored(timed.put("k", 1, three_)));
  invalidator_->invalidate_tag("c");
  EXPECT_TRUE(timed.contains("k"));
  invalidator_->invalidate_tag("a");
  EXPECT_FALSE(timed.contains("k"));
  EXPECT_EQ(invalidator_->cache<int>("n").put("k", 1, three_), StoreOutcome::refused_labels)
      << "nothing would ever end it";
}

TEST_F(LabelLimitTest, LabelsInAllAreLimitedToo) {
  auto cache = open("{in_all: 4, overflow: collapse}");  // two namespaces' labels, and two tags
  invalidator_->cache<int>("t");
  for (int i = 0; i < 100; ++i)
    cache.put(std::to_string(i), i, {.tags = {"t" + std::to_string(i)}});
  EXPECT_LE(invalidator_->stats().total.tags, 4u);
  EXPECT_TRUE(cache.contains("99"));
  invalidator_->invalidate_tag("t99");
  EXPECT_FALSE(cache.contains("99"));
}

class HoldOffTest : public CacheFixture {
 protected:
  HoldOffTest() {
    use(R"(
freshet: 1
namespaces:
  lagging: {strategy: manual, hold_off: 2s}
  prompt: {strategy: manual}
)");
  }
  bool kept(const std::string& name_space) {
    auto cache = invalidator_->cache<int>(name_space);
    cache.get_or_load("k", [] { return 1; }, {.tags = {"t"}, .depends_on = {"r"}});
    return cache.contains("k");
  }
};

TEST_F(HoldOffTest, WhatWasHitIsNotKeptForAWhile) {
  const std::vector<std::function<void()>> ways{
      [&] { invalidator_->invalidate("k", "lagging"); },
      [&] { invalidator_->invalidate_tag("t"); },
      [&] { invalidator_->invalidate_namespace("lagging"); },
      [&] { invalidator_->invalidate_all(); },
      [&] { invalidator_->invalidate_dependents("r"); },
      [&] { invalidator_->invalidate_prefix("k", "lagging"); },
      [&] { invalidator_->invalidate_matching("?", "lagging"); },
      [&] { invalidator_->invalidate_if("lagging", [](const EntryDescription&) { return true; }); },
      [&] {
        invalidator_->invalidate_prefix("k", "lagging");
        invalidator_->settle();
      },
  };
  for (std::size_t i = 0; i < ways.size(); ++i) {
    SCOPED_TRACE(i);
    clock_->advance(10s);
    ASSERT_TRUE(kept("lagging"));
    ways[i]();
    EXPECT_FALSE(kept("lagging"));
    clock_->advance(1999ms);
    EXPECT_FALSE(kept("lagging"));
    EXPECT_TRUE(kept("prompt"));
    clock_->advance(1ms);
    EXPECT_TRUE(kept("lagging"));
  }
  EXPECT_EQ(invalidator_->stats().total.refused_hold_off, 2 * ways.size());
}

TEST_F(HoldOffTest, WhatWasNotHitIsKept) {
  clock_->advance(10s);
  invalidator_->invalidate_tag("other");
  invalidator_->invalidate("elsewhere", "lagging");
  EXPECT_TRUE(kept("lagging"));
}

TEST_F(HoldOffTest, ALeaseTakenTooSoonIsRefused) {
  auto cache = invalidator_->cache<int>("lagging");
  clock_->advance(10s);
  cache.put("k", 1);
  cache.invalidate("k");
  const Lease early = cache.lease("k");
  clock_->advance(3s);
  EXPECT_EQ(cache.put("k", 2, early), StoreOutcome::refused_hold_off);
  EXPECT_TRUE(is_stored(cache.put("k", 2, cache.lease("k"))));
}

class SkipTest : public CacheFixture {
 protected:
  SkipTest() { use("freshet: 1\nnamespaces: {n: {strategy: manual}}"); }
  Cache<int> cache() { return invalidator_->cache<int>("n"); }
};

TEST_F(SkipTest, ATierThatIsSkippedIsNotReadAndNotFilled) {
  cache().put("k", 1);
  EXPECT_FALSE(cache().get("k", {.read_l1 = true}));
  const EntryOptions no_read{.skip = {.read_l1 = true}};
  EXPECT_EQ(*cache().get_or_load(
                "k", [] { return 2; }, no_read),
            2);
  EXPECT_EQ(*cache().get("k"), 2);
  const EntryOptions no_write{.tags = {"t"}, .skip = {.write_l1 = true}};
  EXPECT_EQ(*cache().get_or_load(
                "other", [] { return 3; }, no_write),
            3);
  EXPECT_FALSE(cache().contains("other"));
  EXPECT_EQ(cache().put("k", 4, no_write), StoreOutcome::skipped);
  EXPECT_FALSE(cache().contains("k")) << "the older value is not true any more";
  const std::vector<std::string> keys{"a"};
  const auto load = [](std::span<const std::string_view> missing) {
    return std::vector<std::optional<int>>(missing.size(), 5);
  };
  EXPECT_EQ(*cache().get_many(keys, load, no_write)[0], 5);
  EXPECT_FALSE(cache().contains("a"));
}

TEST_F(SkipTest, AnInvalidationThatSkipsThisTierLeavesIt) {
  cache().put("k", 1, {.tags = {"t"}});
  const InvalidateOptions skip{.skip = {.write_l1 = true}};
  EXPECT_EQ(invalidator_->invalidate("k", "n", skip).count, 0u);
  EXPECT_EQ(invalidator_->invalidate_tag("t", skip).count, 0u);
  EXPECT_EQ(invalidator_->invalidate_prefix("k", "n", skip).count, 0u);
  EXPECT_TRUE(cache().contains("k"));
}

TEST_F(SkipTest, LabelsThatDriftAreNoticedAndFollowed) {
  const auto load = [] { return 1; };
  cache().get_or_load("k", load, {.tags = {"a"}});
  cache().get_or_load("k", load, {.tags = {"a"}});
  EXPECT_EQ(invalidator_->stats().total.label_drifts, 0u);
  cache().get_or_load("k", load, {.tags = {"a", "b"}, .depends_on = {"r"}});
  EXPECT_EQ(invalidator_->stats().total.label_drifts, 1u);
  cache().get_or_load("k", load, {.tags = {"b", "a"}, .depends_on = {"r"}});
  EXPECT_EQ(invalidator_->stats().total.label_drifts, 1u) << "order says nothing";
  EXPECT_EQ(invalidator_->invalidate_tag("b").count, 1u);
  EXPECT_FALSE(cache().contains("k"));
}

}  // namespace
}  // namespace freshet::testing
