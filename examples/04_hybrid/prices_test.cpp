// 04, tested the way a service tests its own policy: the real file, no sleeping, no threads.
#include <gmock/gmock.h>

#include <chrono>
#include <stdexcept>

#include "freshet/testing/matchers.hpp"
#include "freshet/testing/scripted_loader.hpp"
#include "freshet/testing/test_cache.hpp"

namespace {

using namespace std::chrono_literals;
using namespace freshet::testing;
using ::testing::AllOf;

// [setup]
class PricesTest : public ::testing::Test {
 protected:
  TestCache cache_ = TestCache::from_yaml_file(EXAMPLES_DIR "/04_hybrid/policy.yaml");
  freshet::Cache<int> prices_ = cache_.cache<int>("prices");
  ScriptedLoader<int> origin_{100};  // what the price is, where it is kept
};
// [/setup]

// [event]
TEST_F(PricesTest, AChangeOfPriceIsSeenAtOnceAndOnlyForItsProduct) {
  prices_.put("product:1", 100);
  prices_.put("product:2", 200);
  cache_.invalidator().emit("price_changed", {{"id", 1}});
  EXPECT_THAT(cache_.invalidations(), InvalidatedTag("product:1", "event price_changed"));
  EXPECT_THAT(prices_.get("product:1"), IsMiss());
  EXPECT_THAT(prices_.get("product:2"), HoldsValue(200));
}
// [/event]

// [time]
TEST_F(PricesTest, APriceThatIsReadOftenIsLoadedAgainBeforeItEnds) {
  prices_.bind_loader(origin_);
  prices_.get_or_load("product:1", origin_);
  for (int reads = 0; reads < 5; ++reads) prices_.get("product:1");
  origin_.set(120);
  cache_.pass(9min);
  EXPECT_EQ(cache_.refreshes("prices", "product:1"), 1u);
  EXPECT_THAT(prices_.get("product:1"),
              AllOf(HoldsValue(120), IsFresh(), CameFrom(freshet::Origin::l1)));
}
// [/time]

TEST_F(PricesTest, APriceThatNobodyReadsEndsAfterTenMinutes) {
  prices_.bind_loader(origin_);
  prices_.get_or_load("product:2", origin_);
  cache_.pass(10min);
  EXPECT_THAT(prices_.get("product:2"), IsMiss());
  EXPECT_EQ(origin_.calls("product:2"), 1u);
}

// [race]
TEST_F(PricesTest, AChangeWhileAPriceIsBeingLoadedIsNotLost) {
  origin_.during_next([&] {  // our load has read 100 and has not returned yet
    origin_.set(120);
    cache_.invalidator().emit("price_changed", {{"id", 1}});
  });
  EXPECT_THAT(prices_.get_or_load("product:1", origin_), HoldsValue(100));  // asked before
  EXPECT_THAT(prices_.get("product:1"), IsMiss());                          // and not kept
  EXPECT_THAT(prices_.get_or_load("product:1", origin_), HoldsValue(120));
}
// [/race]

// [failure]
TEST_F(PricesTest, AnOriginThatIsAwayLeavesNothingBehind) {
  origin_.fail_next(std::runtime_error("the database is away"));
  EXPECT_THROW(prices_.get_or_load("product:1", origin_), std::runtime_error);
  EXPECT_THAT(prices_.get_or_load("product:1", origin_), HoldsValue(100));
  EXPECT_EQ(origin_.calls("product:1"), 2u);
}
// [/failure]

}  // namespace
