// The checker on what replaces what (G7): a value does not come back, and none is replaced by one that was born before it.
#include <optional>

#include "guarantees/history_fixture.hpp"

namespace freshet::testing::history {
namespace {

class ReplacedValueTest : public HistoryCheckerTest {
 protected:
  ReplacedValueTest() { history_.terms.keeps_everything = true; }
};

TEST_F(ReplacedValueTest, AValueThatWasReplacedDoesNotComeBack) {
  const ValueId first = value(1, 10), second = value(1, 11);
  hit(first, 20, 21);
  hit(second, 22, 23);
  EXPECT_EQ(fault(), std::nullopt);
  hit(first, 24, 25);
  EXPECT_EQ(fault(), Fault::unseen);
}

TEST_F(ReplacedValueTest, NothingIsReplacedByWhatWasBornBeforeIt) {
  const ValueId older = value(1, 10), newer = value(1, 40);
  call(of(0b100), 20, 30);
  hit(newer, 41, 42);
  hit(older, 43, 44);
  EXPECT_EQ(fault(), Fault::older_birth);
}

// Found by a history: the put of a key that the newer value was made of had begun, and took it between the two hits.
TEST_F(ReplacedValueTest, UnlessSomethingMayBeTakingTheNewerOneAway) {
  const ValueId older = value(1, 10), newer = value(1, 40);
  call(of(0b100), 20, 30);
  hit(newer, 41, 42);
  call({.perhaps = 0b10}, 43, 60);
  hit(newer, 45, 46);
  hit(newer, 47, 61);
  hit(older, 62, 63);
  EXPECT_EQ(fault(), std::nullopt);
}

// Found by a history of eight workers: a predicate that was still at work took the newer value, and not the load before it.
TEST_F(ReplacedValueTest, OrAPredicateThatAsksOneAfterTheOtherTookIt) {
  const ValueId older = value(1, 10), newer = value(1, 40);
  Reach predicate = of(0b10);
  predicate.asks = true;
  call(predicate, 5, 50);
  call(of(0b100), 20, 30);
  hit(newer, 41, 42);
  hit(older, 53, 54);
  EXPECT_EQ(fault(), std::nullopt);
}

// Found by a history of eight workers: the read had begun before the call that took the newer value, and looked after it.
TEST_F(ReplacedValueTest, OrACallTookItWhileTheReadWasUnderWay) {
  const ValueId older = value(1, 10), newer = value(1, 40);
  call(of(0b100), 20, 30);
  hit(newer, 41, 42);
  call({.perhaps = 0b10}, 44, 45);
  hit(older, 43, 50);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(ReplacedValueTest, ACallThatWasOverBeforeTheNewerOneWasSeenIsNoExcuse) {
  const ValueId older = value(1, 10), newer = value(1, 40);
  call(of(0b100), 20, 30);
  call({.perhaps = 0b10}, 31, 32);
  hit(newer, 41, 42);
  hit(older, 43, 50);
  EXPECT_EQ(fault(), Fault::older_birth);
}

}  // namespace
}  // namespace freshet::testing::history
