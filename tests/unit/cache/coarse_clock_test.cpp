// A clock that is cheap and late for hits: what they may say of time.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_executor.hpp"
#include "support/late_clock.hpp"

namespace freshet::testing {
namespace {

using namespace std::chrono_literals;

class CoarseClockTest : public ::testing::Test {
 protected:
  CoarseClockTest() {
    Components components;
    components.clock = std::make_shared<LateClock>(clock_);
    components.executor = std::make_shared<ManualExecutor>(clock_);
    invalidator_ = std::make_unique<CacheInvalidator>(CacheInvalidator::from_yaml(
        "freshet: 1\nnamespaces:\n  things: {ttl: 1s}\n", std::move(components)));
  }
  Cache<std::string> things() { return invalidator_->cache<std::string>("things"); }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::unique_ptr<CacheInvalidator> invalidator_;
};

TEST_F(CoarseClockTest, AValueThatWasStoredAMomentAgoIsNotYoungerThanNothing) {
  things().put("a", "alpha");
  const Handle<std::string> hit = things().get("a");
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit.age(), 0ns);
  EXPECT_EQ(hit.remaining(), 1s + 4ms);
}

TEST_F(CoarseClockTest, ItsResolutionIsHowLongSomethingIsServedPastItsDeadline) {
  things().put("a", "alpha");
  clock_->advance(1s + 3ms);
  EXPECT_TRUE(things().get("a"));
  EXPECT_TRUE(things().visit("a", [](const std::string&) {}));
  clock_->advance(1ms);
  EXPECT_FALSE(things().visit("a", [](const std::string&) {}));
  EXPECT_FALSE(things().get("a"));
}

TEST_F(CoarseClockTest, TheSweeperIsExact) {
  things().put("a", "alpha");
  clock_->advance(1s);
  invalidator_->settle();
  EXPECT_EQ(invalidator_->stats().total.entries, 0u);
}

}  // namespace
}  // namespace freshet::testing
