// Since when something is expired: the first of what the labels tell.
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "freshness/freshness.hpp"
#include "support/labelled_carrier.hpp"

namespace freshet::detail {
namespace {

constexpr std::string_view kKey = "user:1";

class ExpiredSinceTest : public ::testing::Test {
 protected:
  std::unique_ptr<LabelledCarrier> born_now(std::vector<LabelRef> more) {
    std::vector<LabelRef> labels{space_};
    labels.insert(labels.end(), more.begin(), more.end());
    return std::make_unique<LabelledCarrier>(freshness_.revision(), std::move(labels));
  }
  LabelRef pin(std::string_view tag) { return freshness_.pin(LabelKind::tag, tag); }
  Revision raise(LabelKind kind, std::string_view name, Mode mode = Mode::expire) {
    return freshness_.raise(std::array{LabelName(kind, name)}, mode);
  }
  Revision since(const LabelledCarrier& entry) const {
    return freshness_.expired_since(entry, kKey);
  }

  Freshness freshness_{64};
  LabelRef space_ = freshness_.pin(LabelKind::name_space, "p");
};

TEST_F(ExpiredSinceTest, OfSeveralLabelsTheOneThatWasExpiredFirstCounts) {
  const auto entry = born_now({pin("a"), pin("b")});
  const Revision first = raise(LabelKind::tag, "b");
  raise(LabelKind::tag, "a");
  raise(LabelKind::name_space, "p");
  EXPECT_EQ(since(*entry), first);
}

TEST_F(ExpiredSinceTest, WhatWasExpiredBeforeItWasBornIsNoneOfIt) {
  const LabelRef tag = pin("a");
  raise(LabelKind::tag, "a");
  const auto entry = born_now({tag, pin("b")});
  const Revision own = raise(LabelKind::tag, "b");
  EXPECT_EQ(since(*entry), own);
}

TEST_F(ExpiredSinceTest, ALabelThatWasAddedLaterCountsFromThen) {
  const auto entry = born_now({});
  const LabelRef late = pin("late");
  raise(LabelKind::tag, "late");
  entry->attach(late, freshness_.revision());
  EXPECT_EQ(since(*entry), Revision{}) << "older than the joining";
  const Revision own = raise(LabelKind::tag, "late");
  EXPECT_EQ(since(*entry), own);
}

TEST_F(ExpiredSinceTest, ABanOfItsKeyCounts) {
  const auto entry = born_now({pin("a")});
  RaiseSet set;
  set.bans.push_back(
      Ban{.kind = Ban::Kind::prefix, .space = space_, .text = "user", .separator = ':'});
  const Revision first = freshness_.raise(set, Mode::expire);
  raise(LabelKind::tag, "a");
  EXPECT_EQ(since(*entry), first);
}

TEST_F(ExpiredSinceTest, AKeyThatItDependsOnCountsAndWhatThatDependsOn) {
  const LabelRef key = freshness_.pin_key(space_, "other");
  const LabelRef row = freshness_.pin(LabelKind::resource, "row");
  freshness_.relate(key, std::array{row}, freshness_.revision());
  const auto entry = born_now({key});
  const Revision first = raise(LabelKind::resource, "row");
  freshness_.raise_key(*space_, "other", Mode::expire);
  EXPECT_EQ(since(*entry), first);
}

TEST_F(ExpiredSinceTest, WhereNothingSaysSoItIsNotKnown) {
  const auto entry = born_now({pin("a")});
  raise(LabelKind::tag, "a", Mode::remove);
  EXPECT_EQ(since(*entry), Revision{});
}

}  // namespace
}  // namespace freshet::detail
