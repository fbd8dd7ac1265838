#include "store/raise_times.hpp"

#include <gtest/gtest.h>

namespace freshet::detail {
namespace {

using namespace std::chrono_literals;

class RaiseTimesTest : public ::testing::Test {
 protected:
  static constexpr Instant at(Duration since) { return Instant(since); }
  Instant time_of(std::uint64_t revision) const { return times_.time_of(Revision{revision}, now_); }

  RaiseTimes times_;
  Instant now_ = at(1h);
};

TEST_F(RaiseTimesTest, ARevisionHasTheTimeOfTheFirstPointThatIsNotOlder) {
  times_.begin(Revision{2});
  times_.note(at(1s), Revision{5});
  times_.note(at(2s), Revision{9});
  EXPECT_EQ(time_of(3), at(1s));
  EXPECT_EQ(time_of(5), at(1s));
  EXPECT_EQ(time_of(6), at(2s));
}

TEST_F(RaiseTimesTest, WhatIsNotNotedYetIsOfNow) {
  times_.begin(Revision{2});
  EXPECT_EQ(time_of(3), now_);
}

TEST_F(RaiseTimesTest, WhatWasRaisedBeforeItBeganIsTooOld) {
  times_.note(at(1s), Revision{2});  // nobody asks for it yet
  times_.begin(Revision{2});
  EXPECT_EQ(time_of(2), Instant::min());
  EXPECT_EQ(time_of(0), Instant::min());
}

TEST_F(RaiseTimesTest, PointsThatAreNearTogetherAreOneWithTheEarlierTime) {
  times_.begin(Revision{2});
  times_.note(at(1s), Revision{5});
  times_.note(at(1s + RaiseTimes::kStep - 1ns), Revision{6});
  EXPECT_EQ(time_of(6), at(1s)) << "older than it is, never younger";
  times_.note(at(1s + RaiseTimes::kStep), Revision{7});
  EXPECT_EQ(time_of(7), at(1s + RaiseTimes::kStep));
}

TEST_F(RaiseTimesTest, WhatIsOlderThanTheRingIsTooOld) {
  times_.begin(Revision{});
  for (std::uint64_t i = 1; i <= RaiseTimes::kPoints + 1; ++i)
    times_.note(at(i * 1s), Revision{i * 2});
  EXPECT_EQ(time_of(2), Instant::min());
  EXPECT_EQ(time_of(3), at(2s));
}

TEST_F(RaiseTimesTest, WhoIsLateWithAnOlderRevisionChangesNothing) {
  times_.begin(Revision{});
  times_.note(at(2s), Revision{6});
  times_.note(at(3s), Revision{5});
  EXPECT_EQ(time_of(5), at(2s));
}

}  // namespace
}  // namespace freshet::detail
