// What the model test (tests/properties/cache_model_test.cpp) found, each in the fewest calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

class ModelFindingsTest : public CacheFixture {
 protected:
  ModelFindingsTest() {
    use(R"(
freshet: 1
namespaces:
  reports: {strategy: manual}
  pages: {strategy: ttl, ttl: 100s, soft_ttl: 40s}
)");
  }
};

TEST_F(ModelFindingsTest, WhatAPredicateHitsIsCountedAsRemovedByABan) {
  invalidator_->cache<int>("reports").put("r", 1);
  invalidator_->invalidate_if("reports", [](const EntryDescription&) { return true; });
  EXPECT_EQ(invalidator_->stats().total.removed_ban, 1U);
  EXPECT_EQ(invalidator_->stats().total.removed_explicit, 0U);
}

TEST_F(ModelFindingsTest, APredicateSeesTagsThatWereAddedLater) {
  invalidator_->cache<int>("reports").put("r", 1, {.tags = {"early"}});
  invalidator_->tag("r", "reports", {"late"});
  std::vector<std::string> tags;
  invalidator_->invalidate_if("reports", [&](const EntryDescription& entry) {
    tags.assign(entry.tags.begin(), entry.tags.end());
    return false;
  });
  EXPECT_THAT(tags, ::testing::UnorderedElementsAre("early", "late"));
}

TEST_F(ModelFindingsTest, ALeasedPutThatNamesTheFirstKeyAnybodyDependsOnMissesNoWriteOfIt) {
  const auto reports = invalidator_->cache<int>("reports");
  reports.put("source", 1);
  const Lease lease = reports.lease("report");
  reports.put("source", 2);  // the report is being made from the old one
  EXPECT_EQ(reports.put("report", 1, lease, {.depends_on = {"source"}}),
            StoreOutcome::refused_invalidated);
  EXPECT_FALSE(reports.contains("report"));
}

TEST_F(ModelFindingsTest,
       ALeasedPutIsRefusedByABanOfWhatItDependsOnInAnotherNamespaceThoughItWasRetired) {
  const auto reports = invalidator_->cache<int>("reports");
  const auto pages = invalidator_->cache<int>("pages");
  reports.put("other", 1, {.depends_on = {"pages/p:1"}});
  pages.put("p:1", 1);
  const Lease lease = reports.lease("report");
  invalidator_->invalidate_prefix("p", "pages");
  invalidator_->settle();
  ASSERT_EQ(invalidator_->stats().total.bans, 0U);
  EXPECT_EQ(reports.put("report", 1, lease, {.depends_on = {"pages/p:1"}}),
            StoreOutcome::refused_invalidated);
}

TEST_F(ModelFindingsTest, ALoaderThatLooksAtItsOwnKeyDoesNotMakeItsEntryDependOnItself) {
  const auto reports = invalidator_->cache<int>("reports");
  reports.get_or_load("a", [&] { return reports.contains("b") ? 1 : 2; });
  reports.put("b", 1, {.depends_on = {"a"}});  // takes a with it
  reports.get_or_load("a", [&] { return reports.contains("a") ? 1 : 2; });
  EXPECT_TRUE(reports.contains("a"));
  EXPECT_EQ(invalidator_->invalidate_dependents_of_key("a", "reports", {.dry_run = true}).count,
            0U);
}

TEST_F(ModelFindingsTest, ALoaderThatAsksWhetherAKeyIsThereDependsOnWhatTheEntryThereCarries) {
  const auto reports = invalidator_->cache<int>("reports");
  reports.put("b", 1, {.tags = {"t"}});
  reports.get_or_load("a", [&] { return reports.contains("b") ? 1 : 2; });
  invalidator_->invalidate_tag("t");
  EXPECT_FALSE(reports.contains("a"));
}

TEST_F(ModelFindingsTest, AnExpiredKeyIsNotMadeStaleASecondTime) {
  const auto pages = invalidator_->cache<int>("pages");
  pages.put("p", 1);
  pages.put("another", 1);
  EXPECT_EQ(invalidator_->invalidate("p", "pages", {.mode = Mode::expire}).count, 1U);
  EXPECT_TRUE(pages.contains("p"));
  EXPECT_EQ(invalidator_->invalidate("p", "pages").count, 0U);
  EXPECT_FALSE(pages.contains("p"));
}

}  // namespace
}  // namespace freshet::testing
