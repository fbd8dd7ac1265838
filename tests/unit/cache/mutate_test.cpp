// CacheInvalidator::mutate: what it answers, throws and reports. What is stale when: tests/guarantees/write_window_test.cpp.
#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>

#include "freshet/mutation.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

class MutateTest : public CacheFixture {
 protected:
  MutateTest() {
    use("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n  q: {ttl: 1h, soft_ttl: 45m}\n");
  }
  Cache<int> p() { return invalidator_->cache<int>("p"); }
};

TEST_F(MutateTest, AnswersWhatTheWriteAnswers) {
  int there = 0;
  EXPECT_EQ(invalidator_->mutate({.tags = {"t"}}, [] { return 7; }), 7);
  invalidator_->mutate({.tags = {"t"}}, [&]() -> int& { return there; }) = 3;
  EXPECT_EQ(there, 3);
  EXPECT_EQ(*invalidator_->mutate({.tags = {"t"}}, [] { return std::make_unique<int>(5); }), 5);
  const auto write = [&] { there = 9; };
  invalidator_->mutate({.tags = {"t"}}, write);
  EXPECT_EQ(there, 9);
}

TEST_F(MutateTest, TakesWhateverCanBeInvalidatedAndLeavesTheRest) {
  p().put("key", 1);
  p().put("tagged", 1, {.tags = {"t"}});
  p().put("dependent", 1, {.depends_on = {"r"}});
  p().put("versioned", 1, {.versions = {{"dep", "v1"}}});
  p().put("under:1", 1);
  p().put("other", 1);
  WriteReport report;
  invalidator_->mutate({.keys = {{"key", "p"}},
                        .tags = {"t"},
                        .dependents = {"r"},
                        .versions = {{"dep", "v2"}},
                        .targets = {Target::prefix("under", "p")}},
                       [] {}, {.report = &report});
  EXPECT_EQ(report.before.count, 5u);
  for (const char* key : {"key", "tagged", "dependent", "versioned", "under:1"})
    EXPECT_FALSE(p().contains(key)) << key;
  EXPECT_TRUE(p().contains("other"));
  invalidator_->mutate({.namespaces = {"p"}}, [] {});
  EXPECT_FALSE(p().contains("other"));
}

TEST_F(MutateTest, ReportsWhatWentBeforeTheWriteAndAfterItAlsoWhenItThrows) {
  p().put("a", 1, {.tags = {"t"}});
  WriteReport report;
  const auto write = [&] {
    p().put("b", 1, {.tags = {"t"}});
    p().put("c", 1, {.tags = {"t"}});
    throw std::runtime_error("no");
  };
  EXPECT_THROW(invalidator_->mutate({.tags = {"t"}}, write, {.report = &report}),
               std::runtime_error);
  EXPECT_EQ(report.before.count, 1u);
  EXPECT_EQ(report.after.count, 2u);
  invalidator_->mutate({.tags = {"t"}}, [] {}, {.report = &report});
  EXPECT_EQ(report.before.count + report.after.count, 0u) << "of this write";
}

TEST_F(MutateTest, InvalidatesBeforeTheWriteOrAfterItAsTheOrderSays) {
  for (const Order order : {Order::before, Order::after, Order::around}) {
    p().put("k", 1, {.tags = {"t"}});
    bool there = false;
    WriteReport report;
    invalidator_->mutate({.tags = {"t"}},
                         [&] {
                           there = p().contains("k");
                           p().put("during", 1, {.tags = {"t"}});
                         },
                         {.order = order, .report = &report});
    EXPECT_EQ(there, order == Order::after);
    EXPECT_EQ(p().contains("during"), order == Order::before);
    EXPECT_EQ(report.before.count, order == Order::after ? 0u : 1u);
    p().invalidate("during");
  }
}

TEST_F(MutateTest, RefusesWhatCannotBeInvalidatedBeforeAnythingHasHappened) {
  p().put("k", 1, {.tags = {"t"}});
  bool written = false;
  const auto write = [&] { written = true; };
  EXPECT_THROW(invalidator_->mutate({.tags = {"t", ""}}, write), InvalidName);
  EXPECT_THROW(invalidator_->mutate({.keys = {{"k", "nowhere"}}, .tags = {"t"}}, write),
               UnknownNamespace);
  EXPECT_THROW(
      invalidator_->mutate({.tags = {"t"}, .targets = {Target::matching("[", "p")}}, write),
      InvalidName);
  EXPECT_FALSE(written);
  EXPECT_TRUE(p().contains("k"));
}

TEST_F(MutateTest, WhatItExpiresMayBeServedMarkedAsStaleWherePolicyServesThat) {
  const auto q = invalidator_->cache<int>("q");
  q.put("k", 1, {.tags = {"t"}});
  p().put("k", 1, {.tags = {"t"}});
  invalidator_->mutate({.tags = {"t"}}, [] {}, {.mode = Mode::expire});
  EXPECT_EQ(q.get("k").staleness(), Staleness::expired);
  EXPECT_FALSE(p().contains("k"));
}

TEST_F(MutateTest, TheNoticesHaveTheCause) {
  std::vector<std::string> causes;
  const auto connection = invalidator_->on_notice(
      NoticeKind::invalidated, [&](const CacheNotice& notice) { causes.push_back(notice.cause); },
      Delivery::in_place);
  invalidator_->mutate({.tags = {"t"}}, [] {}, {.cause = "rename"});
  EXPECT_THAT(causes, ::testing::ElementsAre("rename", "rename"));
}

TEST_F(MutateTest, WhatAnnouncesTheOldVersionIsRefusedAfterwardsAndTheNewOneIsCurrent) {
  invalidator_->mutate({.versions = {{"dep", "v2"}}}, [] {});
  EXPECT_EQ(p().put("old", 1, {.versions = {{"dep", "v1"}}}), StoreOutcome::refused_version);
  EXPECT_EQ(p().put("new", 1, {.versions = {{"dep", "v2"}}}), StoreOutcome::stored);
  EXPECT_EQ(invalidator_->invalidate_version("dep", "v2").count, 0u);
  EXPECT_TRUE(p().contains("new"));
}

}  // namespace
}  // namespace freshet::testing
