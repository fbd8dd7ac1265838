// Transactions: what is collected, delivered and dropped. Reads in a transaction: transaction_reads_test.cpp.
#include "freshet/transaction.hpp"

#include <gmock/gmock.h>

#include <future>
#include <stdexcept>
#include <thread>

#include "freshet/request_context.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  p: {strategy: manual}
events:
  changed: [{invalidate_tag: "user:{id}"}]
  slowly: [{debounce: 10s, do: [{invalidate_tag: t}]}]
  often: {max_per_second: 1, do: [{invalidate_tag: t}]}
  warm: [{refresh: {namespace: p, key: warm}}]
entities:
  user: {tags: ["user:{id}"]}
)";

class TransactionTest : public CacheFixture {
 protected:
  TransactionTest() { use(kPolicy); }
  Cache<int> p() { return invalidator_->cache<int>("p"); }
  void put(const char* key, std::vector<std::string> tags = {}) {
    elsewhere([&] { p().put(key, 1, {.tags = std::move(tags)}); });
  }
  static void elsewhere(const std::function<void()>& work) { std::thread(work).join(); }
  /// As other threads see it.
  bool has(std::string_view key) {
    return std::async(std::launch::async, [&] { return p().contains(key); }).get();
  }
};

TEST_F(TransactionTest, DeliversAtTheCommitAndNotBefore) {
  put("a", {"t"}), put("b");
  auto transaction = invalidator_->begin_transaction();
  const Invalidated collected = invalidator_->invalidate_tag("t");
  EXPECT_TRUE(collected.collected);
  EXPECT_EQ(collected.count, 0u);
  EXPECT_TRUE(p().invalidate("b").collected);
  EXPECT_TRUE(has("a") && has("b"));
  EXPECT_EQ(transaction.commit([] { return 7; }), 7);
  EXPECT_FALSE(has("a") || has("b"));
  EXPECT_EQ(transaction.report().before.count, 2u);
  EXPECT_EQ(transaction.report().after.count, 0u);
}

TEST_F(TransactionTest, DeliversBeforeTheCommitAndAgainAfterIt) {
  put("a", {"t"});
  auto transaction = invalidator_->begin_transaction();
  invalidator_->invalidate_tag("t");
  transaction.commit([&] {
    EXPECT_FALSE(has("a"));
    put("a", {"t"});
  });
  EXPECT_FALSE(has("a"));
  EXPECT_EQ(transaction.report().after.count, 1u);
}

TEST_F(TransactionTest, ARollbackDropsWhatWasCollected) {
  put("a", {"t"});
  {
    auto transaction = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("t");
    EXPECT_TRUE(transaction.rollback());
    EXPECT_TRUE(has("a"));
    EXPECT_FALSE(transaction.rollback()) << "it has ended";
    EXPECT_FALSE(invalidator_->invalidate_tag("none").collected) << "nothing is open any more";
  }
  {
    auto transaction = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("t");
  }
  EXPECT_TRUE(has("a")) << "so does the end of its scope";
}

TEST_F(TransactionTest, ACommitThatThrowsCountsAsCommitted) {
  put("a", {"t"});
  auto transaction = invalidator_->begin_transaction();
  invalidator_->invalidate_tag("t");
  const auto commit = [&] {
    put("a", {"t"});
    throw std::runtime_error("connection lost");
  };
  EXPECT_THROW(transaction.commit(commit), std::runtime_error);
  EXPECT_FALSE(has("a"));
  EXPECT_FALSE(transaction.rollback()) << "it is too late for that";
}

TEST_F(TransactionTest, ATransactionInsideAnotherOneHandsOnWhatItHasCollected) {
  put("a", {"inner"}), put("b", {"outer"});
  auto outer = invalidator_->begin_transaction();
  invalidator_->invalidate_tag("outer");
  {
    auto inner = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("inner");
    inner.commit([&] { EXPECT_TRUE(has("a")); });
    EXPECT_TRUE(has("a")) << "the outermost delivers";
  }
  outer.commit([] {});
  EXPECT_FALSE(has("a") || has("b"));
}

TEST_F(TransactionTest, ARollbackInsideDropsWhatWasCollectedInside) {
  put("a", {"inner"}), put("b", {"outer"}), put("c", {"last"});
  auto outer = invalidator_->begin_transaction();
  invalidator_->invalidate_tag("outer");
  {
    auto inner = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("inner");
  }
  invalidator_->invalidate_tag("last");
  outer.commit([] {});
  EXPECT_TRUE(has("a"));
  EXPECT_FALSE(has("b") || has("c"));
}

TEST_F(TransactionTest, ARollbackOutsideDropsWhatWasCommittedInside) {
  put("a", {"inner"});
  auto outer = invalidator_->begin_transaction();
  {
    auto inner = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("inner");
    EXPECT_THROW(inner.commit([] { throw std::runtime_error("unknown"); }), std::runtime_error);
  }
  outer.rollback();
  EXPECT_TRUE(has("a"));
}

TEST_F(TransactionTest, AnInsideOneWhoseCommitThrowsCountsAsCommitted) {
  put("a", {"inner"});
  auto outer = invalidator_->begin_transaction();
  {
    auto inner = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("inner");
    EXPECT_THROW(inner.commit([] { throw std::runtime_error("unknown"); }), std::runtime_error);
  }
  outer.commit();
  EXPECT_FALSE(has("a"));
}

// Not as it should be used, and yet nothing is lost.
TEST_F(TransactionTest, AnInsideOneThatOutlivesTheOuterDeliversItself) {
  put("a", {"inner"});
  auto outer = invalidator_->begin_transaction();
  auto inner = invalidator_->begin_transaction();
  invalidator_->invalidate_tag("inner");
  outer.commit();
  EXPECT_TRUE(has("a"));
  inner.commit();
  EXPECT_FALSE(has("a"));
}

TEST_F(TransactionTest, CollectsWhateverCanBeInvalidated) {
  using Call = std::function<Invalidated(CacheInvalidator&)>;
  const std::vector<Call> calls = {
      [](auto& i) { return i.invalidate("a:1", "p"); },
      [](auto& i) { return i.invalidate_tag("user:1"); },
      [](auto& i) { return i.invalidate_namespace("p"); },
      [](auto& i) { return i.invalidate_all(); },
      [](auto& i) { return i.invalidate_tag_in("user:1", "p"); },
      [](auto& i) {
        return i.invalidate_all_of({"user:1", "u"});
      },
      [](auto& i) { return i.invalidate_dependents("r"); },
      [](auto& i) { return i.invalidate_dependents_of_key("k", "p"); },
      [](auto& i) { return i.invalidate_prefix("a", "p"); },
      [](auto& i) { return i.invalidate_matching("a*", "p"); },
      [](auto& i) { return i.invalidate_version("dep", "v2"); },
      [](auto& i) { return i.bump_version("dep"); },
      [](auto& i) { return i.set_policy_version("p", "n2"); },
      [](auto& i) { return i.invalidate_entity("user", 1); },
      [](auto& i) { return i.invalidate_many({Target::tag("u")}).total; },
      [](auto& i) { return i.invalidate_if("p", [](const auto& e) { return e.key == "a:1"; }); },
      [](auto& i) {
        return i.template cache<int>("p").invalidate_if([](auto, int value) { return value == 1; });
      },
      [](auto& i) {
        return i.emit("changed", {{"id", 1}}).invalidated;
      },
      [](auto& i) { return i.invalidate_tag("u", {.mode = Mode::expire}); },
  };
  for (std::size_t n = 0; n < calls.size(); ++n) {
    SCOPED_TRACE(n);
    use(kPolicy);
    p().put("a:1", 1, {.tags = {"user:1", "u"}, .depends_on = {"r", "k"}, .versions = {{"dep"}}});
    auto transaction = invalidator_->begin_transaction();
    EXPECT_TRUE(calls[n](*invalidator_).collected);
    EXPECT_TRUE(has("a:1"));
    transaction.commit();
    EXPECT_FALSE(has("a:1"));
    EXPECT_EQ(transaction.report().before.count, 1u);
  }
}

TEST_F(TransactionTest, CollectsWhatWritersAndMutateInvalidate) {
  const auto read = p().memoize("read:{}", [](int id) { return id; });
  read(1);
  put("a", {"t"});
  auto transaction = invalidator_->begin_transaction();
  invalidator_->invalidating(read, [](int) {})(1);
  WriteReport report;
  invalidator_->mutate({.tags = {"t"}}, [] {}, {.report = &report});
  EXPECT_TRUE(report.before.collected && report.after.collected);
  EXPECT_TRUE(has("read:1") && has("a"));
  transaction.commit();
  EXPECT_FALSE(has("read:1") || has("a"));
}

// It would come before the commit, and not again after it.
TEST_F(TransactionTest, WhatARuleDebouncesOrALimitHoldsBackIsCollectedAtOnce) {
  for (const char* event : {"slowly", "often"}) {
    if (event == std::string_view("often")) invalidator_->emit(event);  // more are beyond the limit
    put("a", {"t"});
    auto transaction = invalidator_->begin_transaction();
    const Emitted emitted = invalidator_->emit(event);
    EXPECT_EQ(emitted.deferred + emitted.held_back, 0u);
    elsewhere([&] { pass(20s); });
    EXPECT_TRUE(has("a")) << event;
    transaction.commit();
    EXPECT_FALSE(has("a")) << event;
  }
}

TEST_F(TransactionTest, WhatARuleRefreshesIsRefreshedAfterTheCommit) {
  int loads = 0;
  p().bind_loader([&](std::string_view) { return ++loads; });
  {
    auto dropped = invalidator_->begin_transaction();
    EXPECT_EQ(invalidator_->emit("warm").refreshes, 0u);
  }
  executor_->run_ready();
  EXPECT_EQ(loads, 0);
  auto transaction = invalidator_->begin_transaction();
  invalidator_->emit("warm");
  invalidator_->emit("warm");
  transaction.commit([&] {
    executor_->run_ready();
    EXPECT_EQ(loads, 0);
  });
  executor_->run_ready();
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(*p().get("warm"), 1)
      << "and is kept, though a transaction was open around the executor";
}

TEST_F(TransactionTest, ABadNameIsAnsweredAtOnce) {
  auto transaction = invalidator_->begin_transaction();
  EXPECT_THROW(invalidator_->invalidate_tag(""), InvalidName);
  EXPECT_THROW(invalidator_->invalidate_namespace("nowhere"), UnknownNamespace);
  const InvalidatedMany many = invalidator_->invalidate_many({Target::tag(""), Target::tag("t")});
  EXPECT_FALSE(many.targets[0].error.empty());
  EXPECT_TRUE(many.targets[1].error.empty());
}

TEST_F(TransactionTest, ADryRunIsAnsweredAtOnce) {
  put("a", {"t"});
  auto transaction = invalidator_->begin_transaction();
  EXPECT_EQ(invalidator_->invalidate_tag("t", {.dry_run = true}).count, 1u);
  EXPECT_EQ(*p().get("a"), 1) << "it collects nothing";
}

TEST_F(TransactionTest, WhatIsInvalidatedInsideTheCommitIsDelivered) {
  put("a", {"t"});
  auto transaction = invalidator_->begin_transaction();
  transaction.commit([&] { EXPECT_TRUE(invalidator_->invalidate_tag("t").collected); });
  EXPECT_FALSE(has("a"));
}

TEST_F(TransactionTest, TheLastHashOfAVersionCounts) {
  auto transaction = invalidator_->begin_transaction();
  for (const char* hash : {"v1", "v2"}) invalidator_->invalidate_version("dep", hash);
  transaction.commit();
  EXPECT_EQ(p().put("a", 1, {.versions = {{"dep", "v1"}}}), StoreOutcome::refused_version);
  EXPECT_EQ(p().put("b", 1, {.versions = {{"dep", "v2"}}}), StoreOutcome::stored);
}

TEST_F(TransactionTest, AnEndedOneCannotBeCommitted) {
  auto transaction = invalidator_->begin_transaction();
  EXPECT_TRUE(transaction.is_open());
  transaction.commit();
  EXPECT_FALSE(transaction.is_open());
  bool called = false;
  EXPECT_THROW(transaction.commit([&] { called = true; }), ScopeEnded);
  EXPECT_FALSE(called);
}

TEST_F(TransactionTest, ACollectedPredicateThatThrowsStopsTheCommit) {
  put("a");
  auto transaction = invalidator_->begin_transaction();
  bool throws = true, committed = false;
  p().invalidate_if([&](std::string_view, int) -> bool {
    if (throws) throw std::runtime_error("predicate");
    return true;
  });
  const auto commit = [&] { committed = true; };
  EXPECT_THROW(transaction.commit(commit), std::runtime_error);
  EXPECT_FALSE(committed);
  EXPECT_TRUE(transaction.is_open() && has("a"));
  throws = false;
  transaction.commit(commit);
  EXPECT_TRUE(committed);
  EXPECT_FALSE(has("a"));
}

TEST_F(TransactionTest, OneThatThrowsAfterTheCommitTakesItsNamespace) {
  auto transaction = invalidator_->begin_transaction();
  p().invalidate_if([&](std::string_view, int) -> bool { throw std::runtime_error("predicate"); });
  transaction.commit([&] { put("a"); });
  EXPECT_FALSE(has("a"));
}

TEST_F(TransactionTest, AnotherInvalidatorIsNotConcerned) {
  auto other = CacheInvalidator::from_yaml("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n");
  other.cache<int>("p").put("a", 1, {.tags = {"t"}});
  auto transaction = invalidator_->begin_transaction();
  EXPECT_EQ(other.invalidate_tag("t").count, 1u);
  auto inside = other.begin_transaction();
  EXPECT_TRUE(invalidator_->invalidate_tag("t").collected) << "by the outer one, its own";
}

TEST_F(TransactionTest, OtherThreadsAreNotConcernedUnlessItIsHandedOn) {
  put("a", {"t"}), put("b", {"u"});
  auto transaction = invalidator_->begin_transaction();
  elsewhere([&] { EXPECT_EQ(invalidator_->invalidate_tag("t").count, 1u); });
  elsewhere([&, scopes = OpenScopes::here()] {
    const auto entered = scopes.enter();
    EXPECT_TRUE(invalidator_->invalidate_tag("u").collected);
  });
  EXPECT_TRUE(has("b"));
  transaction.commit();
  EXPECT_FALSE(has("b"));
}

TEST_F(TransactionTest, HandedOnItCannotBeEnteredAfterItsEndAndAThreadInsideGoesOnByItself) {
  put("a", {"t"});
  std::promise<void> inside, ended;
  std::thread worker;
  std::optional<OpenScopes> scopes;
  {
    auto transaction = invalidator_->begin_transaction();
    scopes = OpenScopes::here();
    worker = std::thread([&] {
      const auto entered = scopes->enter();
      inside.set_value();
      ended.get_future().wait();
      EXPECT_EQ(invalidator_->invalidate_tag("t").count, 1u) << "at once: nothing is lost";
      EXPECT_EQ(*p().get_or_load("b", [] { return 2; }), 2);
    });
    inside.get_future().wait();
  }
  EXPECT_TRUE(has("a"));
  ended.set_value();
  worker.join();
  EXPECT_FALSE(has("a"));
  EXPECT_TRUE(has("b")) << "its loads are ordinary ones";
  elsewhere([&] { EXPECT_THROW(static_cast<void>(scopes->enter()), ScopeEnded); });
}

}  // namespace
}  // namespace freshet::testing
