// ManualStrategy: no time but what somebody asked for.
#include "freshet/strategies/manual_strategy.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

using namespace std::chrono_literals;

class ManualStrategyTest : public ::testing::Test {
 protected:
  Deadlines store(const EntryView& entry) { return ManualStrategy{}.on_store(entry, t0_); }
  const Instant t0_{Duration{1'000'000}};
};

TEST_F(ManualStrategyTest, NothingExpiresByItself) {
  EXPECT_EQ(store({.key = "k"}), (Deadlines{kNever, kNever}));
  EXPECT_EQ(ManualStrategy{}.on_soft_expired({}, t0_), ReadDecision::serve);
}

TEST_F(ManualStrategyTest, TheShorterOfWhatCallerAndLoaderAskForHolds) {
  EXPECT_EQ(store({.requested_ttl = 9s}).hard, t0_ + 9s);
  EXPECT_EQ(store({.loader_ttl = 5s}).hard, t0_ + 5s);
  EXPECT_EQ(store({.requested_ttl = 9s, .loader_ttl = 5s}).hard, t0_ + 5s);
  EXPECT_EQ(store({.requested_ttl = 5s, .loader_ttl = 9s}).hard, t0_ + 5s);
}

TEST_F(ManualStrategyTest, ZeroAndLessMeanDoNotKeep) {
  EXPECT_EQ(store({.requested_ttl = 0s}).hard, t0_);
  EXPECT_EQ(store({.loader_ttl = Duration::min()}).hard, t0_);
}

}  // namespace
}  // namespace freshet
