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
