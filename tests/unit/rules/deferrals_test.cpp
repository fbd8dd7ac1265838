// Deferrals: what is held back, until when, and what happens to it when its owner goes.
#include "rules/deferrals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"

namespace freshet::rules {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class DeferralsTest : public ::testing::Test {
 protected:
  DeferralsTest() {
    debounced_.debounce = Debounce{100ms, 1s};
    batched_.batch = Batch{2, 1s};
    deferrals_.emplace(clock_, executor_, [this](Expanded ran) {
      std::string tags;
      for (const Target& target : ran.plan.targets()) tags += target.name;
      ran_.push_back(tags);
      chain_ = ran.chain;
    });
  }
  bool defer(const Rule& rule, const std::string& tag) {
    Expanded expanded{.rule = &rule};
    expanded.plan.invalidate(Target::tag(tag));
    return deferrals_->defer(expanded);
  }
  void pass(Duration span) {
    clock_->advance(span);
    executor_->run_ready();
  }

  std::shared_ptr<testing::ManualClock> clock_ = std::make_shared<testing::ManualClock>();
  std::shared_ptr<testing::ManualExecutor> executor_ =
      std::make_shared<testing::ManualExecutor>(clock_);
  Rule debounced_;
  Rule batched_;
  std::vector<std::string> ran_;
  std::vector<std::string> chain_;  // of the last that ran
  std::optional<Deferrals> deferrals_;
};

TEST_F(DeferralsTest, ABurstOfEqualOnesCostsOneTimerAndRunsOnce) {
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(defer(debounced_, "a"));
  EXPECT_EQ(executor_->pending(), 1u);
  EXPECT_EQ(deferrals_->waiting(), 1u);
  pass(100ms);
  EXPECT_THAT(ran_, ElementsAre("a"));
  EXPECT_EQ(executor_->pending(), 0u);
  EXPECT_EQ(deferrals_->waiting(), 0u);
}

TEST_F(DeferralsTest, ALaterOneMovesTheTimeByWhatIsLeft) {
  defer(debounced_, "a");
  pass(60ms);
  defer(debounced_, "a");
  pass(60ms);
  EXPECT_THAT(ran_, ElementsAre());
  pass(39ms);
  EXPECT_THAT(ran_, ElementsAre());
  pass(1ms);
  EXPECT_THAT(ran_, ElementsAre("a"));
}

TEST_F(DeferralsTest, NamesThatJoinToTheSameTextAreTwoThings) {
  Expanded one{.rule = &debounced_};
  one.plan.invalidate(Target::key("b/c", "a"));
  Expanded other{.rule = &debounced_};
  other.plan.invalidate(Target::key("c", "a/b"));
  deferrals_->defer(one);
  deferrals_->defer(other);
  EXPECT_EQ(deferrals_->waiting(), 2u);
}

TEST_F(DeferralsTest, AFullBatchRunsOnTheSpotAndItsTimerDoesNotEndTheNextOne) {
  defer(batched_, "a");
  pass(900ms);
  defer(batched_, "b");
  EXPECT_THAT(ran_, ElementsAre("ab"));
  defer(batched_, "c");
  pass(100ms);  // the first batch's timer
  EXPECT_THAT(ran_, ElementsAre("ab"));
  EXPECT_EQ(executor_->pending(), 1u);  // it is not set again beside the second's
  pass(900ms);
  EXPECT_THAT(ran_, ElementsAre("ab", "c"));
}

TEST_F(DeferralsTest, ABatchHoldsEachThingOnce) {
  defer(batched_, "a");
  defer(batched_, "a");
  EXPECT_THAT(ran_, ElementsAre("a"));
}

TEST_F(DeferralsTest, TheLongestChainStaysSoThatWhatFeedsItselfComesToTheDepthLimit) {
  for (const std::size_t links : {1u, 3u, 2u}) {
    Expanded expanded{.rule = &debounced_};
    expanded.plan.invalidate(Target::tag("a"));
    expanded.chain.assign(links, "e");
    deferrals_->defer(expanded);
  }
  pass(100ms);
  EXPECT_EQ(chain_.size(), 3u);
}

TEST_F(DeferralsTest, TargetsThatDifferInTheirTagsHashOrModeDoNotWaitTogether) {
  const auto identity = [](Target target, Mode mode = Mode::remove) {
    Expanded expanded;
    expanded.plan.invalidate(std::move(target), mode);
    return Deferrals::identity(expanded);
  };
  EXPECT_EQ(identity(Target::all_of({"a", "b"})), identity(Target::all_of({"a", "b"})));
  EXPECT_NE(identity(Target::all_of({"a", "b"})), identity(Target::all_of({"a"})));
  EXPECT_NE(identity(Target::all_of({"a", "b"})), identity(Target::all_of({"ab"})));
  EXPECT_NE(identity(Target::version("p", "1")), identity(Target::version("p", "2")));
  EXPECT_NE(identity(Target::version("p", "1")), identity(Target::new_version("p")));
  EXPECT_NE(identity(Target::tag("a")), identity(Target::tag("a"), Mode::expire));
}

TEST_F(DeferralsTest, WhatWaitsWhenTheOwnerGoesIsNotRun) {
  defer(debounced_, "a");
  deferrals_.reset();
  pass(1s);
  EXPECT_THAT(ran_, ElementsAre());
}

TEST_F(DeferralsTest, BeyondTheBoundTheCallerKeepsItsOwn) {
  for (std::size_t i = 0; i < Deferrals::kMaxWaiting; ++i) {
    ASSERT_TRUE(defer(debounced_, std::to_string(i)));
  }
  Expanded more{.rule = &debounced_};
  more.plan.invalidate(Target::tag("more"));
  EXPECT_FALSE(deferrals_->defer(more));
  EXPECT_EQ(more.plan.targets().size(), 1u);
  EXPECT_TRUE(defer(debounced_, "7"));  // what waits already takes an equal one
}

}  // namespace
}  // namespace freshet::rules
