#include "store/frequency_sketch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace freshet::detail {
namespace {

TEST(FrequencySketchTest, KnowsNothingBeforeItHasRoom) {
  FrequencySketch sketch;
  sketch.add(1, 3);
  EXPECT_EQ(sketch.frequency(1), 0);
}

TEST(FrequencySketchTest, CountsToFifteen) {
  FrequencySketch sketch;
  sketch.fit(1'000);
  sketch.add(1, 1);
  EXPECT_EQ(sketch.frequency(1), 1);
  sketch.add(1, 4);
  EXPECT_EQ(sketch.frequency(1), 5);
  sketch.add(1, 15);
  EXPECT_EQ(sketch.frequency(1), FrequencySketch::kMost);
}

TEST(FrequencySketchTest, NeverSaysLessThanTheTruthAndRarelyMore) {
  FrequencySketch sketch;
  sketch.fit(1'000);
  std::mt19937_64 random(3);
  std::map<std::uint64_t, int> truth;
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t hash = random();
    const int times = 1 + static_cast<int>(random() % 8);
    truth[hash] = times;
    sketch.add(hash, times);
  }
  int wrong = 0;
  for (const auto& [hash, times] : truth) {
    ASSERT_GE(sketch.frequency(hash), times);
    wrong += sketch.frequency(hash) > times ? 1 : 0;
  }
  EXPECT_LT(wrong, 20);
}

// 8,192 entries have 1,024 lines or more: halving takes 64 additions, after which each line was halved once.
TEST(FrequencySketchTest, HalvesAllAfterTenAdditionsForEachEntryASliceAtATime) {
  FrequencySketch sketch;
  sketch.fit(8'000);
  std::mt19937_64 random(5);
  std::map<std::uint64_t, int> before;
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t hash = random();
    sketch.add(hash, 12);
    before[hash] = sketch.frequency(hash);
  }
  const std::uint64_t hot = random();
  for (int i = 500 * 12; i < 81'920 - 15; i += 15) sketch.add(hot, 15);
  for (const auto& [hash, times] : before) ASSERT_EQ(sketch.frequency(hash), times) << "too soon";

  sketch.add(hot, 15);
  const auto halved = [&] {
    return std::count_if(before.begin(), before.end(), [&](const auto& known) {
      return sketch.frequency(known.first) == known.second / 2;
    });
  };
  EXPECT_GT(halved(), 0);
  EXPECT_LT(halved(), 50) << "all at once";
  for (int i = 0; i < 63; ++i) sketch.add(hot, 1);
  EXPECT_EQ(halved(), 500);
}

TEST(FrequencySketchTest, GrowsByForgetting) {
  FrequencySketch sketch;
  sketch.fit(64);
  sketch.add(1, 5);
  sketch.fit(64);
  EXPECT_EQ(sketch.frequency(1), 5);
  sketch.fit(100'000);
  EXPECT_EQ(sketch.frequency(1), 0);
}

}  // namespace
}  // namespace freshet::detail
