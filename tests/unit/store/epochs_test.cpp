#include "store/epochs.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "support/pause_point.hpp"

namespace freshet::detail {
namespace {

struct Object : Retired {
  int reclaimed = 0;
  Epochs* retires_into = nullptr;
  Object* next = nullptr;  // retired when this one is reclaimed
};

class EpochsTest : public ::testing::Test {
 protected:
  void retire(Object& object, std::uint64_t bytes = 1) {
    epochs_->retire(object, &EpochsTest::let_go, bytes);
  }
  static void let_go(Retired& retired) noexcept {
    Object& object = static_cast<Object&>(retired);
    ++object.reclaimed;
    if (object.next != nullptr) object.retires_into->retire(*object.next, &let_go, 1);
  }
  std::optional<Epochs> epochs_{std::in_place};
};

TEST_F(EpochsTest, WithoutReadersAllIsReclaimedByACollection) {
  std::array<Object, 3> objects;
  for (Object& object : objects) retire(object);
  EXPECT_EQ(objects[0].reclaimed, 0);
  EXPECT_EQ(epochs_->collect(), 3u);
  for (const Object& object : objects) EXPECT_EQ(object.reclaimed, 1);
  EXPECT_EQ(epochs_->collect(), 0u);
}

TEST_F(EpochsTest, AReaderHoldsBackWhatIsRetiredWhileItReads) {
  Object object;
  {
    const Epochs::Section section(*epochs_);
    ASSERT_TRUE(section);
    std::jthread([&] {
      retire(object);
      EXPECT_EQ(epochs_->collect(), 0u);
    }).join();
    EXPECT_EQ(object.reclaimed, 0);
  }
  EXPECT_EQ(epochs_->collect(), 1u);
  EXPECT_EQ(object.reclaimed, 1);
}

TEST_F(EpochsTest, ASectionWithinAnotherEndsNothing) {
  Object object;
  {
    const Epochs::Section outer(*epochs_);
    { const Epochs::Section inner(*epochs_); }
    retire(object);
    EXPECT_EQ(epochs_->collect(), 0u);
  }
  EXPECT_EQ(epochs_->collect(), 1u);
}

TEST_F(EpochsTest, AReaderThatBeganLaterHoldsBackNothing) {
  Object object;
  auto early = std::make_unique<Epochs::Section>(*epochs_);
  retire(object);
  EXPECT_EQ(epochs_->collect(), 0u);  // it has its number now
  early.reset();
  const Epochs::Section late(*epochs_);
  EXPECT_EQ(epochs_->collect(), 1u);
}

TEST_F(EpochsTest, WhatComesBehindAGroupThatWaitsIsReclaimedToo) {
  Object first;
  Object second;
  auto early = std::make_unique<Epochs::Section>(*epochs_);
  retire(first);
  epochs_->collect();
  retire(second);
  EXPECT_EQ(epochs_->collect(), 0u);
  early.reset();
  EXPECT_EQ(epochs_->collect(), 2u);
}

TEST_F(EpochsTest, AReaderThatBeginsWhileAGroupIsNumberedIsWaitedForOrCameTooLate) {
  Object object;
  retire(object);
  std::unique_ptr<Epochs::Section> reader;
  const testing::PausePoint pause("retired_before_fence",
                                  [&] { reader = std::make_unique<Epochs::Section>(*epochs_); });
  // What was retired could not be found any more when this reader began.
  EXPECT_EQ(epochs_->collect(), 1u);
  EXPECT_TRUE(pause.reached());
}

TEST_F(EpochsTest, AFullGroupIsReclaimedWithoutBeingAskedFor) {
  std::vector<Object> objects(rt::kRetiredAtOnce);
  for (Object& object : objects) {
    EXPECT_EQ(objects.front().reclaimed, 0);
    retire(object);
  }
  for (const Object& object : objects) EXPECT_EQ(object.reclaimed, 1);
}

TEST_F(EpochsTest, LargeObjectsDoNotWaitForMany) {
  Object large;
  retire(large, Epochs::kBytesAtOnce);
  EXPECT_EQ(large.reclaimed, 1);
}

TEST_F(EpochsTest, WhatIsPutAsideWaitsForTheNextThatIsRetired) {
  std::vector<Object> objects(rt::kRetiredAtOnce + 1);
  for (Object& object : objects)
    epochs_->put_aside(object, &EpochsTest::let_go, Epochs::kBytesAtOnce);
  for (const Object& object : objects) EXPECT_EQ(object.reclaimed, 0);
  Object next;
  retire(next);
  for (const Object& object : objects) EXPECT_EQ(object.reclaimed, 1);
  EXPECT_EQ(next.reclaimed, 1);
}

TEST_F(EpochsTest, TheEndReclaimsAllAndWhatThatRetires) {
  Object last;
  Object first;
  first.next = &last;
  first.retires_into = &*epochs_;
  retire(first);
  epochs_.reset();
  EXPECT_EQ(first.reclaimed, 1);
  EXPECT_EQ(last.reclaimed, 1);
}

TEST_F(EpochsTest, WhatAThreadRetiredBeforeItEndedIsReclaimed) {
  Object object;
  std::jthread([&] { retire(object); }).join();
  EXPECT_EQ(epochs_->collect(), 1u);
}

}  // namespace
}  // namespace freshet::detail
