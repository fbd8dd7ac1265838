// Coroutines that are destroyed while they load or wait, loaders that are aborted, caches that go meanwhile: nothing is left behind and
// nobody is stranded.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "coro/coro_fixture.hpp"

namespace freshet::testing {
namespace {

class CoroCancelTest : public CoroFixture {
 protected:
  static auto aborted() { return boost::system::system_error(asio::error::operation_aborted); }
};

TEST_F(CoroCancelTest, AThreadThatWaitsForADestroyedLoadLoadsItself) {
  Gate gate;
  const auto lost = start("k", makes_at(gate, 1));
  run();
  std::thread reader([&] { EXPECT_EQ(*cache().get_or_load("k", [] { return 2; }), 2); });
  while (total(&NamespaceStatistics::misses) < 2) std::this_thread::yield();
  io_.reset();
  reader.join();
  EXPECT_FALSE(lost->is_over);
  EXPECT_EQ(lost.use_count(), 1) << "its frame is gone";
  EXPECT_EQ(flights(), 0u);
}

TEST_F(CoroCancelTest, ACoroutineThatWaitsForADestroyedLoadLoadsItself) {
  Gate gate;
  asio::io_context elsewhere;
  asio::co_spawn(elsewhere, cache().async_get_or_load("k", makes_at(gate, 1)), asio::detached);
  elsewhere.poll();
  {
    auto doomed = std::make_unique<asio::io_context>();
    std::swap(doomed, io_);
    start("k", makes(8));
    run();
    std::swap(doomed, io_);
  }  // one that waits is destroyed, and the load goes on
  EXPECT_EQ(flights(), 1u);
  const auto reader = start("k", makes(2));
  run();
  EXPECT_FALSE(reader->is_over);
  gate.open();
  elsewhere.restart();
  elsewhere.poll();
  run();
  EXPECT_EQ(*reader->handle, 1);
}

TEST_F(CoroCancelTest, ACoroutineStartsOverWhereTheLeadersContextIsDestroyed) {
  Gate gate;
  auto elsewhere = std::make_unique<asio::io_context>();
  asio::co_spawn(*elsewhere, cache().async_get_or_load("k", makes_at(gate, 1)), asio::detached);
  elsewhere->poll();
  const auto reader = start("k", makes(2));
  run();
  EXPECT_FALSE(reader->is_over);
  elsewhere.reset();
  run();
  ASSERT_TRUE(reader->handle);
  EXPECT_EQ(*reader->handle, 2);
}

TEST_F(CoroCancelTest, AnAbortedLoaderIsItsCallersAloneAndWhoWaitsStartsOver) {
  Gate gate;
  const auto cancelled = start("k", [&]() -> asio::awaitable<int> {
    co_await gate.wait();
    throw aborted();
  });
  const auto waiting = start("k", makes(2));
  run();
  EXPECT_FALSE(waiting->is_over);
  gate.open();
  run();
  ASSERT_TRUE(cancelled->error);
  EXPECT_THROW(std::rethrow_exception(cancelled->error), boost::system::system_error);
  ASSERT_TRUE(waiting->handle);
  EXPECT_EQ(*waiting->handle, 2);
  EXPECT_EQ(flights(), 0u);
}

TEST_F(CoroCancelTest, AnAbortedLoaderIsNotAnsweredWithTheOldValue) {
  cache("patient").put("k", 1);
  pass(2min);
  const auto cancelled = start(
      "k",
      []() -> asio::awaitable<int> {
        throw aborted();
        co_return 2;
      },
      {}, "patient");
  run();
  ASSERT_TRUE(cancelled->error);
  EXPECT_THROW(std::rethrow_exception(cancelled->error), boost::system::system_error);
}

TEST_F(CoroCancelTest, WhatWaitsForAThreadsLoadGoesWithItsContext) {
  std::weak_ptr<Result> lost;
  cache().get_or_load("k", [&] {
    std::thread([&] {
      lost = start("k", makes(2));
      run();
      io_.reset();
    }).join();
    EXPECT_TRUE(lost.expired());
    return 1;
  });
  EXPECT_EQ(*cache().get("k"), 1);
}

TEST_F(CoroCancelTest, AnAwaitableThatIsNeverAwaitedHasOnlyLooked) {
  int calls = 0;
  Gate gate;
  { const auto never = cache().async_get_or_load("k", makes_at(gate, 1, &calls)); }
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(flights(), 0u);
  EXPECT_EQ(total(&NamespaceStatistics::misses), 1u);
}

TEST_F(CoroCancelTest, ALoadGoesOnWhereTheCacheIsClosed) {
  Gate gate;
  const auto read = start("k", makes_at(gate, 1));
  run();
  invalidator_->close();
  gate.open();
  run();
  EXPECT_EQ(*read->handle, 1);
}

// The third of a key waits for one of two loads that it may not share. It must not load behind a cache that was closed.
TEST_F(CoroCancelTest, WhoWaitsForAnothersTurnIsToldOfACloseThatWaitsForNobody) {
  Gate gate;
  int calls = 0;
  start("k", makes_at(gate, 1));
  run();
  cache().invalidate("k");
  start("k", makes_at(gate, 2));
  run();
  cache().invalidate("k");
  const auto third = start("k", makes_at(gate, 3, &calls));
  run();
  invalidator_->close(CloseOptions{});
  run();
  EXPECT_EQ(calls, 0);
  ASSERT_TRUE(third->error);
  EXPECT_THROW(std::rethrow_exception(third->error), CacheClosed);
  gate.open();
  run();
}

TEST_F(CoroCancelTest, ALoadKeepsTheCacheThatIsDestroyedMeanwhile) {
  Gate gate;
  const auto leads = start("k", makes_at(gate, 1));
  const auto waits = start("k", makes(2));
  run();
  invalidator_.reset();
  gate.open();
  run();
  EXPECT_EQ(*leads->handle, 1);
  EXPECT_EQ(*waits->handle, 1);
}

TEST_F(CoroCancelTest, AContextMayGoWhileTheLoadEndsOnAnotherThread) {
  for (int round = 0; round < 200; ++round) {
    const std::string key = "k" + std::to_string(round);
    std::atomic<bool> is_loading{false}, ends{false};
    std::thread leader([&] {
      cache().get_or_load(key, [&] {
        is_loading = true;
        while (!ends) std::this_thread::yield();
        return 1;
      });
    });
    while (!is_loading) std::this_thread::yield();
    start(key, makes(2));
    run();
    ends = true;
    io_ = std::make_unique<asio::io_context>();
    leader.join();
    ASSERT_EQ(*cache().get(key), 1);
  }
  EXPECT_EQ(flights(), 0u);
}

}  // namespace
}  // namespace freshet::testing
