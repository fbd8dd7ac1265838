#include "freshness/carrier.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "freshness/freshness.hpp"
#include "support/labelled_carrier.hpp"

namespace freshet::detail {
namespace {

class CarrierTest : public ::testing::Test {
 protected:
  std::uint64_t resident(const LabelRef& label) const { return Freshness::resident(*label); }

  Freshness freshness_{64};
  const LabelRef space_ = freshness_.pin(LabelKind::name_space, "profiles");
  const LabelRef tag_ = freshness_.pin(LabelKind::tag, "users");
  const LabelRef resource_ = freshness_.pin(LabelKind::resource, "table:users");
};

TEST_F(CarrierTest, KnowsTheKindsThatItCarriesFromTheBeginningAndThoseAttachedLater) {
  const std::vector<LabelRef> labels{space_};
  LabelledCarrier carrier(Revision{1}, labels);
  EXPECT_FALSE(carrier.carries_tag());
  EXPECT_FALSE(carrier.carries_dependency());
  EXPECT_FALSE(carrier.carries_inherited());
  carrier.attach(tag_, Revision{1});
  EXPECT_TRUE(carrier.carries_tag());
  EXPECT_FALSE(carrier.carries_dependency());
  carrier.attach(resource_, Revision{1});
  EXPECT_TRUE(carrier.carries_dependency());
  EXPECT_TRUE(carrier.carries_inherited());

  const std::vector<LabelRef> both{space_, tag_, resource_};
  const LabelledCarrier from_the_beginning(Revision{1}, both);
  EXPECT_TRUE(from_the_beginning.carries_tag());
  EXPECT_TRUE(from_the_beginning.carries_dependency());
  EXPECT_TRUE(from_the_beginning.carries_inherited());
}

TEST_F(CarrierTest, WhatIsLeftOutIsInherited) {
  const std::vector<LabelRef> labels{space_, freshness_.overflow()};
  const LabelledCarrier carrier(Revision{1}, labels);
  EXPECT_TRUE(carrier.carries_inherited());
  EXPECT_FALSE(carrier.carries_dependency());
}

TEST_F(CarrierTest, TakesTheCountsOfOneWithTheSameLabels) {
  const std::vector<LabelRef> labels{space_, tag_};
  LabelledCarrier leaves(Revision{1}, labels);
  LabelledCarrier comes(Revision{2}, labels);
  freshness_.count_in(leaves);
  EXPECT_TRUE(comes.take_counts_of(leaves));
  EXPECT_FALSE(leaves.is_counted());
  EXPECT_TRUE(comes.is_counted());
  freshness_.count_out(leaves);
  freshness_.count_in(comes);
  EXPECT_EQ(resident(tag_), 1u);
  EXPECT_EQ(freshness_.resident(), 1u);
  freshness_.count_out(comes);
  EXPECT_EQ(resident(tag_), 0u);
  EXPECT_EQ(freshness_.resident(), 0u);
}

TEST_F(CarrierTest, TakesNoCountsOfOneWithOtherLabelsOrThatIsNotCounted) {
  const std::vector<LabelRef> plain{space_};
  const std::vector<LabelRef> tagged{space_, tag_};
  const std::vector<LabelRef> dependent{space_, resource_};
  LabelledCarrier comes(Revision{2}, tagged);
  for (const auto& labels : {plain, dependent}) {
    LabelledCarrier leaves(Revision{1}, labels);
    freshness_.count_in(leaves);
    EXPECT_FALSE(comes.take_counts_of(leaves));
    freshness_.count_out(leaves);
  }
  LabelledCarrier expired(Revision{1}, tagged);  // it has left the counts already
  EXPECT_FALSE(comes.take_counts_of(expired));
  LabelledCarrier has_more(Revision{1}, tagged);
  has_more.attach(resource_, Revision{1});
  freshness_.count_in(has_more);
  EXPECT_FALSE(comes.take_counts_of(has_more));
  freshness_.count_out(has_more);
  EXPECT_FALSE(comes.is_counted());
  EXPECT_EQ(resident(resource_), 0u);
}

TEST_F(CarrierTest, WhatIsCountedOrHasMoreOfItsOwnTakesNoCounts) {
  const std::vector<LabelRef> labels{space_, tag_};
  LabelledCarrier leaves(Revision{1}, labels);
  freshness_.count_in(leaves);
  LabelledCarrier counted(Revision{2}, labels);
  freshness_.count_in(counted);
  EXPECT_FALSE(counted.take_counts_of(leaves));
  freshness_.count_out(counted);
  LabelledCarrier has_more(Revision{2}, labels);
  has_more.attach(resource_, Revision{1});
  EXPECT_FALSE(has_more.take_counts_of(leaves));
  freshness_.count_in(has_more);
  EXPECT_EQ(resident(resource_), 1u);
  freshness_.count_out(has_more);
  EXPECT_TRUE(leaves.is_counted());
  freshness_.count_out(leaves);
  EXPECT_EQ(resident(tag_), 0u);
}

}  // namespace
}  // namespace freshet::detail
