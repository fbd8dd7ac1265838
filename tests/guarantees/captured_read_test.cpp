// G1 of what is made of other entries: a value that was made of something stale is not kept, whichever way it came by it.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>

#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

class CapturedReadTest : public CacheFixture {};

// Found by the histories: a page that began to be made between the two words of a raise read the old fragment and was kept.
TEST_F(CapturedReadTest, AValueMadeWhileATagIsRaisedOfWhatTheTagTakesIsNotKept) {
  use("freshet: 1\nnamespaces: {pages: {strategy: manual}}");
  auto pages = invalidator_->cache<std::string>("pages");
  pages.put("fragment", "old", {.tags = {"users"}});
  // From the first captured read on, writes of keys leave traces; starting that would wait for the raise.
  pages.get_or_load("another page", [&] { return *pages.get("fragment"); });
  PausePoint pause("published_stored", [&] {
    std::thread([&] {
      pages.get_or_load("page", [&] {
        const auto fragment = pages.get("fragment");
        return "page of " + (fragment ? *fragment : "new");
      });
    }).join();
  });
  invalidator_->invalidate_tag("users");
  ASSERT_TRUE(pause.reached());
  const auto page = pages.get("page");
  EXPECT_TRUE(!page || *page == "page of new") << *page;
}

// Found by the histories: only the inner of two nested loads was not kept.
TEST_F(CapturedReadTest, WhatIsMadeOfSomethingMadeOfSomethingStaleIsNotKeptEither) {
  use("freshet: 1\nnamespaces: {pages: {strategy: ttl, ttl: 1h, soft_ttl: 30m}}");
  auto pages = invalidator_->cache<std::string>("pages");
  pages.put("fragment", "old", {.tags = {"users"}});
  invalidator_->invalidate_tag("users", {.mode = Mode::expire});
  const auto book = pages.get_or_load(
      "book", [&] { return *pages.get_or_load("page", [&] { return *pages.get("fragment"); }); });
  EXPECT_EQ(*book, "old") << "the fragment is served, and what is made of it answered";
  EXPECT_FALSE(pages.contains("page"));
  EXPECT_FALSE(pages.contains("book"));
}

// The key is held before it is read: a write that comes between the two leaves its mark.
TEST_F(CapturedReadTest, AWriteBetweenTheCaptureOfAKeyAndItsReadIsNotMissed) {
  use("freshet: 1\nnamespaces: {pages: {strategy: manual}}");
  auto pages = invalidator_->cache<std::string>("pages");
  pages.put("fragment", "old");
  PausePoint pause("key_captured_before_read",
                   [&] { std::thread([&] { pages.put("fragment", "new"); }).join(); });
  const auto page = pages.get_or_load("page", [&] { return *pages.get("fragment"); });
  ASSERT_TRUE(pause.reached());
  EXPECT_EQ(*page, "new") << "it is read after it was held";
  EXPECT_FALSE(pages.contains("page")) << "the page was begun before the fragment was written";
  pages.get_or_load("page", [&] { return *pages.get("fragment"); });
  EXPECT_TRUE(pages.contains("page"));
}

// What was not there has no labels but its key's.
TEST_F(CapturedReadTest, APageMadeOfAFragmentThatWasMissingIsNotKeptIfItCameMeanwhile) {
  use("freshet: 1\nnamespaces: {pages: {strategy: manual}}");
  auto pages = invalidator_->cache<std::string>("pages");
  const auto page_of = [&](auto&& meanwhile) {
    pages.get_or_load("page", [&] {
      const bool missing = !pages.get("fragment") && !pages.contains("fragment");
      EXPECT_TRUE(missing);
      meanwhile();
      return std::string("without it");
    });
    return pages.contains("page");
  };
  EXPECT_FALSE(page_of([&] { pages.put("fragment", "here"); }));
  pages.invalidate("fragment");
  EXPECT_FALSE(page_of([&] { pages.invalidate("fragment"); }));
  EXPECT_TRUE(page_of([] {}));
}

// The labels of what was read may be gone with it before the page is done; they come back with their floors.
TEST_F(CapturedReadTest, ATagThatWentWithItsOnlyEntryWhileAPageWasMadeStillRefusesThePage) {
  use("freshet: 1\nnamespaces: {pages: {strategy: manual}}");
  auto pages = invalidator_->cache<std::string>("pages");
  pages.get_or_load("page", [&](LoadContext& load) {
    pages.put("fragment", "old", {.tags = {"users"}});
    invalidator_->invalidate_tag("users");
    invalidator_->settle();
    EXPECT_EQ(invalidator_->stats().total.tags, 0u) << "nobody carries it any more";
    load.tag("users");
    return std::string("made of the old users");
  });
  EXPECT_FALSE(pages.contains("page"));
}

// What the fragment depends on now is not what the page was made of.
TEST_F(CapturedReadTest, APageGoesByWhatItsFragmentDependedOnWhenItWasRead) {
  use("freshet: 1\nnamespaces: {pages: {strategy: manual}}");
  auto pages = invalidator_->cache<std::string>("pages");
  const auto load_fragment = [&](const std::string& row) {
    pages.get_or_load("fragment", [&] { return row; },
                      {.depends_on = {row}, .skip = {.read_l1 = true}});
  };
  load_fragment("row 1");
  pages.get_or_load("page", [&] { return *pages.get("fragment"); });
  load_fragment("row 2");
  EXPECT_TRUE(pages.get("page")) << "nothing that it was made of was invalidated";
  invalidator_->invalidate_dependents("row 1");
  EXPECT_FALSE(pages.get("page"));
  EXPECT_TRUE(pages.get("fragment"));
}

// A lease is no load under way, so a ban does not wait for it.
TEST_F(CapturedReadTest, ALeaseFromBeforeABanThatHasGoneIsRefusedToWhatIsMadeOfABannedKey) {
  use("freshet: 1\nnamespaces: {users: {strategy: manual}, pages: {strategy: manual}}");
  auto pages = invalidator_->cache<std::string>("pages");
  const EntryOptions options{.depends_on = {"users/user:1"}};
  pages.put("another page", "x", options);
  const Lease lease = pages.lease("page");
  invalidator_->invalidate_prefix("user", "users");
  invalidator_->settle();
  ASSERT_EQ(invalidator_->stats().total.bans, 0u);
  EXPECT_EQ(pages.put("page", "old", lease, options), StoreOutcome::refused_invalidated);
}

// Before the first entry depends on a key of a namespace, writes of its keys leave no trace.
TEST_F(CapturedReadTest, ALeaseIsRefusedToTheFirstThatDependsOnAKeyAndMayHaveReadItBefore) {
  use("freshet: 1\nnamespaces: {pages: {strategy: manual}}");
  auto pages = invalidator_->cache<std::string>("pages");
  const Lease lease = pages.lease("page");
  pages.put("fragment", "new");
  const StoreOutcome outcome =
      pages.put("page", "made of the old fragment", lease, {.depends_on = {"fragment"}});
  EXPECT_EQ(outcome, StoreOutcome::refused_invalidated);
}

}  // namespace
}  // namespace freshet::testing
