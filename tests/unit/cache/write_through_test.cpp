// Cache<T>::write_through: what is kept of a write, and what never is, whoever writes, loads or invalidates meanwhile.
#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

class WriteThroughTest : public CacheFixture {
 protected:
  WriteThroughTest() {
    use("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n  q: {ttl: 1h, soft_ttl: 45m}\n");
  }
  Cache<int> p() { return invalidator_->cache<int>("p"); }
  Cache<int> q() { return invalidator_->cache<int>("q"); }

  int origin_ = 1;
};

TEST_F(WriteThroughTest, WritesTheValueAndKeepsIt) {
  p().put("k", 1);
  const auto write = [&](const int& value) {
    EXPECT_FALSE(p().contains("k")) << "forgotten before the write";
    origin_ = value;
  };
  EXPECT_EQ(p().write_through("k", 2, write, {.tags = {"t"}}), StoreOutcome::stored);
  EXPECT_EQ(origin_, 2);
  EXPECT_EQ(*p().get("k"), 2);
  invalidator_->invalidate_tag("t");
  EXPECT_FALSE(p().contains("k")) << "with the labels that the caller names";
}

TEST_F(WriteThroughTest, TheWriteMayTakeNothingAndAnswerAnything) {
  EXPECT_EQ(p().write_through("k", 3, [&] { return ++origin_; }), StoreOutcome::stored);
  EXPECT_EQ(origin_, 2);
  EXPECT_EQ(*p().get("k"), 3);
}

TEST_F(WriteThroughTest, WhatWasLoadedDuringTheWriteIsReplaced) {
  const auto write = [&](int value) {
    EXPECT_EQ(*p().get_or_load("k", [&] { return origin_; }), 1);
    EXPECT_TRUE(p().contains("k")) << "or there is nothing to replace";
    origin_ = value;
  };
  EXPECT_EQ(p().write_through("k", 2, write), StoreOutcome::stored);
  EXPECT_EQ(*p().get("k"), 2);
}

TEST_F(WriteThroughTest, ALoadThatBeganBeforeItsEndIsNotKept) {
  std::optional<Lease> before;
  std::optional<Lease> during;
  before = p().lease("k");
  p().write_through("k", 2, [&] { during = p().lease("k"); });
  EXPECT_EQ(p().put("k", 1, *before), StoreOutcome::refused_key_changed);
  EXPECT_EQ(p().put("k", 1, *during), StoreOutcome::refused_key_changed);
  EXPECT_EQ(*p().get("k"), 2);
}

TEST_F(WriteThroughTest, OfWritersThatOverlapNoneKeepsItsValue) {
  StoreOutcome inner{};
  const auto outer = p().write_through("k", 2, [&] {
    inner = p().write_through("k", 3, [&] { origin_ = 3; });
    origin_ = 2;
  });
  EXPECT_EQ(inner, StoreOutcome::stored) << "alone until the outer one ends";
  EXPECT_EQ(outer, StoreOutcome::refused_key_changed);
  EXPECT_FALSE(p().contains("k")) << "nobody knows which the origin has";
}

TEST_F(WriteThroughTest, APutOrAnInvalidationDuringTheWriteLeavesTheKeyEmpty) {
  EXPECT_EQ(p().write_through("k", 2, [&] { p().put("k", 3); }), StoreOutcome::refused_key_changed);
  EXPECT_FALSE(p().contains("k"));
  EXPECT_EQ(p().write_through("k", 2, [&] { p().invalidate("k"); }),
            StoreOutcome::refused_key_changed);
  EXPECT_FALSE(p().contains("k"));
}

TEST_F(WriteThroughTest, ARaiseOfALabelDuringTheWriteLeavesTheKeyEmpty) {
  const auto outcome = [&](auto&& meanwhile) {
    const StoreOutcome made = p().write_through("under:k", 2, meanwhile, {.tags = {"t", "u"}});
    EXPECT_EQ(p().contains("under:k"), is_stored(made));
    return made;
  };
  EXPECT_EQ(outcome([&] { invalidator_->invalidate_tag("t"); }), StoreOutcome::refused_invalidated);
  EXPECT_EQ(outcome([&] { invalidator_->invalidate_tag("t", {.mode = Mode::expire}); }),
            StoreOutcome::refused_invalidated);
  EXPECT_EQ(outcome([&] { p().clear(); }), StoreOutcome::refused_invalidated);
  EXPECT_EQ(outcome([&] { invalidator_->invalidate_prefix("under", "p"); }),
            StoreOutcome::refused_invalidated);
  EXPECT_EQ(outcome([&] { p().invalidate_if([](std::string_view, const int&) { return true; }); }),
            StoreOutcome::refused_invalidated);
  EXPECT_EQ(outcome([&] { invalidator_->invalidate_tag("another"); }), StoreOutcome::stored)
      << "and of others it does not";
}

TEST_F(WriteThroughTest, WhoeverReadTheKeyDuringTheWriteIsStaleAfterIt) {
  const auto read = [&] {
    return *q().get_or_load("sum",
                            [&] { return *p().get_or_load("k", [&] { return origin_; }) + 10; });
  };
  p().write_through("k", 2, [&] {
    EXPECT_EQ(read(), 11);
    origin_ = 2;
  });
  EXPECT_EQ(read(), 12);
}

TEST_F(WriteThroughTest, AWriteThatThrowsLeavesTheKeyEmpty) {
  const auto write = [&] {
    p().get_or_load("k", [&] { return origin_; });
    throw std::runtime_error("the connection broke: written or not");
  };
  EXPECT_THROW(p().write_through("k", 2, write), std::runtime_error);
  EXPECT_FALSE(p().contains("k"));
  EXPECT_EQ(total(&NamespaceStatistics::write_failures), 1u);
  EXPECT_EQ(total(&NamespaceStatistics::writes_through), 0u);
}

TEST_F(WriteThroughTest, AValueThatMayNotBeKeptLeavesTheKeyEmpty) {
  p().cacheable_if([](const int& value) { return value != 2; });
  p().put("k", 1);
  EXPECT_EQ(p().write_through("k", 2, [&] { p().get_or_load("k", [] { return 1; }); }),
            StoreOutcome::not_kept_by_predicate);
  EXPECT_FALSE(p().contains("k"));
}

TEST_F(WriteThroughTest, InATransactionTheKeyIsForgottenAtItsCommit) {
  p().put("k", 1);
  {
    Transaction transaction = invalidator_->begin_transaction();
    EXPECT_EQ(p().write_through("k", 2, [&] { origin_ = 2; }), StoreOutcome::skipped);
    transaction.commit();
  }
  EXPECT_FALSE(p().contains("k"));
}

TEST_F(WriteThroughTest,
       InATransactionOfAnotherInvalidatorTheKeyIsForgottenAtItsCommitThrownOrNot) {
  auto other = CacheInvalidator::from_yaml("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n");
  const auto write = [] { throw std::runtime_error("the statement has reached the database"); };
  for (const bool throws : {false, true}) {
    Transaction transaction = other.begin_transaction();
    if (throws) {
      EXPECT_THROW(p().write_through("k", 2, write), std::runtime_error);
    } else {
      EXPECT_EQ(p().write_through("k", 2, [] {}), StoreOutcome::skipped);
    }
    std::thread([&] {  // it reads what is committed so far
      p().get_or_load("k", [] { return 1; });
      EXPECT_TRUE(p().contains("k"));
    })
        .join();
    transaction.commit();
    EXPECT_FALSE(p().contains("k")) << throws;
  }
}

TEST_F(WriteThroughTest, ABadNameIsRefusedBeforeAnythingIsWritten) {
  EXPECT_THROW(p().write_through("", 2, [&] { origin_ = 2; }), InvalidName);
  EXPECT_THROW(p().write_through("k", 2, [&] { origin_ = 2; }, {.tags = {""}}), InvalidName);
  use("freshet: 1\nnamespaces:\n  p: {strategy: manual, key: 'user:{id}', tags: ['user:{id}']}\n");
  const std::string long_for_a_tag = "user:" + std::string(2'000, 'x');
  p().put("user:1", 1);
  EXPECT_THROW(p().write_through(long_for_a_tag, 2, [&] { origin_ = 2; }), InvalidName);
  EXPECT_EQ(origin_, 1);
}

}  // namespace
}  // namespace freshet::testing
