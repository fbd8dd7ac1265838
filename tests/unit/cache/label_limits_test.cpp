// Limits on labels: what an entry beyond them goes with, under each rule, and that nothing of it is ever served stale.
#include <gtest/gtest.h>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

constexpr std::uint64_t kPerEntry = 4;

class LabelLimitsTest : public CacheFixture {
 protected:
  void use_rule(LabelOverflow overflow, std::uint64_t in_all = 1'000'000) {
    Components components;
    components.clock = clock_;
    components.executor = executor_;
    components.random = make_random_source(1);
    const BlockOptions block{
        .labels = {.per_entry = kPerEntry, .in_all = in_all, .overflow = overflow}};
    const BlockOptions roomy{.labels = {.in_all = in_all}};
    invalidator_.emplace(CacheInvalidator::builder()
                             .cache("narrow", ManualOptions{}, block)
                             .cache("timed", TtlOptions{.ttl = 1h}, block)
                             .cache("roomy", ManualOptions{}, roomy)
                             .components(components)
                             .build());
  }
  Cache<std::string> narrow() { return invalidator_->cache<std::string>("narrow"); }
  Cache<std::string> timed() { return invalidator_->cache<std::string>("timed"); }
  Cache<std::string> roomy() { return invalidator_->cache<std::string>("roomy"); }
  static std::vector<std::string> many(std::string_view stem, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back(std::string(stem) + std::to_string(i));
    return names;
  }
  NamespaceStatistics total() { return invalidator_->stats().total; }
};

TEST_F(LabelLimitsTest, ACollapsedEntryGoesWithATagBeyondItsLimit) {
  use_rule(LabelOverflow::collapse);
  narrow().put("k", "v", {.tags = many("t", 10)});
  invalidator_->invalidate_tag("t9");
  EXPECT_FALSE(narrow().get("k"));
}

TEST_F(LabelLimitsTest, ACollapsedEntryIsCountedAndListedWhereItGoes) {
  use_rule(LabelOverflow::collapse);
  narrow().put("k", "v", {.tags = many("t", 10)});
  roomy().put("other", "v");
  const Invalidated gone = invalidator_->invalidate_tag("t9", {.list = 10});
  EXPECT_EQ(gone.count, 1u);
  EXPECT_EQ(gone.exactness, Exactness::exact);
  EXPECT_EQ(gone.entries.size(), 1u);
}

TEST_F(LabelLimitsTest, ACollapsedEntryIsCountedWhereAPredicateTakesAKeyThatItMayDependOn) {
  use_rule(LabelOverflow::collapse);
  roomy().put("r9", "v");
  narrow().put("k", "v", {.depends_on = many("roomy/r", 10)});
  const auto all = [](const EntryDescription&) { return true; };
  EXPECT_EQ(invalidator_->invalidate_if("roomy", all, {.dry_run = true}).count, 2u);
  const Invalidated gone = invalidator_->invalidate_if("roomy", all, {.list = 10});
  EXPECT_EQ(gone.count, 2u);
  EXPECT_EQ(gone.entries.size(), 2u);
  EXPECT_FALSE(narrow().contains("k"));
}

TEST_F(LabelLimitsTest, ACollapsedEntryGoesWithTheNamespaceOfAKeyBeyondItsLimit) {
  use_rule(LabelOverflow::collapse);
  std::vector<std::string> resources = many("r", 10);
  resources.push_back("roomy/a");
  narrow().put("k", "v", {.depends_on = resources});
  EXPECT_TRUE(narrow().get("k"));
  invalidator_->invalidate_namespace("roomy");
  EXPECT_FALSE(narrow().get("k"));
}

TEST_F(LabelLimitsTest, ACollapsedEntryGoesWithThePrefixOfAKeyBeyondItsLimit) {
  use_rule(LabelOverflow::collapse);
  std::vector<std::string> resources = many("r", 10);
  resources.push_back("roomy/a:1");
  narrow().put("k", "v", {.depends_on = resources});
  invalidator_->invalidate_prefix("a", "roomy");
  EXPECT_FALSE(narrow().get("k"));
}

TEST_F(LabelLimitsTest, ACollapsedEntryGoesWithThePatternOfAKeyBeyondItsLimit) {
  use_rule(LabelOverflow::collapse);
  std::vector<std::string> resources = many("r", 10);
  resources.push_back("roomy/a:1");
  narrow().put("k", "v", {.depends_on = resources});
  invalidator_->invalidate_matching("a*", "roomy");
  EXPECT_FALSE(narrow().get("k"));
}

TEST_F(LabelLimitsTest, WhatDependsOnACollapsedEntryGoesWithWhatThatLeftOut) {
  use_rule(LabelOverflow::collapse);
  narrow().put("inner", "v", {.depends_on = many("r", 10)});
  roomy().put("outer", "v", {.depends_on = {"narrow/inner"}});
  EXPECT_TRUE(roomy().get("outer"));
  invalidator_->invalidate_dependents("r9");
  EXPECT_FALSE(narrow().get("inner"));
  EXPECT_FALSE(roomy().get("outer"));
}

TEST_F(LabelLimitsTest, AnInvalidationDuringALoadCountsForTheLabelsThatItsEntryLeavesOut) {
  use_rule(LabelOverflow::collapse);
  narrow().get_or_load("k",
                       [&] {
                         invalidator_->invalidate_tag("t9");
                         return std::string("old");
                       },
                       {.tags = many("t", 10)});
  EXPECT_FALSE(narrow().get("k"));
}

TEST_F(LabelLimitsTest, AnInvalidationDuringALoadCountsForTagsThatItsLoaderNamesLateAndLeavesOut) {
  use_rule(LabelOverflow::collapse);
  narrow().get_or_load("k", [&](LoadContext& load) {
    invalidator_->invalidate_tag("t9");
    for (const std::string& tag : many("t", 10)) load.tag(tag);
    return std::string("old");
  });
  EXPECT_FALSE(narrow().get("k"));
}

TEST_F(LabelLimitsTest, AVersionIsAnnouncedThoughTheEntryHasTooManyLabels) {
  use_rule(LabelOverflow::collapse);
  invalidator_->invalidate_version("prompt", "v2");
  const StoreOutcome outcome =
      narrow().put("k", "old", {.tags = many("t", 10), .versions = {{"prompt", "v1"}}});
  EXPECT_EQ(outcome, StoreOutcome::refused_version);
  EXPECT_FALSE(narrow().get("k"));
}

TEST_F(LabelLimitsTest, AnEntryByTimeThatReadACollapsedOneGoesWithIt) {
  use_rule(LabelOverflow::collapse);
  roomy().put("x", "v");
  narrow().put("inner", "v", {.tags = many("t", 10)});
  // Its own labels are few; it took what stands for the rest from what it read.
  timed().get_or_load("outer", [&] { return *narrow().get("inner"); });
  EXPECT_TRUE(timed().get("outer"));
  invalidator_->invalidate_tag("t9");
  EXPECT_FALSE(timed().get("outer"));
}

TEST_F(LabelLimitsTest, TagsAddedToAStoredEntryStopAtItsLimit) {
  use_rule(LabelOverflow::collapse);
  narrow().put("k", "v");
  for (const std::string& tag : many("t", 100)) invalidator_->tag("k", "narrow", {tag});
  EXPECT_LE(total().tags, kPerEntry);
  invalidator_->invalidate_tag("t99");
  EXPECT_FALSE(narrow().get("k"));
}

TEST_F(LabelLimitsTest, CallersThatNameEverNewTagsDoNotFillAnEntry) {
  use_rule(LabelOverflow::collapse);
  const auto load = [] { return std::string("v"); };
  for (const std::string& tag : many("t", 100)) narrow().get_or_load("k", load, {.tags = {tag}});
  EXPECT_LE(total().tags, kPerEntry);
}

TEST_F(LabelLimitsTest, TheLimitInAllTakesResourcesAndKeysToo) {
  use_rule(LabelOverflow::collapse, 50);
  for (int i = 0; i < 200; ++i)
    roomy().put("k" + std::to_string(i), "v", {.depends_on = {"r" + std::to_string(i)}});
  EXPECT_LE(total().resources, 50u);
  invalidator_->invalidate_dependents("r199");
  EXPECT_FALSE(roomy().get("k199"));
}

TEST_F(LabelLimitsTest, ACollapsedEntryExpiresByAnExpiry) {
  use(R"(
freshet: 1
namespaces:
  n: {strategy: ttl, ttl: 1h, soft_ttl: 30m, labels: {per_entry: 1, overflow: collapse}}
)");
  auto cache = invalidator_->cache<int>("n");
  cache.put("k", 1, {.tags = {"a", "b"}});
  invalidator_->invalidate_tag("b", {.mode = Mode::expire});
  EXPECT_EQ(cache.get("k").staleness(), Staleness::expired);
  EXPECT_TRUE(cache.get("k"));
  invalidator_->invalidate_tag("b");
  EXPECT_FALSE(cache.get("k"));
}

// A namespace, a resource and the key that it is written like: three labels.
TEST_F(LabelLimitsTest, TheLimitInAllIsReachedByTheLabelThatIsOneTooMany) {
  for (const std::uint64_t in_all : {2, 3}) {
    use("freshet: 1\nnamespaces: {n: {strategy: manual, labels: {in_all: " +
        std::to_string(in_all) + "}}}");
    invalidator_->cache<int>("n").put("k", 1, {.depends_on = {"r"}});
    EXPECT_EQ(total().labels_overflowed, in_all == 3 ? 0u : 1u);
  }
}

TEST_F(LabelLimitsTest, ALabelThatSomebodyCarriesAlreadyIsCarriedBeyondTheLimitInAllToo) {
  use(R"(
freshet: 1
namespaces:
  full: {strategy: manual, labels: {in_all: 1}}
  roomy: {strategy: manual}
)");
  auto full = invalidator_->cache<std::string>("full");
  roomy().put("a", "v", {.tags = {"t"}, .depends_on = {"full/k", "k"}});
  full.put("b", "v", {.tags = {"t"}, .depends_on = {"k"}});
  EXPECT_EQ(total().labels_overflowed, 0u);
  invalidator_->invalidate_tag("unrelated");
  EXPECT_TRUE(full.contains("b"));
  full.put("k", "v");
  EXPECT_FALSE(full.contains("b"));
}

}  // namespace
}  // namespace freshet::testing
