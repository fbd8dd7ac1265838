// Labels that meet a raise, a replacement or a bulk load half-way.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

class LabelRaceTest : public CacheFixture {
 protected:
  LabelRaceTest() {
    use(R"(
freshet: 1
namespaces:
  pages: {strategy: manual}
  fed: {strategy: ttl, ttl: 1h, soft_ttl: 45m}
  lagging: {strategy: manual, hold_off: 100ms}
)");
  }
  Cache<int> pages() { return invalidator_->cache<int>("pages"); }
};

// The other call has made the version current, and what was made with the old one is not stale yet.
TEST_F(LabelRaceTest, ACallThatFindsItsVersionSetReturnsOnceThatIsInForce) {
  const Cache<int> view = pages();
  view.put("p", 1, {.versions = {{"model", "v3"}}});
  ASSERT_TRUE(view.get("p"));
  std::atomic<bool> over = false;
  std::atomic<bool> stale = false;
  std::thread other;
  {
    const PausePoint set("version_raised", [&] {
      other = std::thread([&] {
        invalidator_->invalidate_version("model", "v4");
        stale = static_cast<bool>(view.get("p"));
        over = true;
      });
      for (int i = 0; i < 10'000 && !over; ++i) std::this_thread::yield();
    });
    invalidator_->invalidate_version("model", "v4");
    EXPECT_TRUE(set.reached());
  }
  other.join();
  EXPECT_FALSE(stale);
}

// The raise has its number and has not moved the revision: the tag comes after it.
TEST_F(LabelRaceTest, ATagThatIsAddedWhileItIsRaisedIsNoReasonToGoLater) {
  pages().put("p", 1);
  pages().put("carrier", 1, {.tags = {"t"}});
  pages().put("other", 1, {.tags = {"u"}});
  {
    const PausePoint raised("published_stored",
                            [&] { EXPECT_TRUE(invalidator_->tag("p", "pages", {"t"})); });
    invalidator_->invalidate_tag("t");
    EXPECT_TRUE(raised.reached());
  }
  EXPECT_TRUE(pages().get("p"));
  invalidator_->invalidate_tag("u");  // everybody looks again
  EXPECT_TRUE(pages().get("p"));
  invalidator_->invalidate_tag("t");
  EXPECT_FALSE(pages().get("p"));
}

TEST_F(LabelRaceTest, ATagThatIsAddedDuringARefreshIsOnWhatTheRefreshStores) {
  const Cache<int> fed = invalidator_->cache<int>("fed");
  int loads = 0;
  fed.bind_loader([&](std::string_view) {
    EXPECT_TRUE(invalidator_->tag("k", "fed", {"late"}));
    EXPECT_TRUE(invalidator_->add_dependency("k", "fed", "row"));
    return ++loads;
  });
  for (const char* label : {"late", "row"}) {
    fed.put("k", 0);
    clock_->advance(46min);
    ASSERT_TRUE(fed.get("k").stale());
    executor_->run_ready();
    ASSERT_EQ(*fed.get("k"), loads);
    if (label == std::string_view("late")) {
      invalidator_->invalidate_tag("late");
    } else {
      invalidator_->invalidate_dependents("row");
    }
    EXPECT_FALSE(fed.get("k")) << label;
  }
}

// It has the tag beside the labels that it was made with, which is all that those who share a load look at.
TEST_F(LabelRaceTest, WhatALeaderFindsStoredGoesToNobodyWhoCameAfterItsTagWasRaised) {
  std::optional<PausePoint> boards;
  std::optional<PausePoint> finds;
  std::optional<PausePoint> joins;
  std::thread later;
  std::atomic<bool> waits = false;
  int shared = 0;
  const auto come_later = [&] {
    invalidator_->invalidate_tag("late");
    joins.emplace("waits_for_a_load", [&] { waits = true; });
    later = std::thread([&] { shared = *pages().get_or_load("k", [] { return 3; }); });
    for (int i = 0; i < 1'000'000 && !waits; ++i) std::this_thread::yield();
  };
  boards.emplace("about_to_board", [&] {
    pages().put("k", 1);
    invalidator_->tag("k", "pages", {"late"});
    finds.emplace("found_before_load", come_later);
  });
  EXPECT_EQ(*pages().get_or_load("k", [] { return 2; }), 1);
  later.join();
  EXPECT_TRUE(waits);
  EXPECT_EQ(shared, 3);
}

TEST_F(LabelRaceTest, ATagThatWasAddedBeforeALoadIsOfNoConcernToWhatThatStores) {
  pages().put("k", 1);
  invalidator_->tag("k", "pages", {"late"});
  pages().put("other", 1, {.tags = {"u"}});
  invalidator_->invalidate_tag("u");
  const Lease lease = pages().lease("k");
  ASSERT_EQ(pages().put("k", 2, lease), StoreOutcome::stored);
  invalidator_->invalidate_tag("late");
  EXPECT_TRUE(pages().get("k"));
}

TEST_F(LabelRaceTest, ABulkReadPutsTheLabelsThatItNamesOnWhatItFinds) {
  const auto none = [](std::span<const std::string_view> keys) {
    return std::vector<std::optional<int>>(keys.size());
  };
  pages().put("k", 1);
  EntryOptions options;
  options.tags = {"t"};
  options.depends_on = {"row"};
  ASSERT_TRUE(pages().get_many(std::vector<std::string>{"k"}, none, options).front());
  invalidator_->invalidate_tag("t");
  EXPECT_FALSE(pages().get("k"));
  pages().put("k", 2);
  ASSERT_TRUE(pages().get_many(std::vector<std::string>{"k"}, none, options).front());
  invalidator_->invalidate_dependents("row");
  EXPECT_FALSE(pages().get("k"));
}

// The key is depended on, so that there is a place within the write at which time can pass.
TEST_F(LabelRaceTest, AHoldOffCountsFromTheEndOfTheWrite) {
  const Cache<int> lagging = invalidator_->cache<int>("lagging");
  pages().put("page", 1, {.depends_on = {"lagging/k"}});
  const auto kept_after = [&](auto write) {
    {
      const PausePoint within("published_stored", [&] { clock_->advance(30ms); });
      write();
      EXPECT_TRUE(within.reached());
    }
    clock_->advance(90ms);
    lagging.get_or_load("k", [] { return 7; });
    const Handle<int> kept = lagging.get("k");
    clock_->advance(1s);
    return kept && *kept == 7;
  };
  EXPECT_FALSE(kept_after([&] { invalidator_->invalidate("k", "lagging"); }));
  pages().put("page", 1, {.depends_on = {"lagging/k"}});
  EXPECT_FALSE(kept_after([&] { lagging.put("k", 1, {.ttl = 50ms}); }));
}

}  // namespace
}  // namespace freshet::testing
