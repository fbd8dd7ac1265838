// What is read and stored inside a transaction: uncommitted values stay out of the cache and with their thread.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "freshet/request_context.hpp"
#include "freshet/transaction.hpp"
#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

class TransactionReadsTest : public CacheFixture {
 protected:
  TransactionReadsTest() {
    use("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n  q: {ttl: 1h, soft_ttl: 45m}\n");
  }
  Cache<int> p() { return invalidator_->cache<int>("p"); }
  template <class Work>
  static auto elsewhere(Work work) {
    return std::async(std::launch::async, work).get();
  }
  bool has(std::string_view key) {
    return elsewhere([&] { return p().contains(key); });
  }
  std::vector<int> read_many(const std::vector<std::string>& keys, int value) {
    std::vector<int> values;
    for (const auto& handle : p().get_many(keys, [&](std::span<const std::string_view> missing) {
           return std::vector<std::optional<int>>(missing.size(), value);
         })) {
      values.push_back(handle ? *handle : 0);
    }
    return values;
  }
};

TEST_F(TransactionReadsTest, UntilSomethingIsCollectedWhatIsCachedIsServed) {
  p().put("k", 1);
  auto transaction = invalidator_->begin_transaction();
  EXPECT_EQ(*p().get("k"), 1);
  EXPECT_EQ(*p().get_or_load("k", [] { return 2; }), 1);
  EXPECT_TRUE(p().contains("k"));
  EXPECT_TRUE(p().visit("k", [](int value) { EXPECT_EQ(value, 1); }));
  EXPECT_THAT(read_many({"k", "new"}, 3), ElementsAre(1, 3));
}

TEST_F(TransactionReadsTest, AfterThatNothingIs) {
  p().put("k", 1), p().put("other", 1);
  auto transaction = invalidator_->begin_transaction();
  p().invalidate("k");
  for (const char* key : {"k", "other"}) {
    EXPECT_FALSE(p().get(key));
    EXPECT_FALSE(p().contains(key));
    EXPECT_FALSE(p().visit(key, [](int) {}));
    EXPECT_EQ(*p().get_or_load(key, [] { return 2; }), 2) << "as the transaction sees it";
  }
  const std::vector<std::string> keys = {"k", "other"};
  EXPECT_THAT(p().get_many(keys), Each(::testing::IsFalse()));
  EXPECT_THAT(read_many(keys, 3), ElementsAre(3, 3));
  EXPECT_EQ(*elsewhere([&] { return p().get("k"); }), 1) << "others see what is committed";
}

TEST_F(TransactionReadsTest, InsideAnotherOneWhatThatHasCollectedCountsToo) {
  p().put("k", 1);
  auto outer = invalidator_->begin_transaction();
  p().invalidate("k");
  auto inner = invalidator_->begin_transaction();
  EXPECT_FALSE(p().get("k"));
}

// Rolled back, the value never was; nothing would take it away again.
TEST_F(TransactionReadsTest, WhatIsLoadedIsNotKeptWhateverBecomesOfTheTransaction) {
  for (const bool collects : {false, true}) {
    for (const bool commits : {false, true}) {
      auto transaction = invalidator_->begin_transaction();
      if (collects) invalidator_->invalidate_tag("another");
      EXPECT_EQ(*p().get_or_load("one", [] { return 2; }), 2);
      EXPECT_THAT(read_many({"many"}, 2), ElementsAre(2));
      const auto memoized = p().memoize("read:{}", [](int id) { return id; });
      EXPECT_EQ(*memoized(1), 1);
      if (commits) transaction.commit();
      transaction.rollback();
      for (const char* key : {"one", "many", "read:1"}) EXPECT_FALSE(has(key)) << key;
    }
  }
}

TEST_F(TransactionReadsTest, NorInTheCacheOfAnotherInvalidator) {
  auto other = CacheInvalidator::from_yaml("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n");
  auto transaction = other.begin_transaction();
  p().get_or_load("k", [] { return 2; });
  EXPECT_EQ(p().put("k", 2), StoreOutcome::skipped);
  EXPECT_FALSE(has("k"));
}

TEST_F(TransactionReadsTest, ALoadOfOthersThatIsUnderWayIsNotJoined) {
  std::promise<void> loading, done;
  std::thread reader([&] {
    p().get_or_load("k", [&] {
      loading.set_value();
      done.get_future().wait();
      return 1;
    });
  });
  loading.get_future().wait();
  {
    auto transaction = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("another");
    EXPECT_EQ(*p().get_or_load("k", [] { return 2; }), 2);
    EXPECT_THAT(read_many({"k"}, 3), ElementsAre(3));
  }
  done.set_value();
  reader.join();
  EXPECT_EQ(*p().get("k"), 1);
}

TEST_F(TransactionReadsTest, NobodyJoinsALoadOfTheTransaction) {
  auto transaction = invalidator_->begin_transaction();
  EXPECT_EQ(*p().get_or_load(
                "k",
                [&] {
                  EXPECT_EQ(elsewhere([&] { return *p().get_or_load("k", [] { return 1; }); }), 1);
                  return 2;
                }),
            2);
  read_many({"m"}, 2);
  EXPECT_EQ(*elsewhere([&] { return p().get("k"); }), 1);
}

TEST_F(TransactionReadsTest, APutIsNotSeenAndForgetsTheKeyAtTheCommit) {
  p().put("k", 1);
  {
    auto transaction = invalidator_->begin_transaction();
    EXPECT_EQ(p().put("k", 2), StoreOutcome::skipped);
    EXPECT_FALSE(p().get("k"));
    EXPECT_EQ(*elsewhere([&] { return p().get("k"); }), 1);
  }
  EXPECT_EQ(*p().get("k"), 1) << "it was rolled back";
  auto transaction = invalidator_->begin_transaction();
  p().scoped("s").put("k", 2);
  p().put("k", 2);
  transaction.commit();
  EXPECT_FALSE(has("k"));
}

TEST_F(TransactionReadsTest, WhatWasFetchedUnderALeaseIsNotKept) {
  const Lease before = p().lease("k");
  std::optional<Lease> inside;
  {
    auto transaction = invalidator_->begin_transaction();
    inside = p().lease("k");
    EXPECT_EQ(p().put("k", 2, before), StoreOutcome::skipped);
  }
  EXPECT_EQ(p().put("k", 2, *inside), StoreOutcome::refused_lease_expired);
  EXPECT_FALSE(has("k"));
}

// The loader of a call may read through the transaction's connection, when nobody knows what that is in the middle of.
TEST_F(TransactionReadsTest, NoRefreshRunsTheLoaderOfACall) {
  const auto q = invalidator_->cache<int>("q");
  q.put("k", 1);
  clock_->advance(50min);
  {
    auto transaction = invalidator_->begin_transaction();
    EXPECT_EQ(*q.get_or_load("k", [] { return 2; }), 1);
  }
  executor_->run_ready();
  EXPECT_EQ(*q.get("k"), 1);
}

// It was begun outside of the transaction, and others may wait for it.
TEST_F(TransactionReadsTest, ALoadThatReadsInATransactionOfItsOwnIsNotKeptAndNotShared) {
  std::promise<void> joined;
  PausePoint pause("load_done_before_fill", [] {});
  std::thread waiter;
  EXPECT_EQ(*p().get_or_load("page",
                             [&] {
                               waiter = std::thread([&] {
                                 EXPECT_EQ(*p().get_or_load("page", [] { return 1; }), 1);
                               });
                               while (total(&NamespaceStatistics::misses) < 2)
                                 std::this_thread::yield();
                               auto transaction = invalidator_->begin_transaction();
                               invalidator_->invalidate_tag("t");
                               return *p().get_or_load("row", [] { return 2; });
                             }),
            2);
  waiter.join();
  EXPECT_EQ(*p().get("page"), 1);
}

TEST_F(TransactionReadsTest, AThreadThatItWasHandedOnToReadsAsTheTransactionDoes) {
  p().put("k", 1);
  auto transaction = invalidator_->begin_transaction();
  p().invalidate("k");
  elsewhere([&, scopes = OpenScopes::here()] {
    const auto entered = scopes.enter();
    EXPECT_FALSE(p().get("k"));
    EXPECT_EQ(*p().get_or_load("k", [] { return 2; }), 2);
  });
  EXPECT_EQ(*elsewhere([&] { return p().get("k"); }), 1);
}

TEST_F(TransactionReadsTest, SoDoesAThreadThatReadsForALoader) {
  auto transaction = invalidator_->begin_transaction();
  p().get_or_load("page", [&](LoadContext& load) {
    return elsewhere([&, capture = load.capture()] {
      const auto reads = capture.enter();
      return *p().get_or_load("row", [] { return 2; });
    });
  });
  EXPECT_FALSE(has("row"));
}

TEST_F(TransactionReadsTest, AfterTheEndEverythingIsAsBefore) {
  p().put("k", 1);
  {
    auto transaction = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("t");
  }
  EXPECT_EQ(*p().get("k"), 1);
  p().get_or_load("new", [] { return 2; });
  EXPECT_TRUE(has("new"));
  EXPECT_EQ(p().put("k", 3), StoreOutcome::stored);
}

}  // namespace
}  // namespace freshet::testing
