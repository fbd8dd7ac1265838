// The system's clock: its cheap form keeps close behind the other.
#include <gtest/gtest.h>

#include "freshet/clock.hpp"
#include "freshet/testing/manual_clock.hpp"

namespace freshet {
namespace {

TEST(SystemClockTest, TheCoarseTimeIsNeverAhead) {
  const auto clock = make_system_clock();
  for (int i = 0; i < 100'000; ++i) {
    const Instant coarse = clock->coarse_now();
    ASSERT_LE(coarse, clock->now());
  }
}

TEST(SystemClockTest, TheCoarseTimeFollows) {
  const auto clock = make_system_clock();
  const Instant began = clock->now();
  while (clock->coarse_now() <= began) {  // until the kernel's next tick
  }
  EXPECT_LE(clock->coarse_now(), clock->now());
}

TEST(ClockTest, WithoutACoarseTimeOfItsOwnItIsExact) {
  testing::ManualClock clock;
  clock.advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(clock.coarse_now(), clock.now());
}

}  // namespace
}  // namespace freshet
