// G2: loads of one key are shared; a second runs beside the first only when an invalidation forced it; a third need waits.
// No waiter is stranded by a leader that throws.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  profiles: {strategy: manual}
)";

class OneLoadTest : public CacheFixture {
 protected:
  OneLoadTest() { use(kPolicy); }

  /// Waits until `count` reads have missed: they have boarded, or are about to.
  void wait_for_misses(std::uint64_t count) {
    while (invalidator_->stats().total.misses < count) std::this_thread::yield();
  }

  Cache<int> cache() { return invalidator_->cache<int>("profiles"); }
};

TEST_F(OneLoadTest, ConcurrentReadersOfAMissingKeyShareOneLoad) {
  constexpr int kReaders = 8;
  std::atomic<int> loads{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      const auto handle = cache().get_or_load("k", [&] {
        wait_for_misses(kReaders);  // nobody can have a hit before this returns
        return ++loads;
      });
      EXPECT_EQ(*handle, 1);
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(invalidator_->stats().total.loads, 1u);
  EXPECT_EQ(invalidator_->stats().total.shared_loads, kReaders - 1u);
}

TEST_F(OneLoadTest, NoMoreThanTwoLoadsOfAKeyRunAtOnceWhateverIsInvalidated) {
  std::atomic<int> running{0}, most{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 6; ++i) {
    readers.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        cache().get_or_load("k", [&] {
          const int now = ++running;
          int seen = most;
          while (seen < now && !most.compare_exchange_weak(seen, now)) {
          }
          invalidator_->invalidate("k", "profiles");
          std::this_thread::yield();
          --running;
          return round;
        });
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_LE(most, 2);
  EXPECT_GE(most, 1);
}

TEST_F(OneLoadTest, AThirdNeedWaitsUntilOneOfTheTwoEnds) {
  std::promise<void> first_loading, second_loading, release;
  const std::shared_future<void> released = release.get_future().share();
  std::thread first([&] {
    cache().get_or_load("k", [&] { return first_loading.set_value(), released.wait(), 1; });
  });
  first_loading.get_future().wait();
  invalidator_->invalidate("k", "profiles");
  std::thread second([&] {
    cache().get_or_load("k", [&] { return second_loading.set_value(), released.wait(), 2; });
  });
  second_loading.get_future().wait();
  invalidator_->invalidate("k", "profiles");
  std::atomic<bool> third_loaded{false};
  std::thread third([&] {
    const auto handle = cache().get_or_load("k", [&] { return third_loaded = true, 3; });
    EXPECT_EQ(*handle, 3) << "both loads under way began before the last invalidation";
  });
  wait_for_misses(3);
  EXPECT_FALSE(third_loaded);
  release.set_value();
  first.join();
  second.join();
  third.join();
  EXPECT_TRUE(third_loaded);
  EXPECT_EQ(*cache().get("k"), 3);
}

TEST_F(OneLoadTest, WhatTheLoaderThrowsReachesAllWhoWaitAndNothingIsLeft) {
  constexpr int kReaders = 6;
  std::atomic<int> threw{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      try {
        cache().get_or_load("k", [&]() -> int {
          wait_for_misses(kReaders);
          throw std::runtime_error("origin is away");
        });
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "origin is away");
        ++threw;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(threw, kReaders);
  EXPECT_FALSE(cache().get("k"));
  EXPECT_EQ(*cache().get_or_load("k", [] { return 7; }), 7) << "a failure is not remembered";
}

TEST_F(OneLoadTest, ALoaderThatAsksForItsOwnKeyGetsAnError) {
  EXPECT_THROW(
      cache().get_or_load("k", [&] { return *cache().get_or_load("k", [] { return 1; }); }),
      RecursiveLoad);
  EXPECT_EQ(*cache().get_or_load("k", [] { return 2; }), 2);
}

TEST_F(OneLoadTest, LoadersThatAskForOtherKeysWork) {
  const auto outer =
      cache().get_or_load("a", [&] { return 1 + *cache().get_or_load("b", [] { return 1; }); });
  EXPECT_EQ(*outer, 2);
}

TEST_F(OneLoadTest, LoadersThatWaitForEachOtherInACircleAreNotStranded) {
  std::latch both_lead(2);
  std::atomic<int> errors{0};
  const auto load = [&](const char* mine, const char* theirs) {
    try {
      cache().get_or_load(mine, [&] {
        both_lead.arrive_and_wait();
        return *cache().get_or_load(theirs, [] { return 0; });
      });
    } catch (const RecursiveLoad&) {
      ++errors;
    }
  };
  std::thread a([&] { load("a", "b"); });
  std::thread b([&] { load("b", "a"); });
  a.join();
  b.join();
  EXPECT_GE(errors, 1)
      << "the one that closes the circle is told, and whoever waits for it with it";
}

TEST_F(OneLoadTest, ABulkLoadWaitsForALoadOfOthersInsteadOfLoadingAgain) {
  std::promise<void> loading, release;
  std::thread single([&] {
    cache().get_or_load("b", [&] { return loading.set_value(), release.get_future().wait(), 20; });
  });
  loading.get_future().wait();
  const std::vector<std::string> keys{"a", "b", "c", "a"};
  std::vector<std::string> asked;
  const auto handles = cache().get_many(keys, [&](std::span<const std::string_view> missing) {
    asked.assign(missing.begin(), missing.end());
    release.set_value();
    return std::vector<std::optional<int>>{10, std::nullopt};
  });
  single.join();
  EXPECT_EQ(asked, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(*handles[0], 10);
  EXPECT_EQ(*handles[1], 20);
  EXPECT_FALSE(handles[2]);
  EXPECT_EQ(*handles[3], 10);
  EXPECT_FALSE(cache().contains("c"));
}

// A thread that has ended its flight may wait for another's, whose leader waits for the first: that is no circle.
TEST_F(OneLoadTest, BulkLoadsThatNeedEachOthersKeysAreNotMistakenForACircle) {
  std::vector<std::thread> readers;
  for (int t = 0; t < 4; ++t) {
    readers.emplace_back([&, t] {
      for (int round = 0; round < 2'000; ++round) {
        const std::vector<std::string> keys =
            t % 2 == 0 ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{"b", "a"};
        const auto handles = cache().get_many(keys, [](std::span<const std::string_view> missing) {
          return std::vector<std::optional<int>>(missing.size(), 1);
        });
        EXPECT_TRUE(handles[0] && handles[1]);
        invalidator_->invalidate(keys[0], "profiles");
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
}

TEST_F(OneLoadTest, ABulkLoaderThatThrowsOrMiscountsStrandsNobody) {
  const std::vector<std::string> keys{"a", "b"};
  EXPECT_THROW(
      cache().get_many(
          keys, [](auto) -> std::vector<std::optional<int>> { throw std::logic_error("no"); }),
      std::logic_error);
  EXPECT_THROW(cache().get_many(keys, [](auto) { return std::vector<std::optional<int>>{1}; }),
               BulkLoadMismatch);
  EXPECT_EQ(*cache().get_or_load("a", [] { return 1; }), 1);
}

}  // namespace
}  // namespace freshet::testing
