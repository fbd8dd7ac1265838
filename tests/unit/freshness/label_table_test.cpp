#include "freshness/label_table.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace freshet::detail {
namespace {

class LabelTableTest : public ::testing::Test {
 protected:
  static LabelName tag(std::string_view text) { return {LabelKind::tag, text}; }

  // With 64 stripes, one per shard, two names share a floor exactly when they share a shard.
  std::shared_ptr<LabelTable> table_ = std::make_shared<LabelTable>(64);
};

TEST_F(LabelTableTest, APinnedLabelIsLiveUntilItsLastReferenceGoes) {
  LabelRef first = table_->pin(tag("users"));
  LabelRef second = table_->pin(tag("users"));
  EXPECT_EQ(first, second);
  EXPECT_EQ(table_->live(LabelKind::tag), 1u);
  first = {};
  EXPECT_TRUE(table_->find(tag("users")));
  second = {};
  EXPECT_FALSE(table_->find(tag("users")));
  EXPECT_EQ(table_->live(LabelKind::tag), 0u);
}

TEST_F(LabelTableTest, KindsAreSeparateWorldsOfNames) {
  const LabelRef as_tag = table_->pin(tag("users"));
  const LabelRef as_namespace = table_->pin(LabelName(LabelKind::name_space, "users"));
  EXPECT_FALSE(as_tag == as_namespace);
  table_->raise(tag("users"), Mode::remove, Revision{7});
  EXPECT_EQ(as_tag->judge(Revision{6}), Verdict::removed);
  EXPECT_EQ(as_namespace->judge(Revision{6}), Verdict::fresh);
}

TEST_F(LabelTableTest, ARaiseOfAnAbsentLabelIsFoundByWhoeverMakesItLiveLater) {
  EXPECT_FALSE(table_->raise(tag("users"), Mode::remove, Revision{5}));
  const LabelRef label = table_->pin(tag("users"));
  EXPECT_EQ(label->judge(Revision{4}), Verdict::removed);
  EXPECT_EQ(label->judge(Revision{5}), Verdict::fresh);
}

TEST_F(LabelTableTest, AnExpiryOfAnAbsentLabelIsNoRemoval) {
  EXPECT_FALSE(table_->raise(tag("users"), Mode::expire, Revision{5}));
  const LabelRef label = table_->pin(tag("users"));
  EXPECT_EQ(label->watermarks().expire, Revision{5});
  EXPECT_EQ(label->watermarks().remove, Revision{});
}

TEST_F(LabelTableTest, ADroppedLabelLeavesBothWatermarksInItsFloor) {
  {
    const LabelRef label = table_->pin(tag("users"));
    EXPECT_TRUE(table_->raise(tag("users"), Mode::remove, Revision{5}));
    EXPECT_TRUE(table_->raise(tag("users"), Mode::expire, Revision{8}));
  }
  const LabelRef again = table_->pin(tag("users"));
  EXPECT_EQ(again->judge(Revision{4}), Verdict::removed);
  EXPECT_EQ(again->judge(Revision{7}), Verdict::expired);
  EXPECT_EQ(again->judge(Revision{8}), Verdict::fresh);
}

TEST_F(LabelTableTest, DroppingALabelNeverLowersTheFloor) {
  LabelRef low = table_->pin(tag("users"));  // starts at zero
  table_->raise(tag("users"), Mode::remove, Revision{3});
  // A neighbour on the same floor was raised higher while absent.
  std::string neighbour;
  for (int i = 0; neighbour.empty(); ++i) {
    const std::string candidate = "neighbour" + std::to_string(i);
    if (tag(candidate).hash % 64 == tag("users").hash % 64) neighbour = candidate;
  }
  table_->raise(tag(neighbour), Mode::remove, Revision{9});
  low = {};  // dropped with watermark 3
  const LabelRef back = table_->pin(tag(neighbour));
  EXPECT_EQ(back->judge(Revision{8}), Verdict::removed);
}

TEST_F(LabelTableTest, WhatIsLeftForLoadsIsAFloorOfALiveLabelAndAWatermarkOfALaterOne) {
  LabelRef live = table_->pin(tag("users"));
  table_->leave_for_loads(tag("users"), {.remove = Revision{3}, .expire = Revision{7}});
  table_->leave_for_loads(tag("users"), {.remove = Revision{5}, .expire = {}});
  EXPECT_EQ(live->load_floor(), Revision{7}) << "it is never lowered";
  EXPECT_EQ(live->judge(Revision{1}), Verdict::fresh) << "what carries it knows by itself";
  live = {};
  EXPECT_EQ(table_->pin(tag("users"))->judge(Revision{6}), Verdict::removed);
  table_->leave_for_loads(tag("absent"), {.remove = Revision{3}, .expire = Revision{7}});
  const LabelRef later = table_->pin(tag("absent"));
  EXPECT_EQ(later->judge(Revision{2}), Verdict::removed);
  EXPECT_EQ(later->judge(Revision{6}), Verdict::expired);
}

TEST_F(LabelTableTest, ALabelOutlivesTheTableThatMadeIt) {
  LabelRef label = table_->pin(tag("users"));
  table_.reset();
  EXPECT_EQ(label->text(), "users");
  label = {};  // the last reference frees label and table: AddressSanitizer judges
}

TEST_F(LabelTableTest, PinsAndReleasesOfOneNameFromManyThreadsLeaveNothingBehind) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20'000; ++i) {
        LabelRef label = table_->pin(tag(i % 2 == 0 ? "even" : "odd"));
        LabelRef copy = label;
        if ((i + t) % 3 == 0) label = {};
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(table_->live(LabelKind::tag), 0u);
}

}  // namespace
}  // namespace freshet::detail
