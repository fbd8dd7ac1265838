// Row C8 for get_many: what others load is waited for as long as the time-outs say. Time is moved by hand, once somebody waits for it.
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

class BulkLoadTimeoutTest : public CacheFixture {
 protected:
  Cache<int> cache(const std::string& block) {
    return use("freshet: 1\nnamespaces:\n  p: " + block + "\n").cache<int>("p");
  }
  /// Another call's load of "k", which has begun when this returns, ends with answer_, and waits for no time.
  std::future<Handle<int>> begin_other(const Cache<int>& p) {
    auto call = std::async(std::launch::async, [this, p] {
      const auto load = [this] {
        begun_.set_value();
        return answer_.get_future().get();
      };
      return p.get_or_load("k", load, {.load_timeout = LoadTimeouts{}});
    });
    begun_.get_future().wait();
    return call;
  }
  /// "own", which it loads itself, and "k", on a thread of its own.
  static std::future<std::vector<Handle<int>>> begin_many(const Cache<int>& p) {
    return std::async(std::launch::async, [p] {
      const std::vector<std::string> keys{"own", "k"};
      return p.get_many(keys, [](std::span<const std::string_view> missing) {
        EXPECT_EQ(missing.size(), 1u) << "only what nobody else loads";
        return std::vector<std::optional<int>>(missing.size(), 7);
      });
    });
  }
  void let_pass(Duration span) {
    clock_->await_waiters(1);
    clock_->advance(span);
  }
  NamespaceStatistics stats() { return invalidator_->stats().total; }

  std::promise<void> begun_;
  std::promise<int> answer_;
};

TEST_F(BulkLoadTimeoutTest, AHardTimeOutEndsTheWaitForAnotherCallsLoad) {
  auto p = cache("{ttl: 1h, load_timeout: {hard: 3s}}");
  auto other = begin_other(p);
  auto many = begin_many(p);
  let_pass(3s - 1ns);
  let_pass(1ns);
  EXPECT_THROW(many.get(), LoadTimeout);
  EXPECT_EQ(stats().hard_timeouts, 1u);
  EXPECT_EQ(*p.get("own"), 7) << "what it has loaded is kept";
  answer_.set_value(2);
  EXPECT_EQ(*other.get(), 2);
  EXPECT_EQ(*p.get("k"), 2);
}

TEST_F(BulkLoadTimeoutTest, ASoftOneServesTheOldValue) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h, load_timeout: {soft: 1s}}");
  p.put("k", 1);
  clock_->advance(2h);
  auto other = begin_other(p);
  auto many = begin_many(p);
  let_pass(1s);
  const std::vector<Handle<int>> values = many.get();
  EXPECT_EQ(*values[0], 7);
  EXPECT_EQ(*values[1], 1);
  EXPECT_EQ(values[1].staleness(), Staleness::load_late);
  EXPECT_EQ(stats().soft_timeouts, 1u);
  answer_.set_value(2);
  EXPECT_EQ(*other.get(), 2);
}

TEST_F(BulkLoadTimeoutTest, WhatWasRemovedMeanwhileIsNoOldValue) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h, load_timeout: {soft: 1s, hard: 3s}}");
  p.put("k", 1);
  clock_->advance(2h);
  auto other = begin_other(p);
  auto many = begin_many(p);
  clock_->await_waiters(1);
  p.invalidate("k");
  let_pass(1s);
  let_pass(2s);
  EXPECT_THROW(many.get(), LoadTimeout);
  answer_.set_value(2);
  EXPECT_EQ(*other.get(), 2);
}

TEST_F(BulkLoadTimeoutTest, ALoadThatEndsInTimeIsShared) {
  auto p = cache("{ttl: 1h, load_timeout: {hard: 3s}}");
  auto other = begin_other(p);
  auto many = begin_many(p);
  let_pass(3s - 1ns);
  answer_.set_value(2);
  EXPECT_EQ(*many.get()[1], 2);
  EXPECT_EQ(*other.get(), 2);
  EXPECT_EQ(stats().hard_timeouts, 0u);
  EXPECT_EQ(stats().shared_loads, 1u);
}

}  // namespace
}  // namespace freshet::testing
