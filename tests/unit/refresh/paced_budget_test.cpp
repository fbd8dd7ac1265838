// PacedBudget: no more loads begin in any second than it says, whichever second is looked at.
#include "refresh/paced_budget.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <vector>

namespace freshet::testing {
namespace {

using namespace std::chrono_literals;
using detail::PacedBudget;

class PacedBudgetTest : public ::testing::Test {
 protected:
  /// How many loads may begin now, each done at once.
  std::uint64_t taken(Instant now) {
    std::uint64_t count = 0;
    for (; count < 10'000 && budget_.take(now); ++count) budget_.done();
    return count;
  }

  PacedBudget budget_;
  const Instant start_{1h};
};

TEST_F(PacedBudgetTest, GivesASecondsWorthAndNoMoreHoweverLongNothingWasTaken) {
  budget_.set_limits(40, 100);
  EXPECT_EQ(taken(start_), 40u);
  EXPECT_EQ(taken(start_), 0u);
  EXPECT_EQ(taken(start_ + 1h), 40u);
}

TEST_F(PacedBudgetTest, WhatWasTakenComesBackASecondLaterAndASlotAtMost) {
  budget_.set_limits(40, 100);
  EXPECT_EQ(taken(start_ + 49ms), 40u);
  EXPECT_EQ(taken(start_ + 1'049ms), 0u);
  EXPECT_EQ(taken(start_ + 1'050ms), 40u);
}

TEST_F(PacedBudgetTest, AfterABurstASecondLaterThereIsNoSecondBurstWithinTheSecond) {
  budget_.set_limits(10, 100);
  EXPECT_EQ(taken(start_), 10u);
  EXPECT_EQ(taken(start_ + 999ms), 0u);
}

TEST_F(PacedBudgetTest, WhicheverSecondIsLookedAtNoMoreThanTheLimitBegan) {
  std::mt19937_64 random(7);
  for (const std::uint64_t limit : {1u, 7u, 100u, 333u}) {
    PacedBudget budget;
    budget.set_limits(limit, 1'000);
    Instant now = start_;
    std::vector<Instant> begun;
    while (now < start_ + 20s) {
      now += Duration(static_cast<Duration::rep>(random() % 20'000'000));
      for (std::uint64_t wanted = random() % (limit + 1); wanted > 0 && budget.take(now);
           --wanted) {
        begun.push_back(now);
        budget.done();
      }
    }
    EXPECT_GE(begun.size(), limit * 18) << "and the rate is used";
    for (std::size_t i = limit; i < begun.size(); ++i) {
      ASSERT_GE(begun[i] - begun[i - limit], 1s) << "limit " << limit << ", load " << i;
    }
  }
}

TEST_F(PacedBudgetTest, BoundsWhatIsUnderWay) {
  budget_.set_limits(1'000, 2);
  EXPECT_TRUE(budget_.take(start_));
  EXPECT_TRUE(budget_.take(start_));
  EXPECT_EQ(budget_.left(start_), 0u);
  EXPECT_FALSE(budget_.take(start_));
  budget_.done();
  EXPECT_TRUE(budget_.take(start_)) << "one that ended makes room at once";
}

TEST_F(PacedBudgetTest, SaysHowManyCouldBegin) {
  budget_.set_limits(10, 4);
  EXPECT_EQ(budget_.left(start_), 4u);
  taken(start_);
  EXPECT_EQ(budget_.left(start_), 0u);
  EXPECT_EQ(budget_.left(start_ + 2s), 4u);
}

TEST_F(PacedBudgetTest, ALowerLimitCountsWhatHasBegunAndAHigherOneGivesTheRest) {
  budget_.set_limits(100, 100);
  EXPECT_EQ(taken(start_), 100u);
  budget_.set_limits(50, 100);
  EXPECT_EQ(taken(start_ + 500ms), 0u);
  budget_.set_limits(120, 100);
  EXPECT_EQ(taken(start_ + 500ms), 20u);
}

TEST_F(PacedBudgetTest, AClockThatWasReadEarlierCountsForTheSlotThatIsOpen) {
  budget_.set_limits(10, 100);
  EXPECT_EQ(taken(start_ + 10s), 10u);
  EXPECT_EQ(taken(start_), 0u);
}

}  // namespace
}  // namespace freshet::testing
