// async_get_or_load: the promises of get_or_load, for coroutines, and for coroutines and threads together.
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "coro/coro_fixture.hpp"
#include "freshet/errors.hpp"
#include "freshet/request_context.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::testing {
namespace {

class CoroLoadTest : public CoroFixture {};

TEST_F(CoroLoadTest, AMissLoadsAndTheNextReadIsAHit) {
  const auto miss = start("k", makes(7));
  run();
  ASSERT_TRUE(miss->handle);
  EXPECT_EQ(*miss->handle, 7);
  EXPECT_EQ(miss->handle.origin(), Origin::loaded);
  const auto hit = start("k", makes(8));
  run();
  EXPECT_EQ(*hit->handle, 7);
  EXPECT_EQ(hit->handle.origin(), Origin::l1);
  EXPECT_EQ(*cache().get("k"), 7) << "in the other form too";
}

TEST_F(CoroLoadTest, CoroutinesOfAKeyShareOneLoad) {
  Gate gate;
  int calls = 0;
  const auto first = start("k", makes_at(gate, 1, &calls));
  const auto second = start("k", makes_at(gate, 2, &calls));
  const auto third = start("k", makes_at(gate, 3, &calls));
  run();
  EXPECT_FALSE(first->is_over || second->is_over || third->is_over);
  gate.open();
  run();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(*first->handle, 1);
  EXPECT_EQ(*second->handle, 1);
  EXPECT_EQ(*third->handle, 1);
  EXPECT_EQ(total(&NamespaceStatistics::shared_loads), 2u);
  EXPECT_EQ(flights(), 0u);
}

TEST_F(CoroLoadTest, AllGetWhatTheLoaderThrew) {
  Gate gate;
  const auto first = start("k", [&]() -> asio::awaitable<int> {
    co_await gate.wait();
    throw std::logic_error("origin is away");
  });
  const auto second = start("k", makes(2));
  run();
  gate.open();
  run();
  ASSERT_TRUE(first->error);
  EXPECT_THROW(std::rethrow_exception(first->error), std::logic_error);
  ASSERT_TRUE(second->error);
  EXPECT_THROW(std::rethrow_exception(second->error), std::logic_error);
  EXPECT_EQ(flights(), 0u);
}

TEST_F(CoroLoadTest, AnOldValueIsServedWhereTheLoaderThrew) {
  cache("patient").put("k", 1);
  pass(2min);
  const auto read = start(
      "k",
      []() -> asio::awaitable<int> {
        throw std::logic_error("away");
        co_return 2;
      },
      {}, "patient");
  run();
  ASSERT_TRUE(read->handle);
  EXPECT_EQ(*read->handle, 1);
  EXPECT_EQ(read->handle.staleness(), Staleness::load_failed);
}

TEST_F(CoroLoadTest, ACoroutineJoinsAThreadsLoad) {
  std::shared_ptr<Result> joined;
  cache().get_or_load("k", [&] {
    joined = start("k", makes(2));
    // On a thread of its own: on this one it would be the loader that waits for itself.
    std::thread([&] { run(); }).join();
    EXPECT_FALSE(joined->is_over);
    return 1;
  });
  run();
  ASSERT_TRUE(joined->handle);
  EXPECT_EQ(*joined->handle, 1);
}

TEST_F(CoroLoadTest, AThreadJoinsACoroutinesLoad) {
  Gate gate;
  const auto first = start("k", makes_at(gate, 1));
  run();
  std::thread reader([&] { EXPECT_EQ(*cache().get_or_load("k", [] { return 2; }), 1); });
  while (total(&NamespaceStatistics::misses) < 2) std::this_thread::yield();
  gate.open();
  run();
  reader.join();
  EXPECT_EQ(*first->handle, 1);
}

TEST_F(CoroLoadTest, WhatWasInvalidatedDuringALoadIsNotKeptAndWhoCameAfterLoadsAgain) {
  Gate gate, second_gate;
  const auto early = start("k", makes_at(gate, 1), {.tags = {"users"}});
  const auto joined = start("k", makes(9), {.tags = {"users"}});
  run();
  invalidator_->invalidate_tag("users");
  const auto late = start("k", makes_at(second_gate, 2), {.tags = {"users"}});
  run();
  gate.open();
  run();
  EXPECT_EQ(*early->handle, 1);
  EXPECT_EQ(*joined->handle, 1) << "it began before the invalidation";
  EXPECT_FALSE(cache().contains("k"));
  EXPECT_FALSE(late->is_over);
  second_gate.open();
  run();
  EXPECT_EQ(*late->handle, 2);
  EXPECT_EQ(*cache().get("k"), 2);
}

TEST_F(CoroLoadTest, ALoaderMaySayMoreAboutTheValue) {
  const auto read = start("k", [](LoadContext& load) -> asio::awaitable<int> {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    load.tag("team:5");
    co_return static_cast<int>(load.key().size());
  });
  run();
  EXPECT_EQ(*read->handle, 1);
  EXPECT_EQ(invalidator_->invalidate_tag("team:5").count, 1u);
}

TEST_F(CoroLoadTest, ALoaderMaySayThatThereIsNothing) {
  int calls = 0;
  const auto finds_nothing = [&]() -> asio::awaitable<std::optional<int>> {
    ++calls;
    co_return std::nullopt;
  };
  for (int i = 0; i < 2; ++i) {
    const auto read = start("k", finds_nothing, {}, "absent");
    run();
    EXPECT_TRUE(read->is_over);
    EXPECT_FALSE(read->error);
    EXPECT_FALSE(read->handle);
    EXPECT_TRUE(read->handle.absent());
    EXPECT_EQ(read->handle.age(), i * 10s);
    EXPECT_EQ(read->handle.remaining(), 1min - i * 10s);
    clock_->advance(10s);
  }
  EXPECT_EQ(calls, 1);
}

TEST_F(CoroLoadTest, WhatALoaderReadsAfterItWasResumedBecomesLabels) {
  cache().put("inner", 1);
  Gate gate;
  const auto outer = start("outer", [&, cache = cache()]() -> asio::awaitable<int> {
    co_await gate.wait();
    const int inner = *cache.get("inner");
    const auto late = co_await cache.async_get_or_load("late", makes(2));
    co_return inner + *late;
  });
  run();
  std::thread([&] {
    gate.open();
    run();
  }).join();
  EXPECT_EQ(*outer->handle, 3);
  ASSERT_TRUE(cache().contains("outer"));
  cache().invalidate("late");
  EXPECT_FALSE(cache().contains("outer"));
  start("outer", [cache = cache()]() -> asio::awaitable<int> { co_return *cache.get("inner"); });
  run();
  ASSERT_TRUE(cache().contains("outer"));
  cache().invalidate("inner");
  EXPECT_FALSE(cache().contains("outer"));
}

TEST_F(CoroLoadTest, WhatALoaderAwaitsHandsItsLabelsOn) {
  const EntryOptions tagged{.tags = {"team"}};
  const auto outer = start("outer", [&, cache = cache()]() -> asio::awaitable<int> {
    co_return *co_await cache.async_get_or_load("inner", makes(1), tagged);
  });
  run();
  EXPECT_EQ(*outer->handle, 1);
  ASSERT_TRUE(cache().contains("outer"));
  invalidator_->invalidate_tag("team");
  EXPECT_FALSE(cache().contains("outer"));
}

TEST_F(CoroLoadTest, WhatALoaderStandsInIsOpenNowhereElse) {
  Gate gate;
  const auto loading = start("k", makes_at(gate, 1));
  run();
  cache().put("other", 1);
  cache().get("other");
  gate.open();
  run();
  EXPECT_EQ(*loading->handle, 1);
  cache().invalidate("other");
  EXPECT_TRUE(cache().contains("k"))
      << "what this thread read meanwhile was not read by the loader";
}

TEST_F(CoroLoadTest, WhoAwaitedALoadIsNotInItAnyMore) {
  bool reads_for_nobody = false;
  asio::co_spawn(
      *io_,
      [&]() -> asio::awaitable<void> {
        co_await cache().async_get_or_load("k", makes(1));
        reads_for_nobody = detail::open_scopes() == nullptr;
      },
      asio::detached);
  run();
  EXPECT_TRUE(reads_for_nobody);
}

TEST_F(CoroLoadTest, ALoaderThatAsksForItsOwnKeyIsToldSo) {
  const auto read = start("k", [cache = cache()]() -> asio::awaitable<int> {
    co_return *co_await cache.async_get_or_load("k", makes(1));
  });
  run();
  ASSERT_TRUE(read->error);
  EXPECT_THROW(std::rethrow_exception(read->error), RecursiveLoad);
  EXPECT_EQ(flights(), 0u);
}

TEST_F(CoroLoadTest, LoadersThatAskForEachOtherAreToldSo) {
  Gate gate;
  const auto asks_for = [&](std::string key) {
    return [&gate, key, cache = cache()]() -> asio::awaitable<int> {
      co_await gate.wait();
      co_return *co_await cache.async_get_or_load(key, makes(1));
    };
  };
  const auto a = start("a", asks_for("b"));
  const auto b = start("b", asks_for("a"));
  run();
  gate.open();
  run();
  ASSERT_TRUE(a->error && b->error);
  EXPECT_THROW(std::rethrow_exception(a->error), RecursiveLoad);
  ASSERT_TRUE(b->error);
  EXPECT_THROW(std::rethrow_exception(b->error), RecursiveLoad);
}

TEST_F(CoroLoadTest, TheContextOfTheCallGoesAlong) {
  auto read = [&] {
    const RequestContext context({.tags = {"tenant:7"}});
    return cache().async_get_or_load("k", makes(1));
  }();
  asio::co_spawn(*io_, std::move(read), [](std::exception_ptr error, Handle<int> handle) {
    EXPECT_FALSE(error);
    EXPECT_EQ(*handle, 1);
  });
  run();
  EXPECT_EQ(invalidator_->invalidate_tag("tenant:7").count, 1u);
}

TEST_F(CoroLoadTest, WrongNamesAreThrownByTheCall) {
  EXPECT_THROW(cache().async_get_or_load("", makes(1)), InvalidName);
}

}  // namespace
}  // namespace freshet::testing
