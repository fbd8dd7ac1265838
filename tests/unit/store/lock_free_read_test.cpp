// Reads without a lock, overtaken at the worst places: what they are judged by may change and be forgotten while they look.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "support/pause_point.hpp"
#include "support/store_fixture.hpp"

namespace freshet::detail {
namespace {

using namespace std::chrono_literals;
using testing::PausePoint;

class LockFreeReadTest : public StoreFixture {
 protected:
  LockFreeReadTest() { make_store(Eviction::s3fifo, {.entries = 100, .bytes = 0}); }

  std::string visit(std::string_view name) {
    std::string seen;
    store_->visit(key(name), now_, rt::thread_number(),
                  [&](const void* value) { seen = *static_cast<const std::string*>(value); });
    return seen;
  }

  void ban(std::string prefix) {
    RaiseSet set;
    set.bans.push_back({.kind = Ban::Kind::prefix, .space = space_, .text = std::move(prefix)});
    freshness_.raise(set, Mode::remove);
  }
  /// Sweeps until all that is here was tested on the bans, and drops them.
  void forget_bans() {
    const Revision at = freshness_.published();
    while (store_->swept() < at) store_->sweep(now_, 100);
    freshness_.retire_bans([](const Label*, Revision) { return true; });
    ASSERT_EQ(freshness_.bans().size(), 0u);
  }
};

// The lock of a shard is not recursive: a reader that took it here would never return.
TEST_F(LockFreeReadTest, AHitAndAMissWaitForNoWriter) {
  put("a", "alpha");
  std::string hit;
  std::string visited;
  std::string miss = "untouched";
  const PausePoint pause("judged_half", [&] {  // within the next put, under the lock
    hit = get("a");
    visited = visit("a");
    miss = get("b");
  });
  put("c", "gamma", {"t"});
  EXPECT_TRUE(pause.reached());
  EXPECT_EQ(hit, "alpha");
  EXPECT_EQ(visited, "alpha");
  EXPECT_EQ(miss, "");
}

// Found by the simulation: the ban was retired, since everything that is here had been tested on it.
TEST_F(LockFreeReadTest, AnEntryThatWasSweptWhileItWasLookedAtIsAMissThoughTheBanIsForgotten) {
  put("user:1", "old");
  const PausePoint pause("found_before_judged", [&] {
    ban("user");
    forget_bans();
  });
  EXPECT_EQ(get("user:1"), "");
  EXPECT_TRUE(pause.reached());
}

// Found by a history of 56 million operations: whoever takes its place is what the sweep looks at.
TEST_F(LockFreeReadTest, AnEntryThatWasReplacedWhileItWasLookedAtIsNoHitThoughTheBanIsForgotten) {
  put("user:1", "old");
  const PausePoint pause("found_before_judged", [&] {
    ban("user");
    put("user:1", "new");
    forget_bans();
  });
  EXPECT_EQ(get("user:1"), "new");
  EXPECT_TRUE(pause.reached());
}

TEST_F(LockFreeReadTest, NorIsOneThatWasEvicted) {
  make_store(Eviction::lru, {.entries = 1, .bytes = 0});
  put("user:1", "old");
  const PausePoint pause("found_before_judged", [&] {
    ban("user");
    put("other", "new");
    forget_bans();
  });
  EXPECT_EQ(get("user:1"), "");
  EXPECT_TRUE(pause.reached());
}

// Found by a history of 1,178 million operations, of which one was a predicate. A reader has looked at what the page depends on; a
// raise of that has its watermark and is not published; to whoever collects then the page is dead. The reader notes that it was
// fresh, and so it is for those who come next, until the raise is published.
TEST_F(LockFreeReadTest, WhatARaiseUnderWayMakesStaleIsNotLeftBehindByWhoCollects) {
  const LabelRef part = freshness_.pin_key(space_, "part");
  const LabelRef table = freshness_.pin(LabelKind::resource, "table");
  freshness_.relate(part, std::array{table}, freshness_.revision());
  std::string value = "old";
  const EntryRef page = Entry::create(key("page"), {space_, part}, freshness_.revision(), now_,
                                      Deadlines{}, erase(value));
  store_->put(page, key("page"), now_);
  put("other", "", {"t"});
  raise(LabelKind::tag, "t");  // so that the reader has to look
  std::atomic<bool> raised = false, looked = false;
  std::optional<PausePoint> within_raise;
  std::thread raiser;
  std::size_t collected = 0;
  {
    const PausePoint ancestors_looked_at("judged_label_half", [&] {
      within_raise.emplace("label_raised", [&] {
        raised = true;
        raised.notify_one();
        looked.wait(false);
      });
      raiser = std::thread([&] { raise(LabelKind::resource, "table"); });
      raised.wait(false);
      collected = store_->collect(space_.get(), now_).size();
    });
    get("page");
  }
  EXPECT_EQ(get("page"), "");
  EXPECT_EQ(collected, 0u) << "nobody is asked about what is dead";
  looked = true;
  looked.notify_one();
  raiser.join();
  EXPECT_TRUE(within_raise->reached());
}

TEST_F(LockFreeReadTest, AValueIsNotReclaimedWhileItIsVisited) {
  put("a", "alpha");
  std::string seen;
  store_->visit(key("a"), now_, rt::thread_number(), [&](const void* value) {
    store_->invalidate(key("a"), Mode::remove, now_);
    store_->reclaim();
    seen = *static_cast<const std::string*>(value);
  });
  EXPECT_EQ(seen, "alpha");
  EXPECT_EQ(visit("a"), "");
  EXPECT_EQ(store_->reclaim(), 1u);
}

TEST_F(LockFreeReadTest, AValueIsNotReclaimedBetweenItsDiscoveryAndItsHandle) {
  put("a", "alpha");
  const PausePoint pause("found_before_shared", [&] {
    store_->invalidate(key("a"), Mode::remove, now_);
    EXPECT_EQ(store_->reclaim(), 0u);
  });
  EXPECT_EQ(get("a"), "alpha") << "the read began before the removal";
  EXPECT_EQ(get("a"), "");
}

TEST_F(LockFreeReadTest, WhatThrowsOutOfAVisitHoldsNothingBack) {
  put("a", "alpha");
  EXPECT_THROW(store_->visit(key("a"), now_, rt::thread_number(), [](const void*) { throw 1; }),
               int);
  store_->invalidate(key("a"), Mode::remove, now_);
  EXPECT_EQ(store_->reclaim(), 1u);
}

TEST_F(LockFreeReadTest, AVisitLeavesToTheLockWhatIsPastADeadlineOrStale) {
  const auto look = [&] {
    return store_->visit(key("a"), now_, rt::thread_number(), [](const void*) {});
  };
  EXPECT_EQ(look(), Visited::no);
  put("a", "alpha", {"t"}, now_ + 1s);
  EXPECT_EQ(look(), Visited::yes);
  raise(LabelKind::tag, "t");
  EXPECT_EQ(look(), Visited::unknown);
  put("a", "alpha", {}, now_ + 1s);
  now_ += 1s;
  EXPECT_EQ(look(), Visited::unknown);
}

// A load that begins after the raise would read what was there before the write, and be kept though it names the key late.
TEST_F(LockFreeReadTest, WhatAWriteIsAboutToTakeOutIsLeftToTheLock) {
  const LabelRef depended_on = freshness_.pin_key(space_, "other");
  put("a", "alpha");
  const auto look = [&] {
    return store_->visit(key("a"), now_, rt::thread_number(), [](const void*) {});
  };
  Visited seen = Visited::yes;
  {
    const PausePoint pause("published_stored", [&] { seen = look(); });
    put("a", "beta");
    EXPECT_TRUE(pause.reached());
  }
  EXPECT_EQ(seen, Visited::unknown);
  EXPECT_EQ(look(), Visited::yes) << "what took its place";
  {
    const PausePoint pause("published_stored", [&] { seen = look(); });
    store_->invalidate(key("a"), Mode::remove, now_);
  }
  EXPECT_EQ(seen, Visited::unknown);
}

TEST_F(LockFreeReadTest, AMissIsLeftToTheLockWhereAWriteMayHaveRaisedTheKey) {
  const auto look = [&] {
    return store_->visit(key("a"), now_, rt::thread_number(), [](const void*) {});
  };
  EXPECT_EQ(look(), Visited::no);
  const LabelRef depended_on = freshness_.pin_key(space_, "other");
  EXPECT_EQ(look(), Visited::unknown);
}

TEST_F(LockFreeReadTest, AnEntryThatStaysAfterAWriteIsNotMarkedAnyMore) {
  std::string value = "alpha";
  const EntryRef stays = Entry::create(key("a"), {space_}, freshness_.revision(), now_,
                                       Deadlines{now_ + 1s, now_ + 2s}, erase(value));
  store_->put(stays, key("a"), now_);
  bool marked = false;
  const LabelRef depended_on = freshness_.pin_key(space_, "other");
  const PausePoint pause("published_stored", [&] {
    marked = entry_of(stays).overtaken.load(std::memory_order_relaxed);
  });
  store_->invalidate(key("a"), Mode::expire, now_);
  EXPECT_TRUE(marked);
  EXPECT_FALSE(entry_of(stays).overtaken.load(std::memory_order_relaxed));
  EXPECT_TRUE(store_->find(key("a"), now_).expired);
}

}  // namespace
}  // namespace freshet::detail
