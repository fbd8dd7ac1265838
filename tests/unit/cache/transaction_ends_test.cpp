// Transactions that end while something else goes on, and what travels from them to loads, listeners and other caches.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <thread>

#include "cache/removal_listeners.hpp"
#include "freshet/request_context.hpp"
#include "freshet/transaction.hpp"
#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  p: {strategy: manual}
  q: {strategy: manual}
)";

class TransactionEndsTest : public CacheFixture {
 protected:
  TransactionEndsTest() { use(kPolicy); }
  Cache<int> p() { return invalidator_->cache<int>("p"); }
  template <class Work>
  static auto elsewhere(Work work) {
    return std::async(std::launch::async, work).get();
  }
  void put(const char* key, std::vector<std::string> tags = {}) {
    elsewhere([&] { p().put(key, 1, {.tags = std::move(tags)}); });
  }
  bool has(std::string_view key) {
    return elsewhere([&] { return p().contains(key); });
  }
  /// A row that is written, read and rolled back.
  int read_and_roll_back() {
    auto transaction = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("t");
    return *p().get_or_load("row", [] { return 2; });
  }
  /// Has another thread wait for the load of the page that runs here.
  void let_wait(std::thread& waiter) {
    waits_.emplace("waits_for_a_load", [] {});
    waiter = std::thread([&] { EXPECT_EQ(*p().get_or_load("page", [] { return 1; }), 1); });
    while (!waits_->reached()) std::this_thread::yield();
  }

  std::optional<PausePoint> waits_;  // outlives whoever is at it
};

TEST_F(TransactionEndsTest, WhatWasRolledBackReachesNobodyThroughALoadAroundALoad) {
  for (const bool bypasses : {false, true}) {
    std::thread waiter;
    p().get_or_load("page", [&] {
      let_wait(waiter);
      std::optional<Bypass> bypass;
      if (bypasses) bypass.emplace();
      return *p().get_or_load("part", [&] { return read_and_roll_back(); });
    });
    waiter.join();
    EXPECT_EQ(*p().get("page"), 1);
    EXPECT_FALSE(has("part"));
    p().invalidate("page");
  }
}

TEST_F(TransactionEndsTest, NorThroughALoadOfMany) {
  std::thread waiter;
  const std::vector<std::string> keys = {"page"};
  p().get_many(keys, [&](std::span<const std::string_view>) {
    let_wait(waiter);
    return std::vector<std::optional<int>>{
        *p().get_or_load("part", [&] { return read_and_roll_back(); })};
  });
  waiter.join();
  EXPECT_EQ(*p().get("page"), 1);
}

TEST_F(TransactionEndsTest, NorThroughALoadThatCapturesNothing) {
  const EntryOptions uncaptured{.capture = false};
  p().get_or_load(
      "page", [&] { return read_and_roll_back(); }, uncaptured);
  EXPECT_FALSE(has("page"));
  p().get_or_load("around", [&] {
    return *p().get_or_load(
        "part", [&] { return read_and_roll_back(); }, uncaptured);
  });
  EXPECT_FALSE(has("around") || has("part"));
  const std::vector<std::string> keys = {"many"};
  p().get_many(
      keys,
      [&](std::span<const std::string_view>) {
        return std::vector<std::optional<int>>{read_and_roll_back()};
      },
      uncaptured);
  EXPECT_FALSE(has("many"));
}

TEST_F(TransactionEndsTest, APutThatBeganInsideIsNotPublishedWhenItEndsMeanwhile) {
  put("k");
  std::unique_ptr<Transaction> transaction(new Transaction(invalidator_->begin_transaction()));
  std::promise<void> collects, has_ended;
  const PausePoint pause("transaction_collects", [&] {
    collects.set_value();
    has_ended.get_future().wait();
  });
  std::thread other([&, scopes = OpenScopes::here()] {
    const auto entered = scopes.enter();
    EXPECT_EQ(p().put("k", 2), StoreOutcome::skipped);
  });
  collects.get_future().wait();
  transaction.reset();  // rolls back, and nothing keeps loads apart any more
  has_ended.set_value();
  other.join();
  EXPECT_FALSE(has("k"));
}

TEST_F(TransactionEndsTest, AnInvalidationThatComesAsTheInnerOneEndsIsForTheOuterOne) {
  for (int kind = 0; kind < 3; ++kind) {
    put("a", {"t"});
    auto outer = invalidator_->begin_transaction();
    auto inner = invalidator_->begin_transaction();
    {
      PausePoint pause("transaction_collects", [&] { inner.rollback(); });
      if (kind == 0) invalidator_->invalidate_tag("t");
      if (kind == 1) invalidator_->mutate({.tags = {"t"}}, [] {});
      if (kind == 2) p().invalidate_if([](std::string_view, int) { return true; });
      EXPECT_TRUE(pause.reached());
    }
    EXPECT_TRUE(has("a")) << kind;
    outer.commit([&] { put("a", {"t"}); });
    EXPECT_FALSE(has("a")) << kind;
  }
}

TEST_F(TransactionEndsTest, AKeyThatIsPutInAnotherCacheGoesAgainAtTheCommit) {
  auto other = CacheInvalidator::from_yaml("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n");
  for (const bool commits : {true, false}) {
    auto transaction = other.begin_transaction();
    EXPECT_EQ(p().put("k", 2), StoreOutcome::skipped);
    put("k");  // another thread has loaded what is committed
    if (commits) transaction.commit([&] { EXPECT_FALSE(has("k")), put("k"); });
    transaction.rollback();
    EXPECT_EQ(has("k"), !commits);
  }
}

TEST_F(TransactionEndsTest, WhatAPostedHandlerInvalidatesIsCollectedToo) {
  const auto connection = invalidator_->register_event_handler(
      "changed", [&](const Event&) { invalidator_->invalidate_tag("t"); }, Delivery::posted);
  put("a", {"t"});
  {
    auto transaction = invalidator_->begin_transaction();
    invalidator_->emit("changed");
    executor_->run_ready();
    EXPECT_TRUE(has("a"));
    transaction.commit([&] { put("a", {"t"}); });
    EXPECT_FALSE(has("a"));
    put("a", {"t"});
  }
  auto transaction = invalidator_->begin_transaction();
  invalidator_->emit("changed");
  transaction.commit();
  EXPECT_TRUE(has("a"));
  executor_->run_ready();
  EXPECT_FALSE(has("a")) << "it came after the end";
}

TEST_F(TransactionEndsTest, AThreadThatAsksTheLoadForItsCaptureReadsInTheTransaction) {
  auto transaction = invalidator_->begin_transaction();
  p().get_or_load("page", [&](LoadContext& load) {
    return elsewhere([&] {
      const auto reads = load.capture().enter();
      return *p().get_or_load("row", [] { return 2; });
    });
  });
  EXPECT_FALSE(has("row"));
}

TEST_F(TransactionEndsTest, LoadsStayAloneAfterACommitThatThrew) {
  {
    auto transaction = invalidator_->begin_transaction();
    const auto commit = [] { throw std::runtime_error("connection lost"); };
    EXPECT_THROW(transaction.commit(commit), std::runtime_error);
    p().get_or_load("k", [] { return 2; });
    EXPECT_EQ(p().put("l", 2), StoreOutcome::skipped);
    EXPECT_FALSE(has("k") || has("l"));
    EXPECT_FALSE(invalidator_->invalidate_tag("t").collected);
  }
  p().get_or_load("k", [] { return 2; });
  EXPECT_TRUE(has("k"));
}

TEST_F(TransactionEndsTest, AndAfterARollback) {
  {
    auto transaction = invalidator_->begin_transaction();
    transaction.rollback();
    p().get_or_load("k", [] { return 2; });
    EXPECT_FALSE(has("k"));
  }
  p().get_or_load("k", [] { return 2; });
  EXPECT_TRUE(has("k"));
}

TEST_F(TransactionEndsTest, ACollectedPredicateReadsTheCache) {
  put("flag", {"t"}), put("a");
  auto transaction = invalidator_->begin_transaction();
  invalidator_->invalidate_tag("t");  // takes the flag, but later
  p().invalidate_if(
      [&](std::string_view key, int) { return key == "a" && static_cast<bool>(p().get("flag")); });
  transaction.commit();
  EXPECT_FALSE(has("a"));
}

TEST_F(TransactionEndsTest, WhatAPredicateLoadsIsNotKept) {
  put("a");
  auto transaction = invalidator_->begin_transaction();
  p().invalidate_if(
      [&](std::string_view, int) { return *p().get_or_load("row", [] { return 2; }) == 2; });
  transaction.commit([&] { EXPECT_FALSE(has("row")); });
}

TEST_F(TransactionEndsTest, AnInnerOneThatOutlivesACommitIsDeliveredByItsRollback) {
  auto outer = std::unique_ptr<Transaction>(new Transaction(invalidator_->begin_transaction()));
  auto inner = std::unique_ptr<Transaction>(new Transaction(invalidator_->begin_transaction()));
  invalidator_->invalidate_tag("t");
  outer->commit();
  put("a", {"t"});
  inner.reset();
  EXPECT_FALSE(has("a"));
}

TEST_F(TransactionEndsTest, WhatANoticeHandlerInvalidatesDoesNotGoWithTheRollback) {
  const auto connection = invalidator_->on_notice(
      NoticeKind::loaded, [&](const CacheNotice&) { invalidator_->invalidate_tag("t"); },
      Delivery::in_place);
  put("a", {"t"});
  {
    auto transaction = invalidator_->begin_transaction();
    p().get_or_load("k", [] { return 2; });
  }
  EXPECT_FALSE(has("a"));
}

TEST_F(TransactionEndsTest, InsideItsCommitItNeitherEndsNorCommits) {
  put("a", {"t"});
  auto transaction = invalidator_->begin_transaction();
  invalidator_->invalidate_tag("t");
  transaction.commit([&] {
    EXPECT_FALSE(transaction.rollback());
    EXPECT_THROW(transaction.commit(), ScopeEnded);
    EXPECT_TRUE(invalidator_->invalidate_tag("u").collected);
    put("a", {"t"});
  });
  EXPECT_FALSE(has("a"));
}

TEST_F(TransactionEndsTest, ALoaderMayEndTheScopeAroundIt) {
  p().get_or_load("page", [&] {
    auto bypass = std::make_unique<Bypass>();
    return *p().get_or_load("row", [&] { return bypass.reset(), 2; });
  });
  EXPECT_TRUE(has("page"));
  p().invalidate("row");
  EXPECT_FALSE(has("page"));
}

TEST_F(TransactionEndsTest, OneThatHasCommittedIsNotHandedOn) {
  auto transaction = invalidator_->begin_transaction();
  transaction.commit();
  EXPECT_NO_THROW(OpenScopes::here().enter());
}

TEST_F(TransactionEndsTest, AThreadInATransactionOfItsOwnThatEntersAnothersScopesLoadsAlone) {
  const OpenScopes none = elsewhere([] { return OpenScopes::here(); });
  auto transaction = invalidator_->begin_transaction();
  const auto entered = none.enter();
  p().get_or_load("k", [] { return 2; });
  EXPECT_FALSE(has("k"));
}

TEST_F(TransactionEndsTest, WhatCannotBeInvalidatedAfterTheWriteTakesAllAlong) {
  std::optional<PausePoint> pause;
  const auto write = [&] {
    put("a", {"t"});
    pause.emplace("invalidation_begins", [] { throw std::bad_alloc(); });
  };
  EXPECT_THROW(invalidator_->mutate({.tags = {"t"}}, write), std::bad_alloc);
  pause.reset();
  EXPECT_FALSE(has("a"));
  auto transaction = invalidator_->begin_transaction();
  invalidator_->invalidate_tag("t");
  EXPECT_THROW(transaction.commit(write), std::bad_alloc);
  pause.reset();
  EXPECT_FALSE(has("a"));
}

TEST_F(TransactionEndsTest, WhatCannotBeCollectedAfterAWriteTakesAllAlongAtTheCommit) {
  put("a", {"t"});
  std::optional<PausePoint> pause;
  auto transaction = invalidator_->begin_transaction();
  const auto write = [&] { pause.emplace("transaction_collects", [] { throw std::bad_alloc(); }); };
  EXPECT_THROW(invalidator_->mutate({.tags = {"t"}}, write, {.order = Order::after}),
               std::bad_alloc);
  pause.reset();
  EXPECT_TRUE(has("a"));
  transaction.commit();
  EXPECT_FALSE(has("a"));
}

TEST_F(TransactionEndsTest, WhatARemovalListenerLoadsBeforeTheCommitIsNotKept) {
  const auto connection = p().on_removal([&](std::string_view key, const int&, RemovalCause) {
    if (key == "first") p().get_or_load("seen", [] { return 2; });
  });
  for (std::size_t i = 0; i < detail::RemovalListeners::kMaxWaiting; ++i) {
    p().put(std::to_string(i), 1);
    p().invalidate(std::to_string(i));
  }
  put("first");
  auto transaction = invalidator_->begin_transaction();
  p().invalidate("first");
  transaction.commit([&] {
    EXPECT_FALSE(has("first"));
    EXPECT_FALSE(has("seen"));
  });
}

TEST_F(TransactionEndsTest, ALoadIsNotJoinedByWhoNamesAKeyThatMayHaveBeenWrittenSinceItBegan) {
  std::thread other;
  std::atomic<bool> loads{false};
  const PausePoint waits("waits_for_a_load", [] {});
  p().get_or_load("page", [&] {
    p().put("part", 2);  // leaves no trace: nobody depends on it yet
    invalidator_->invalidate_tag("none");
    other = std::thread([&] {
      const auto load = [&] {
        loads = true;
        return 2;
      };
      EXPECT_EQ(*p().get_or_load("page", load, {.depends_on = {"part"}}), 2);
    });
    while (!loads && !waits.reached()) std::this_thread::yield();
    return 1;  // made of the old part
  });
  other.join();
}

}  // namespace
}  // namespace freshet::testing
