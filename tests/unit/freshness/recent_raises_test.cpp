// A table that shares its slots may only ever ask for a walk too many.
#include "freshness/recent_raises.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "freshness/freshness.hpp"
#include "support/labelled_carrier.hpp"

namespace freshet::detail {
namespace {

class RecentRaisesTest : public ::testing::Test {
 protected:
  RecentRaisesTest() {
    for (int i = 0; i < 1000; ++i)
      others_.push_back(freshness_.pin(LabelKind::tag, "other:" + std::to_string(i)));
  }

  Freshness freshness_{64};
  std::vector<LabelRef> own_{freshness_.pin(LabelKind::name_space, "things"),
                             freshness_.pin(LabelKind::tag, "own")};
  std::vector<LabelRef> others_;
  LabelledCarrier carrier_{Revision{1}, own_};
  RecentRaises recent_;
};

TEST_F(RecentRaisesTest, ARaiseOfACarriedLabelIsNeverOverlookedHoweverManyCameSince) {
  recent_.note(own_[1].get(), Revision{10});
  for (std::uint64_t i = 0; i < others_.size(); ++i)
    recent_.note(others_[i].get(), Revision{11 + i});
  EXPECT_FALSE(recent_.spare(carrier_, Revision{9}));
}

TEST_F(RecentRaisesTest, MostRaisesOfOtherLabelsAreSpared) {
  std::size_t spared = 0;
  for (std::uint64_t i = 0; i < others_.size(); ++i) {
    recent_.note(others_[i].get(), Revision{11 + i});
    spared += recent_.spare(carrier_, Revision{10 + i}) ? 1 : 0;
  }
  EXPECT_GE(spared, 990u) << "of 1,000, each of which shares one of 8,192 slots";
}

TEST_F(RecentRaisesTest, WhoWasCheckedAtTheRaiseOrLaterIsSpared) {
  recent_.note(own_[0].get(), Revision{10});
  EXPECT_TRUE(recent_.spare(carrier_, Revision{10}));
  EXPECT_FALSE(recent_.spare(carrier_, Revision{9}));
}

TEST_F(RecentRaisesTest, WhatMayHitAnyCarrierSparesNone) {
  recent_.note_any(Revision{10});
  EXPECT_FALSE(recent_.spare(carrier_, Revision{9}));
  EXPECT_TRUE(recent_.spare(carrier_, Revision{10}));
}

TEST_F(RecentRaisesTest, LabelsThatWereAddedLaterAreWalked) {
  carrier_.attach(freshness_.pin_key(own_[0], "k"), Revision{5});
  EXPECT_FALSE(recent_.spare(carrier_, Revision{9}));
}

}  // namespace
}  // namespace freshet::detail
