// B6, B7, B8, C13: what an entry depends on, as users see it.
#include <gmock/gmock.h>

#include <optional>
#include <thread>

#include "support/cache_fixture.hpp"
#include "support/engine_access.hpp"

namespace freshet::testing {
namespace {

class DependencyTest : public CacheFixture {
 protected:
  DependencyTest() {
    use(R"(
freshet: 1
namespaces:
  tool: {strategy: ttl, ttl: 1h}
  soft: {strategy: ttl, ttl: 1h, soft_ttl: 30m}
  tiny: {strategy: manual, capacity: {entries: 1}}
)");
  }
  Cache<int> tool() { return invalidator_->cache<int>("tool"); }
  void store(const std::string& key, std::vector<std::string> on) {
    tool().put(key, 1, {.depends_on = std::move(on)});
  }
  bool has(std::string_view key) { return tool().contains(key); }
};

TEST_F(DependencyTest, TwoOfThreeAnalysisResultsGoWithTheFile) {
  store("lint", {"/src/main.py"});
  store("types", {"/src/main.py", "/src/util.py"});
  store("docs", {"/README.md"});
  EXPECT_EQ(invalidator_->invalidate_dependents("/src/main.py").count, 2u);
  EXPECT_FALSE(has("lint"));
  EXPECT_FALSE(has("types"));
  EXPECT_TRUE(has("docs"));
  const Statistics stats = invalidator_->stats();
  EXPECT_EQ(stats.total.invalidations_dependency, 1u);
  EXPECT_EQ(stats.total.invalidated_by_dependency, 2u);
  EXPECT_EQ(stats.total.dependent_entries, 1u);
  EXPECT_EQ(stats.total.resources, 1u);
}

TEST_F(DependencyTest, ACircleGoesWithTheCacheThoughAHandleOutlivesIt) {
  store("a", {"b"});
  store("b", {"a"});
  Handle<int> held = tool().get("b");  // the put of b took a, which was made from the old one
  ASSERT_TRUE(held);
  const auto labels = EngineAccess::freshness(*invalidator_).labels().weak_from_this();
  invalidator_.reset();
  EXPECT_EQ(*held, 1);
  EXPECT_FALSE(labels.expired()) << "the entry still carries labels";
  held = {};
  EXPECT_TRUE(labels.expired()) << "labels keep each other alive";
}

TEST_F(DependencyTest, DependenciesAreTransitive) {
  store("b", {"c"});
  store("a", {"b"});
  EXPECT_EQ(invalidator_->invalidate_dependents("c").count, 2u);
  EXPECT_FALSE(has("a"));
  EXPECT_FALSE(has("b"));
}

TEST_F(DependencyTest, TheOrderInWhichTheyAreStoredDoesNotMatter) {
  store("a", {"b"});
  tool().get_or_load("b", [] { return 1; }, {.depends_on = {"c"}});
  ASSERT_TRUE(has("a")) << "a load of b says nothing new about it";
  EXPECT_EQ(invalidator_->invalidate_dependents("c").count, 2u);
  EXPECT_FALSE(has("a"));
}

TEST_F(DependencyTest, CyclesAreHarmless) {
  store("a", {"b"});
  store("b", {"c"});
  store("c", {"a", "file"});
  store("a", {"b"});  // its put took c, which depends on it
  store("b", {"c"});
  store("c", {"a", "file"});
  store("other", {"elsewhere"});
  invalidator_->invalidate_dependents("file");
  EXPECT_FALSE(has("c"));
  EXPECT_TRUE(has("other"));
}

TEST_F(DependencyTest, ACycleOfEntriesStoredByLoadsGoesAsAWhole) {
  const auto load = [&](const std::string& key, const std::string& on, const std::string& file) {
    tool().get_or_load(key, [] { return 1; }, {.depends_on = {on, file}});
  };
  load("a", "b", "fa");
  load("b", "c", "fb");
  load("c", "a", "fc");
  EXPECT_EQ(invalidator_->invalidate_dependents("fb").count, 3u);
  for (const char* key : {"a", "b", "c"}) EXPECT_FALSE(has(key));
}

TEST_F(DependencyTest, AnEntryThatDependsOnItselfIsOneThatDoesNot) {
  store("a", {"a"});
  EXPECT_TRUE(has("a"));
  store("a", {"a"});
  EXPECT_TRUE(has("a"));
  EXPECT_EQ(invalidator_->invalidate_dependents("a").count, 1u) << "by the resource of that name";
}

TEST_F(DependencyTest, ThePutOfAKeyTakesWhatDependsOnIt) {
  store("b", {});
  store("a", {"b"});
  tool().put("b", 2);
  EXPECT_FALSE(has("a"));
  EXPECT_TRUE(has("b"));
}

TEST_F(DependencyTest, AKeyOfAScopeIsNamedInFull) {
  const Cache<int> session = tool().scoped("s1");
  const auto store_both = [&] {
    session.put("by_name", 1, {.depends_on = {"grep"}});
    session.put("in_full", 1, {.depends_on = {"s1:grep"}});
    session.get_or_load("by_loader", [](LoadContext& load) {
      load.depends_on("s1:grep");
      return 1;
    });
  };
  store_both();
  session.put("grep", 1);
  EXPECT_TRUE(session.contains("by_name")) << "it depends on the namespace's own key";
  EXPECT_FALSE(session.contains("in_full"));
  EXPECT_FALSE(session.contains("by_loader"));
  store_both();
  tool().put("grep", 1);
  EXPECT_FALSE(session.contains("by_name"));
  EXPECT_TRUE(session.contains("in_full"));
  EXPECT_TRUE(session.contains("by_loader"));
  store_both();
  tool().scoped("s2").put("grep", 1);
  EXPECT_TRUE(session.contains("by_name") && session.contains("in_full")) << "another scope's";
}

TEST_F(DependencyTest, AnotherNamespacesKeyIsNamedWithItsNamespace) {
  invalidator_->cache<int>("soft").put("a", 1, {.depends_on = {"tool/b"}});
  store("b", {});
  EXPECT_FALSE(invalidator_->cache<int>("soft").contains("a"));
}

TEST_F(DependencyTest, WhatAReloadNoLongerDependsOnExpiresWhoReadItBefore) {
  tool().get_or_load("b", [] { return 1; }, {.depends_on = {"c"}, .ttl = 5min});
  tool().get_or_load("a", [] { return 1; }, {.depends_on = {"b"}});
  clock_->advance(5min);
  tool().get_or_load("b", [] { return 2; }, {.depends_on = {"c"}, .ttl = 5min});
  EXPECT_TRUE(has("a")) << "nothing changed but b's age";
  clock_->advance(5min);
  tool().get_or_load("b", [] { return 2; }, {.depends_on = {"d"}});
  EXPECT_FALSE(has("a")) << "made when b depended on c";
  tool().get_or_load("a", [] { return 3; }, {.depends_on = {"b"}});
  EXPECT_TRUE(has("a"));
  invalidator_->invalidate_dependents("d");
  EXPECT_FALSE(has("a")) << "the new dependency counts";
}

TEST_F(DependencyTest, WhatExpiredSoIsStillRemovedByTheOldDependency) {
  auto soft = invalidator_->cache<int>("soft");
  tool().get_or_load("b", [] { return 1; }, {.depends_on = {"c"}, .ttl = 5min});
  soft.get_or_load("a", [] { return 1; }, {.depends_on = {"tool/b"}});
  clock_->advance(5min);
  tool().get_or_load("b", [] { return 2; }, {.depends_on = {"d"}});
  EXPECT_EQ(soft.get("a").staleness(), Staleness::expired);
  invalidator_->invalidate_dependents("c");
  EXPECT_FALSE(soft.get("a"));
}

TEST_F(DependencyTest, WhatAKeyDependedOnCountsAfterItsEntryWasEvicted) {
  auto tiny = invalidator_->cache<int>("tiny");
  tool().get_or_load("a", [] { return 1; }, {.depends_on = {"tiny/b"}});
  tiny.get_or_load("b", [] { return 1; }, {.depends_on = {"c"}});
  tiny.get_or_load("other", [] { return 1; });
  ASSERT_FALSE(tiny.contains("b"));
  invalidator_->invalidate_dependents("c");
  EXPECT_FALSE(has("a"));
}

TEST_F(DependencyTest, ADependencyAddedLaterCountsFromThenOn) {
  store("a", {});
  invalidator_->invalidate_dependents("file");
  EXPECT_TRUE(invalidator_->add_dependency("a", "tool", "file"));
  EXPECT_FALSE(invalidator_->add_dependency("missing", "tool", "file"));
  EXPECT_TRUE(has("a"));
  EXPECT_EQ(invalidator_->invalidate_dependents("file").count, 1u);
  EXPECT_FALSE(has("a"));
}

TEST_F(DependencyTest, WhatIsAddedToAnEntryCountsForWhoDependsOnIt) {
  store("b", {});
  store("a", {"b"});
  invalidator_->add_dependency("b", "tool", "file");
  EXPECT_EQ(invalidator_->invalidate_dependents("file").count, 2u);
  EXPECT_FALSE(has("a"));
}

TEST_F(DependencyTest, DryRunNamesWhatWouldGoAndWhy) {
  store("b", {"file"});
  store("a", {"b"});
  const Invalidated result =
      invalidator_->invalidate_dependents("file", {.dry_run = true, .list = 10});
  EXPECT_EQ(result.count, 2u);
  std::vector<std::string> said;
  for (const StaleEntry& entry : result.entries) said.push_back(entry.key + ": " + entry.reason);
  EXPECT_THAT(said, ::testing::UnorderedElementsAre("b: depends on file",
                                                    "a: depends on file through other entries"));
  EXPECT_TRUE(has("a"));
}

// C13

TEST_F(DependencyTest, APageMadeOfFragmentsGoesWithAnyFragmentsTag) {
  tool().put("header", 1, {.tags = {"menu"}});
  const auto page = [&] { return *tool().get("header") + 1; };
  tool().get_or_load("page", page);
  ASSERT_TRUE(has("page"));
  EXPECT_EQ(invalidator_->invalidate_tag("menu").count, 2u);
  EXPECT_FALSE(has("page"));
}

TEST_F(DependencyTest, AFragmentThatWasMissingIsCapturedToo) {
  tool().get_or_load("page", [&] { return tool().get("header") ? 1 : 0; });
  ASSERT_TRUE(has("page"));
  tool().put("header", 1);
  EXPECT_FALSE(has("page"));
}

TEST_F(DependencyTest, LoadsInsideLoadsAreCaptured) {
  tool().get_or_load("page", [&] {
    return *tool().get_or_load("part", [&] {
      return *tool().get_or_load("leaf", [] { return 1; }, {.depends_on = {"file"}});
    });
  });
  EXPECT_EQ(invalidator_->invalidate_dependents("file").count, 3u);
  EXPECT_FALSE(has("page"));
}

TEST_F(DependencyTest, WhatIsMadeOfSomethingStaleIsAnsweredAndNotKept) {
  auto soft = invalidator_->cache<int>("soft");
  soft.put("part", 7);
  soft.invalidate("part", {.mode = Mode::expire});
  const auto page = tool().get_or_load("page", [&] { return *soft.get("part"); });
  EXPECT_EQ(*page, 7);
  EXPECT_FALSE(has("page"));
  EXPECT_EQ(invalidator_->stats().total.not_kept_stale, 1u);
}

TEST_F(DependencyTest, AnEntryDoesNotOutliveWhatItWasMadeOfUnlessItSaysSo) {
  tool().put("part", 1, {.ttl = 5min});
  tool().get_or_load("page", [&] { return *tool().get("part"); });
  tool().get_or_load("copy", [&](LoadContext& load) {
    load.outlive_captured();
    return *tool().get("part");
  });
  clock_->advance(5min);
  EXPECT_FALSE(has("page"));
  EXPECT_TRUE(has("copy"));
}

TEST_F(DependencyTest, AnotherThreadReadsForTheLoadThatHandedItsCaptureOn) {
  tool().put("part", 1);
  tool().put("unseen", 1);
  tool().get_or_load("page", [&](LoadContext& load) {
    std::thread([&, capture = load.capture()] {
      const auto reads = capture.enter();
      tool().get("part");
    }).join();
    std::thread([&] { tool().get("unseen"); }).join();
    return 1;
  });
  tool().put("unseen", 2);
  EXPECT_TRUE(has("page"));
  tool().put("part", 2);
  EXPECT_FALSE(has("page"));
}

// A thread that was not joined in time holds nothing for an entry that was made without it.
TEST_F(DependencyTest, WhatIsReadThroughACaptureAfterItsLoadCountsForNothing) {
  std::optional<Capture> capture;
  tool().get_or_load("page", [&](LoadContext& load) {
    capture = load.capture();
    return 1;
  });
  tool().put("part", 1, {.tags = {"t"}});
  {
    const auto reads = capture->enter();
    tool().get("part");
  }
  tool().put("part", 2);
  EXPECT_TRUE(has("page"));
  EXPECT_EQ(invalidator_->stats().total.tags, 0u) << "the capture must not hold what it read late";
}

// A block for all names is no reason to take the part before a slash for the name of a namespace.
TEST_F(DependencyTest, WhereOnlyTheBlockForTheRestServesItANamespaceIsNotMeant) {
  use("freshet: 1\nnamespaces: {tool: {strategy: manual}, \"*\": {strategy: manual}}");
  store("page", {"row/1"});
  invalidator_->cache<int>("row").put("1", 1);
  EXPECT_TRUE(has("page"));
  tool().put("row/1", 1);
  EXPECT_FALSE(has("page"));
}

TEST_F(DependencyTest, CapturingCanBeTurnedOff) {
  tool().put("part", 1);
  tool().get_or_load("page", [&] { return *tool().get("part"); }, {.capture = false});
  tool().put("part", 2);
  EXPECT_TRUE(has("page"));
}

TEST_F(DependencyTest, ABulkLoadersReadsAreCapturedForEachOfItsKeys) {
  tool().put("part", 1);
  const std::vector<std::string> keys{"p1", "p2"};
  tool().get_many(keys, [&](std::span<const std::string_view> missing) {
    tool().get("part");
    return std::vector<std::optional<int>>(missing.size(), 1);
  });
  tool().put("part", 2);
  EXPECT_FALSE(has("p1"));
  EXPECT_FALSE(has("p2"));
}

}  // namespace
}  // namespace freshet::testing
