#include "cache/failed_loads.hpp"

#include <gtest/gtest.h>

#include "freshness/freshness.hpp"

namespace freshet::detail {
namespace {

using namespace std::chrono_literals;

class FailedLoadsTest : public ::testing::Test {
 protected:
  void fail(const std::string& key, Duration until) {
    const KeyRef name(*space_, key);
    failures_.note(std::make_shared<const FailedLoad>(
        FailedLoad{.space = space_, .key = key, .hash = name.hash, .retry_at = Instant(until)}));
  }
  bool knows(const std::string& key, Duration at) const {
    return failures_.find(KeyRef(*space_, key), Instant(at)) != nullptr;
  }
  std::size_t labels_held() const {
    std::size_t count = 0;
    failures_.for_each_label([&](const Label&) { ++count; });
    return count;
  }

  Freshness freshness_;
  LabelRef space_ = freshness_.pin(LabelKind::name_space, "p");
  FailedLoads failures_;
};

TEST_F(FailedLoadsTest, AFailureIsKnownUntilItsTimeIsOver) {
  fail("k", 5s);
  EXPECT_TRUE(knows("k", 5s - 1ns));
  EXPECT_FALSE(knows("k", 5s));
  EXPECT_FALSE(knows("l", 1s));
}

TEST_F(FailedLoadsTest, ALaterOneTakesThePlaceOfAnEarlierOne) {
  fail("k", 5s);
  fail("k", 9s);
  EXPECT_EQ(failures_.size(), 1u);
  EXPECT_TRUE(knows("k", 8s));
  failures_.sweep(Instant(6s));
  EXPECT_TRUE(knows("k", 8s));
  failures_.sweep(Instant(9s));
  EXPECT_EQ(failures_.size(), 0u);
  EXPECT_EQ(labels_held(), 0u);
}

TEST_F(FailedLoadsTest, WhatIsForgottenIsNotFoundAndLetGoOfInTime) {
  fail("k", 5s);
  failures_.forget(KeyRef(*space_, "k"));
  EXPECT_FALSE(knows("k", 1s));
  failures_.sweep(Instant(5s));
  EXPECT_EQ(labels_held(), 0u);
}

TEST_F(FailedLoadsTest, BeyondTheLimitTheOldestIsForgotten) {
  for (std::size_t i = 0; i < FailedLoads::kMost + 3; ++i) fail(std::to_string(i), 5s);
  EXPECT_EQ(failures_.size(), FailedLoads::kMost);
  EXPECT_EQ(labels_held(), FailedLoads::kMost);
  EXPECT_FALSE(knows("2", 1s));
  EXPECT_TRUE(knows("3", 1s));
}

TEST_F(FailedLoadsTest, OneKeyThatFailsOftenIsBoundedToo) {
  for (std::size_t i = 0; i < FailedLoads::kMost + 3; ++i) fail("k", 5s);
  EXPECT_EQ(failures_.size(), 1u);
  EXPECT_EQ(labels_held(), FailedLoads::kMost);
  EXPECT_TRUE(knows("k", 1s));
}

TEST_F(FailedLoadsTest, WhatIsDroppedHoldsNoLabels) {
  fail("k", 5s);
  fail("k", 6s);
  fail("l", 5s);
  failures_.drop_if([](const FailedLoad& failure) { return failure.key == "k"; });
  EXPECT_FALSE(knows("k", 1s));
  EXPECT_TRUE(knows("l", 1s));
  EXPECT_EQ(labels_held(), 1u);
}

}  // namespace
}  // namespace freshet::detail
