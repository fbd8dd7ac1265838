#include "freshness/resident_count.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace freshet::detail {
namespace {

TEST(ResidentCountTest, CountsExactlyAcrossTheSwitchToStripes) {
  ResidentCount count;
  for (int i = 0; i < 10'000; ++i) count.add(1);
  EXPECT_EQ(count.value(), 10'000);
  for (int i = 0; i < 10'000; ++i) count.add(-1);
  EXPECT_EQ(count.value(), 0);
}

TEST(ResidentCountTest, CountsExactlyWhileThreadsSwitchToStripesTogether) {
  ResidentCount count;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&count] {
      for (int i = 0; i < 50'000; ++i) count.add(i % 5 == 0 ? -1 : 1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count.value(), 4 * 50'000 * 3 / 5);
}

}  // namespace
}  // namespace freshet::detail
