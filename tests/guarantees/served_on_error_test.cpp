// The checker finds what is planted of old values that were served because a load had failed, and nothing where nothing is.
#include <optional>

#include "guarantees/history_fixture.hpp"

namespace freshet::testing::history {
namespace {

class ServedOnErrorTest : public HistoryCheckerTest {
 protected:
  ServedOnErrorTest() { history_.terms.stale_if_error = 1000; }
  /// A read at `start` that was served an old value, by the clock at `clock`.
  Operation& served(ValueId value, Stamp start, Stamp end, std::int64_t clock = 0) {
    Operation& read = hit(value, start, end);
    read.staleness = Staleness::load_failed;
    read.clock = clock;
    return read;
  }
};

TEST_F(ServedOnErrorTest, WhatWasRemovedIsServedToNobody) {
  const ValueId old = value(1, 10);
  call(of(0b10), 20, 30);
  served(old, 31, 32);
  EXPECT_EQ(fault(), Fault::stale);
}

TEST_F(ServedOnErrorTest, WhatIsRemovedWhileTheReadersOwnLoadRunsIsNotServedEither) {
  const ValueId old = value(1, 10);
  add(Act::load, 1, 20, 40, 0).asked_at = 19;
  call(of(0b10), 21, 30);
  served(old, 19, 50);
  EXPECT_EQ(fault(), Fault::stale);
}

TEST_F(ServedOnErrorTest, WhatIsRemovedOnceThatHasFailedMayBe) {
  const ValueId old = value(1, 10);
  add(Act::load, 1, 20, 25, 0).asked_at = 19;
  call(of(0b10), 26, 30);
  served(old, 19, 50);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(ServedOnErrorTest, WhatIsRemovedBeforeALoadIsLateIsNotServed) {
  history_.terms.soft_timeout = 20;
  const ValueId old = value(1, 10);
  call(of(0b10), 21, 30).clock_end = 119;
  served(old, 19, 50, 100).staleness = Staleness::load_late;
  EXPECT_EQ(fault(), Fault::stale);
}

TEST_F(ServedOnErrorTest, WhatIsRemovedOnceItIsLateMayBe) {
  history_.terms.soft_timeout = 20;
  const ValueId old = value(1, 10);
  call(of(0b10), 21, 30).clock_end = 120;
  served(old, 19, 50, 100).staleness = Staleness::load_late;
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(ServedOnErrorTest, WhereThereIsNoTimeOutNothingIsLate) {
  served(value(1, 10), 31, 32).staleness = Staleness::load_late;
  EXPECT_EQ(fault(), Fault::not_said);
}

TEST_F(ServedOnErrorTest, WherePolicyDoesNotServeItNothingIs) {
  history_.terms = {.serves_stale = true};
  served(value(1, 10), 31, 32);
  EXPECT_EQ(fault(), Fault::not_said);
}

TEST_F(ServedOnErrorTest, ItIsServedPastItsLifetimeForSoLong) {
  history_.terms.lifetime = 100;
  const ValueId old = value(1, 10);
  made(old).stored_by = 5000;
  served(old, 31, 32, 6099);
  EXPECT_EQ(fault(), std::nullopt);
  served(old, 33, 34, 6100);
  EXPECT_EQ(fault(), Fault::past_deadline);
}

TEST_F(ServedOnErrorTest, WhatWasExpiredIsServedForSoLongFromThen) {
  const ValueId old = value(1, 10);
  call(of(0b10), 20, 30, Mode::expire).clock_end = 5000;
  served(old, 31, 32, 5999);
  EXPECT_EQ(fault(), std::nullopt);
  served(old, 33, 34, 6000);
  EXPECT_EQ(fault(), Fault::past_deadline);
}

TEST_F(ServedOnErrorTest, AnExpiryBeforeTheValueWasReadIsNoneOfIt) {
  call(of(0b10), 20, 30, Mode::expire).clock_end = 5000;
  served(value(1, 25), 31, 32, 9000);
  EXPECT_EQ(fault(), std::nullopt);
}

}  // namespace
}  // namespace freshet::testing::history
