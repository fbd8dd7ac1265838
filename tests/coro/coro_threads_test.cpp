// One io_context that several threads run, many coroutines, invalidations meanwhile.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "coro/coro_fixture.hpp"

namespace freshet::testing {
namespace {

class CoroThreadsTest : public CoroFixture {
 protected:
  void run_on(int threads) {
    std::vector<std::thread> pool;
    for (int i = 0; i < threads; ++i) pool.emplace_back([&] { io_->run(); });
    for (std::thread& thread : pool) thread.join();
  }
  static asio::awaitable<void> yield() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  }
};

TEST_F(CoroThreadsTest, AHerdOfCoroutinesMakesOneLoad) {
  constexpr int kReaders = 200;
  std::atomic<int> loads{0}, right{0};
  for (int i = 0; i < kReaders; ++i) {
    asio::co_spawn(
        *io_,
        [&]() -> asio::awaitable<void> {
          const auto handle =
              co_await cache().async_get_or_load("k", [&]() -> asio::awaitable<int> {
                while (total(&NamespaceStatistics::misses) < kReaders) co_await yield();
                co_return ++loads;
              });
          if (*handle == 1) ++right;
        },
        asio::detached);
  }
  run_on(4);
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(right, kReaders);
}

// A load that ends between a coroutine's look and its rest: it may go on, and go, before it has been put to rest. Only a sanitizer sees here
// what that leaves behind; ParkedWaitTest.WhoIsWokenBeforeItRestsMayBeGoneWhileItIsPutToRest stages it.
TEST_F(CoroThreadsTest, WhoIsWokenBeforeItRestsIsGoneWhenItWouldHaveRested) {
  for (int round = 0; round < 500; ++round) {
    asio::io_context io;
    std::atomic<int> resumed{0};
    auto wait = std::make_shared<detail::ParkedWait<detail::AsioCoro>>();
    const std::weak_ptr known = wait;
    wait->wake();
    asio::co_spawn(
        io,
        [&resumed, wait = std::move(wait)]() mutable -> asio::awaitable<void> {
          auto rest = detail::parked(std::move(wait));
          co_await std::move(rest);
          ++resumed;
        },
        asio::detached);
    std::thread other([&] { io.run(); });
    io.run();
    other.join();
    ASSERT_EQ(resumed, 1);
    ASSERT_TRUE(known.expired());
  }
}

TEST_F(CoroThreadsTest, NothingStaleIsReadAndAtMostTwoLoadsOfAKeyRunAtOnce) {
  std::atomic<int> origin{0}, running{0}, most{0}, stale{0}, over{0};
  const EntryOptions options{.tags = {"t"}};
  constexpr int kCoroutines = 16, kRounds = 100;
  const auto reader = [&](int number) -> asio::awaitable<void> {
    for (int round = 0; round < kRounds; ++round) {
      if (number % 8 == 0) {
        ++origin;
        invalidator_->invalidate_tag("t");
      }
      const int before = origin;  // what was invalidated up to here
      const auto handle = co_await cache().async_get_or_load(
          "k",
          [&]() -> asio::awaitable<int> {
            const int now = ++running;
            int seen = most;
            while (seen < now && !most.compare_exchange_weak(seen, now)) {
            }
            const int value = origin;
            co_await yield();
            --running;
            co_return value;
          },
          options);
      // The invalidation of the newest write may still be on its way.
      if (*handle < before - 2) ++stale;
      co_await yield();
    }
    ++over;
  };
  for (int i = 0; i < kCoroutines; ++i) asio::co_spawn(*io_, reader(i), asio::detached);
  run_on(4);
  EXPECT_EQ(over, kCoroutines);
  EXPECT_EQ(stale, 0);
  EXPECT_LE(most, 2);
  EXPECT_EQ(flights(), 0u);
}

}  // namespace
}  // namespace freshet::testing
