// HotKeyTracker by itself, and through an invalidator.
#include "analytics/hot_keys.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using detail::HotKeyTracker;
using ::testing::IsEmpty;

constexpr AnalyticsOptions kEvery{.tracked_keys = 100, .sample_one_in = 1, .halve_after = 0};

void read(HotKeyTracker& tracker, const std::string& key, int times = 1) {
  for (int i = 0; i < times; ++i) tracker.note({std::hash<std::string>{}(key), "things", key});
}

std::uint64_t accesses(const std::vector<HotKey>& keys, std::string_view key) {
  for (const HotKey& found : keys) {
    if (found.key == key) return found.accesses;
  }
  return 0;
}

TEST(HotKeyTrackerTest, CountsExactlyWhenEveryReadIsCounted) {
  HotKeyTracker tracker(kEvery);
  for (int i = 0; i < 50; ++i) read(tracker, "key:" + std::to_string(i), 1 + 20 * i);
  const std::vector<HotKey> top = tracker.top(3);
  ASSERT_EQ(top.size(), 3u);
  EXPECT_EQ(top[0].key, "key:49");
  EXPECT_EQ(top[0].name_space, "things");
  EXPECT_EQ(top[0].accesses, 981u);
  EXPECT_EQ(top[0].error, 0u);
  EXPECT_EQ(top[2].key, "key:47");
  EXPECT_EQ(accesses(tracker.top(100), "key:0"), 1u);
  EXPECT_EQ(tracker.dropped(), 0u);
}

TEST(HotKeyTrackerTest, ReadsCountOnceHoweverOftenOneAsks) {
  HotKeyTracker tracker(kEvery);
  read(tracker, "a", 7);
  EXPECT_EQ(accesses(tracker.top(10), "a"), 7u);
  EXPECT_EQ(accesses(tracker.top(10), "a"), 7u);
  EXPECT_THAT(tracker.top(0), IsEmpty());
}

TEST(HotKeyTrackerTest, AYoungTrackerCountsEveryRead) {
  HotKeyTracker tracker(AnalyticsOptions{});
  read(tracker, "a", 5'000);
  read(tracker, "b", 300);
  const std::vector<HotKey> top = tracker.top(10);
  EXPECT_EQ(accesses(top, "a"), 5'000u);
  EXPECT_EQ(accesses(top, "b"), 300u);
}

TEST(HotKeyTrackerTest, SamplesEstimateSharesAlsoOfKeysThatAreReadInTurns) {
  HotKeyTracker tracker({.tracked_keys = 100, .sample_one_in = 8, .halve_after = 2'000});
  for (int i = 0; i < 400'000; ++i) read(tracker, "key:" + std::to_string(i % 8));
  const std::vector<HotKey> top = tracker.top(100);
  ASSERT_EQ(top.size(), 8u);
  std::uint64_t sum = 0;
  for (const HotKey& key : top) sum += key.accesses;
  for (const HotKey& key : top) {
    EXPECT_GT(key.accesses, sum / 16) << key.key;
    EXPECT_LT(key.accesses, sum / 5) << key.key;
  }
}

TEST(HotKeyTrackerTest, TheFirstHalvingsChangeTheUnitAndOnlyLaterOnesAge) {
  HotKeyTracker tracker({.tracked_keys = 100, .sample_one_in = 8, .halve_after = 1'000});
  read(tracker, "a", 3'500);  // 1,000 counted one by one, 1,000 at one in two: a second halving
  EXPECT_NEAR(static_cast<double>(accesses(tracker.top(1), "a")), 3'500, 400);
  read(tracker, "a", 100'000);
  EXPECT_GE(accesses(tracker.top(1), "a"), 8 * 999u);
  EXPECT_LE(accesses(tracker.top(1), "a"), 8 * 2'000u);
}

TEST(HotKeyTrackerTest, WhatCoolsDownLeaves) {
  HotKeyTracker tracker({.tracked_keys = 100, .sample_one_in = 1, .halve_after = 1'000});
  read(tracker, "old", 900);
  EXPECT_EQ(tracker.top(1)[0].key, "old");
  for (int i = 0; i < 15'000; ++i) read(tracker, "new");
  EXPECT_EQ(accesses(tracker.top(100), "old"), 0u);
  EXPECT_EQ(tracker.top(1)[0].key, "new");
}

TEST(HotKeyTrackerTest, TheHottestAreAskedForByHashWithTheReadsThatAreSure) {
  HotKeyTracker tracker({.tracked_keys = 2, .sample_one_in = 1, .halve_after = 0});
  const auto hash = [](const std::string& key) { return std::hash<std::string>{}(key); };
  read(tracker, "a", 9);
  read(tracker, "b", 4);
  EXPECT_EQ(tracker.hottest(2).reads(hash("a")), 9u);
  EXPECT_EQ(tracker.hottest(2).reads(hash("b")), 4u);
  EXPECT_EQ(tracker.hottest(1).reads(hash("b")), 0u);
  EXPECT_EQ(tracker.hottest(0).reads(hash("a")), 0u);
  read(tracker, "c", 2);  // takes the place of b, whose four reads may or may not have been its own
  EXPECT_EQ(tracker.hottest(2).reads(hash("c")), 2u);
  EXPECT_EQ(accesses(tracker.top(2), "c"), 6u);
  EXPECT_EQ(tracker.hottest(2).reads(hash("b")), 0u);
}

TEST(HotKeyTrackerTest, AnOverlongKeyIsReadAndNotTracked) {
  HotKeyTracker tracker(kEvery);
  read(tracker, std::string(4'000, 'x'), 10);
  read(tracker, "short", 10);
  ASSERT_EQ(tracker.top(10).size(), 1u);
}

TEST(HotKeyTrackerTest, OffItFindsNothing) {
  HotKeyTracker tracker({.hot_keys = false});
  read(tracker, "a", 100);
  EXPECT_THAT(tracker.top(10), IsEmpty());
}

TEST(HotKeyTrackerTest, ThreadsLoseNothingThatIsNotCountedAsDropped) {
  constexpr int kThreads = 4;
  constexpr int kReads = 20'000;
  HotKeyTracker tracker(kEvery);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&tracker, t] {
      for (int i = 0; i < kReads; ++i) read(tracker, "key:" + std::to_string((i + t) % 10));
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_LE(tracker.top(5).size(), 5u);
  for (std::thread& thread : threads) thread.join();
  std::uint64_t sum = tracker.dropped();
  for (const HotKey& key : tracker.top(100)) sum += key.accesses;
  // Threads that share a stripe may skip a sample, never count one twice: with four there is no sharing.
  EXPECT_EQ(sum, std::uint64_t{kThreads * kReads});
}

constexpr std::string_view kPolicy = R"(freshet: 1
namespaces:
  profiles: {strategy: manual}
  "user_*": {strategy: manual}
)";

class HotKeysTest : public CacheFixture {
 protected:
  HotKeysTest() { use(kPolicy); }
  void read(std::string_view name_space, std::string_view key, int times) {
    const auto view = invalidator_->cache<int>(name_space);
    for (int i = 0; i < times; ++i) view.get_or_load(key, [] { return 1; });
  }
};

TEST_F(HotKeysTest, HitsAndMissesAreAccessesAndTheHottestComesFirst) {  // row E3
  read("profiles", "user:1", 3);
  read("profiles", "user:2", 5);
  read("user_7", "cart", 4);
  invalidator_->cache<int>("profiles").get("user:3");
  const std::vector<HotKey> top = invalidator_->hot_keys(10);
  ASSERT_EQ(top.size(), 4u);
  EXPECT_EQ(top[0].key, "user:2");
  EXPECT_EQ(top[0].accesses, 5u);
  EXPECT_EQ(top[1].name_space, "user_7");
  EXPECT_EQ(top[1].accesses, 4u);
  EXPECT_EQ(top[3].accesses, 1u);
  EXPECT_EQ(invalidator_->hot_keys(1).size(), 1u);
}

TEST_F(HotKeysTest, OfOneNamespaceOrOfABlock) {
  read("user_7", "cart", 4);
  read("user_8", "cart", 6);
  EXPECT_EQ(invalidator_->hot_keys(10, "user_7").at(0).accesses, 4u);
  EXPECT_EQ(invalidator_->hot_keys(10, "user_7").size(), 1u);
  EXPECT_EQ(invalidator_->hot_keys(10, "user_*").size(), 2u);
  EXPECT_THAT(invalidator_->hot_keys(10, "profiles"), IsEmpty());
  EXPECT_THROW(invalidator_->hot_keys(10, "nowhere"), UnknownNamespace);
}

TEST_F(HotKeysTest, BulkReadsAreAccessesToo) {
  const auto view = invalidator_->cache<int>("profiles");
  const std::vector<std::string> keys{"a", "b", "a"};
  view.get_many(keys, [](std::span<const std::string_view> missing) {
    return std::vector<std::optional<int>>(missing.size(), 1);
  });
  EXPECT_EQ(invalidator_->hot_keys(10).size(), 2u);
}

}  // namespace
}  // namespace freshet::testing
