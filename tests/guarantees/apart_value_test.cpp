// The checker on what is read in a transaction or past the cache (G6): it is for its caller alone.
#include <optional>

#include "guarantees/history_fixture.hpp"

namespace freshet::testing::history {
namespace {

class ApartValueTest : public HistoryCheckerTest {
 protected:
  ValueId apart(int key, Stamp read_at, Stamp transaction) {
    const ValueId id = value(key, read_at);
    made(id).apart = transaction;
    return id;
  }
};

TEST_F(ApartValueTest, WhoeverMadeItMayReadIt) {
  Operation& read = hit(apart(1, 10, 5), 20, 21);
  read.apart = 5;
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(ApartValueTest, NobodyElseMay) {
  hit(apart(1, 10, 5), 20, 21);
  EXPECT_EQ(fault(), Fault::dirty);
}

TEST_F(ApartValueTest, NorMayAnotherTransaction) {
  Operation& read = hit(apart(1, 10, 5), 20, 21);
  read.apart = 6;
  EXPECT_EQ(fault(), Fault::dirty);
}

TEST_F(ApartValueTest, TheSameGoesForWhoJoinsItsLoad) {
  Operation& read = hit(apart(1, 10, 5), 9, 21);
  read.origin = Origin::loaded;
  EXPECT_EQ(fault(), Fault::dirty);
}

// Nothing is read in a transaction, so a miss there says nothing; outside of it, it does.
TEST_F(ApartValueTest, AMissInATransactionIsNoLoss) {
  history_.terms.keeps_everything = true;
  hit(value(1, 10), 20, 21);
  Operation& miss = add(Act::read, 1, 30, 31);
  miss.apart = 29;
  EXPECT_EQ(fault(), std::nullopt);
  miss.apart = 0;
  EXPECT_EQ(fault(), Fault::lost);
}

// It runs beside two that are shared.
TEST_F(ApartValueTest, ALoadOfItsOwnIsNoThirdOne) {
  add(Act::load, 1, 10, 40);
  add(Act::load, 1, 11, 41);
  Operation& own = add(Act::load, 1, 12, 42);
  own.apart = 5;
  EXPECT_EQ(fault(), std::nullopt);
  own.apart = 0;
  EXPECT_EQ(fault(), Fault::third_load);
}

}  // namespace
}  // namespace freshet::testing::history
