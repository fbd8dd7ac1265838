// EventRates: which events are carried out as they come, which wait, and when those are released.
#include "rules/event_rates.hpp"

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

class EventRatesTest : public ::testing::Test {
 protected:
  EventRatesTest() {
    const std::vector<EventLimit> limits{{"a", 2}, {"b", 1}};
    rates_.emplace(limits, clock_, executor_, [this](const std::vector<ChainedEvent>& events) {
      std::string texts;
      for (const ChainedEvent& one : events) {
        texts += one.event.name() + one.event.fields()[0].value.text();
        texts += std::string(one.chain.size(), '+');
      }
      released_.push_back(texts);
    });
  }
  Admission admit(std::string name, FieldValue value, std::vector<std::string> chain = {}) {
    ChainedEvent event{Event(std::move(name), {{"id", std::move(value)}}), std::move(chain)};
    return rates_->admit(event);
  }
  void pass(Duration span) {
    clock_->advance(span);
    executor_->run_ready();
  }

  std::shared_ptr<testing::ManualClock> clock_ = std::make_shared<testing::ManualClock>();
  std::shared_ptr<testing::ManualExecutor> executor_ =
      std::make_shared<testing::ManualExecutor>(clock_);
  std::vector<std::string> released_;
  std::optional<EventRates> rates_;
};

TEST_F(EventRatesTest, AsManyAsTheLimitGoThroughAndTheRestWaitForTheEndOfTheSecond) {
  EXPECT_EQ(admit("a", 1), Admission::carry_out);
  pass(400ms);
  EXPECT_EQ(admit("a", 2), Admission::carry_out);
  EXPECT_EQ(admit("a", 3), Admission::held_first);
  EXPECT_EQ(admit("a", 4), Admission::held);
  pass(599ms);
  EXPECT_THAT(released_, ElementsAre());
  pass(1ms);
  EXPECT_THAT(released_, ElementsAre("a3a4"));
}

TEST_F(EventRatesTest, NamesWithoutALimitAlwaysGoThroughAndEachNameHasItsOwn) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(admit("free", i), Admission::carry_out);
  EXPECT_EQ(admit("b", 1), Admission::carry_out);
  EXPECT_EQ(admit("b", 2), Admission::held_first);
  EXPECT_EQ(admit("a", 1), Admission::carry_out);
}

TEST_F(EventRatesTest, EqualOnesWaitTogetherOnTheLongestChainAndOnOneTimer) {
  admit("b", 0);
  for (int i = 0; i < 1000; ++i) admit("b", 7);
  admit("b", 7, {"x", "y"});
  admit("b", 7, {"x"});
  admit("b", "7");  // the text is another value
  EXPECT_EQ(executor_->pending(), 1u);
  pass(1s);
  EXPECT_THAT(released_, ElementsAre("b7++b7"));
}

TEST_F(EventRatesTest, WhatIsReleasedCountsAsOneInTheNextSecond) {
  admit("a", 1);
  admit("a", 2);
  admit("a", 3);
  pass(1s);
  EXPECT_EQ(admit("a", 4), Admission::carry_out);
  EXPECT_EQ(admit("a", 5), Admission::held);  // told of once
  pass(1s);
  EXPECT_THAT(released_, ElementsAre("a3", "a5"));
}

TEST_F(EventRatesTest, AfterAQuietSecondTheLimitIsWholeAgain) {
  admit("a", 1);
  admit("a", 2);
  pass(1s);
  EXPECT_EQ(admit("a", 3), Admission::carry_out);
  EXPECT_EQ(admit("a", 4), Admission::carry_out);
  EXPECT_EQ(admit("a", 5), Admission::held_first);
}

TEST_F(EventRatesTest, BeyondTheBoundTheCallerKeepsItsOwn) {
  admit("b", 0);
  for (std::size_t i = 1; i <= EventRates::kMaxHeld; ++i)
    ASSERT_NE(admit("b", i), Admission::no_room);
  ChainedEvent more{Event("b", {{"id", "more"}}), {}};
  EXPECT_EQ(rates_->admit(more), Admission::no_room);
  EXPECT_EQ(more.event.name(), "b");
  EXPECT_EQ(admit("b", 7), Admission::held);  // an equal one is there
  pass(1s);
  EXPECT_EQ(released_.size(), 1u);
  EXPECT_EQ(admit("b", "more"), Admission::held);
}

TEST_F(EventRatesTest, WhatIsHeldWhenTheOwnerGoesIsNotReleased) {
  admit("b", 0);
  admit("b", 1);
  rates_.reset();
  pass(1s);
  EXPECT_THAT(released_, ElementsAre());
}

}  // namespace
}  // namespace freshet::rules
