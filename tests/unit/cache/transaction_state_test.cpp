// TransactionState: each target once, nothing after the end.
#include "cache/transaction_state.hpp"

#include <gmock/gmock.h>

#include "support/cache_fixture.hpp"
#include "support/engine_access.hpp"

namespace freshet::detail {
namespace {

class TransactionStateTest : public testing::CacheFixture {
 protected:
  bool collect(Target target, Mode mode = Mode::remove) {
    Collected work;
    work.targets.push_back({std::move(target), mode});
    return state_.collect(work);
  }
  std::size_t targets() const { return state_.collected().targets.size(); }

  TransactionState state_{
      testing::EngineAccess::engine(use("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n")),
      nullptr};
};

TEST_F(TransactionStateTest, KeepsATargetThatComesAgainOnce) {
  for (int i = 0; i < 1'000; ++i) collect(Target::tag("t"));
  EXPECT_EQ(targets(), 1u);
  collect(Target::tag("t"), Mode::expire);
  collect(Target::tag_in("t", "p"));
  collect(Target::key("t", "p"));
  EXPECT_EQ(targets(), 4u);
}

TEST_F(TransactionStateTest, TellsApartWhatReadsAlikeInARow) {
  collect(Target::all_of({"a", "b:c"}));
  collect(Target::all_of({"a:b", "c"}));
  collect(Target::key("ab", "c"));
  collect(Target::key("a", "bc"));
  EXPECT_EQ(targets(), 4u);
}

TEST_F(TransactionStateTest, KeepsTheLastHashOfAVersion) {
  collect(Target::version("dep", "v1"));
  collect(Target::new_version("dep"));
  collect(Target::version("dep", "v2"));
  ASSERT_EQ(targets(), 1u);
  EXPECT_THAT(state_.collected().targets[0].target.more, ::testing::ElementsAre("v2"));
}

TEST_F(TransactionStateTest, KeepsTheLastHashAndTheStrongerMode) {
  collect(Target::version("dep", "v1"), Mode::remove);
  collect(Target::version("dep", "v2"), Mode::expire);
  ASSERT_EQ(targets(), 1u);
  EXPECT_THAT(state_.collected().targets[0].target.more, ::testing::ElementsAre("v2"));
  EXPECT_EQ(state_.collected().targets[0].mode, Mode::remove);
}

TEST_F(TransactionStateTest, KeepsARefreshThatComesAgainOnce) {
  for (int i = 0; i < 3; ++i) {
    Collected work;
    work.refreshes.push_back({"k", "p"});
    EXPECT_TRUE(state_.collect(work));
  }
  EXPECT_EQ(state_.collected().refreshes.size(), 1u);
}

TEST_F(TransactionStateTest, CollectsNothingAfterItsEndAndLeavesWhatComesAsItWas) {
  EXPECT_FALSE(state_.has_collected());
  collect(Target::tag("t"));
  EXPECT_TRUE(state_.has_collected());
  EXPECT_EQ(state_.end().targets.size(), 1u);
  EXPECT_FALSE(state_.is_open());
  Collected late;
  late.targets.push_back({Target::tag("u")});
  EXPECT_FALSE(state_.collect(late));
  EXPECT_EQ(late.targets[0].target.name, "u");
  EXPECT_EQ(targets(), 0u);
}

}  // namespace
}  // namespace freshet::detail
