// The checker finds what is planted of answers that there is nothing, and nothing where nothing is.
#include <optional>

#include "guarantees/history_fixture.hpp"

namespace freshet::testing::history {
namespace {

class AbsentAnswersTest : public HistoryCheckerTest {
 protected:
  /// A load that found nothing.
  void found_nothing(Stamp start, Stamp end) {
    const ValueId nothing = value(1, start);
    made(nothing).absent = true;
    add(Act::load, 1, start, end, nothing);
  }
  /// An answer that there is nothing.
  void answered(Stamp start, Stamp end) { add(Act::read, 1, start, end).absent = true; }
};

TEST_F(AbsentAnswersTest, WhatWasFoundBeforeACallIsNotTheAnswerAfterIt) {
  for (const Mode mode : {Mode::remove, Mode::expire}) {
    history_ = History();
    history_.logs.resize(1);
    history_.stamps = 1000;
    found_nothing(10, 12);
    call(of(0b10), 20, 30, mode);
    answered(31, 32);
    EXPECT_EQ(fault(), Fault::stale);
  }
}

TEST_F(AbsentAnswersTest, WhoAskedBeforeTheCallReturnedMayGetIt) {
  found_nothing(10, 12);
  call(of(0b10), 20, 30);
  answered(29, 32);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(AbsentAnswersTest, ALoadThatBeganSinceTheCallDidMayBeTheOne) {
  found_nothing(10, 12);
  call(of(0b10), 20, 30);
  found_nothing(21, 34);
  answered(31, 35);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(AbsentAnswersTest, ACallForAnotherKeyProvesNothing) {
  found_nothing(10, 12);
  call(of(0b100), 20, 30);
  answered(31, 32);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(AbsentAnswersTest, NothingIsAnsweredWhereNothingWasEverAbsent) {
  hit(value(1, 10), 11, 12);
  answered(31, 32);
  EXPECT_EQ(fault(), Fault::stale);
}

}  // namespace
}  // namespace freshet::testing::history
