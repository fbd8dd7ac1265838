// RefreshBudget: how many loads in the background per second, and at once.
#include "refresh/refresh_budget.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace freshet::testing {
namespace {

using namespace std::chrono_literals;
using detail::RefreshBudget;

class RefreshBudgetTest : public ::testing::Test {
 protected:
  /// How many loads may begin now, each done at once.
  int taken(Instant now) {
    int count = 0;
    for (; count < 1'000 && budget_.take(now); ++count) budget_.done();
    return count;
  }

  RefreshBudget budget_;
  const Instant start_{1h};
};

TEST_F(RefreshBudgetTest, HoldsASecondsWorthAndNoMoreHoweverLongNothingWasTaken) {
  budget_.set_limits({.per_second = 4, .at_once = 100});
  EXPECT_EQ(taken(start_), 4);
  EXPECT_EQ(taken(start_), 0);
  EXPECT_EQ(taken(start_ + 1h), 4);
}

TEST_F(RefreshBudgetTest, RefillsEvenlyAndLosesNoPartOfASecond) {
  budget_.set_limits({.per_second = 4, .at_once = 100});
  taken(start_);
  EXPECT_EQ(taken(start_ + 249ms), 0);
  EXPECT_EQ(taken(start_ + 300ms), 1);
  EXPECT_EQ(taken(start_ + 499ms), 0);
  EXPECT_EQ(taken(start_ + 500ms), 1) << "what was left of the 300 ms counts";
}

TEST_F(RefreshBudgetTest, NoMoreAreUnderWayThanAtOnceSaysUntilOneIsDone) {
  budget_.set_limits({.per_second = 100, .at_once = 2});
  EXPECT_TRUE(budget_.take(start_));
  EXPECT_TRUE(budget_.take(start_));
  EXPECT_FALSE(budget_.take(start_));
  budget_.done();
  EXPECT_TRUE(budget_.take(start_));
  EXPECT_FALSE(budget_.take(start_ + 1h));
}

TEST_F(RefreshBudgetTest, WhatIsRefusedForBeingTooManyAtOnceCostsNothing) {
  budget_.set_limits({.per_second = 2, .at_once = 1});
  EXPECT_TRUE(budget_.take(start_));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(budget_.take(start_));
  budget_.done();
  EXPECT_EQ(taken(start_), 1);
}

}  // namespace
}  // namespace freshet::testing
