// Dependencies on keys that nobody depended on before: what happened to them until then left no trace to be judged by.
#include <gtest/gtest.h>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  alpha: {strategy: manual}
  beta: {strategy: manual}
  "*": {strategy: manual}
)";

class LateDependencyTest : public CacheFixture {
 protected:
  LateDependencyTest() { use(kPolicy); }
  Cache<std::string> alpha() { return invalidator_->cache<std::string>("alpha"); }
  Cache<std::string> beta() { return invalidator_->cache<std::string>("beta"); }
};

TEST_F(LateDependencyTest, APutUnderALeaseIsRefusedIfAKeyThatItNamesLateWasWrittenSince) {
  const Lease lease = alpha().lease("page");
  beta().put("part", "new");
  const StoreOutcome outcome =
      alpha().put("page", "made of the old part", lease, {.depends_on = {"beta/part"}});
  EXPECT_FALSE(is_stored(outcome));
  EXPECT_FALSE(alpha().get("page"));
}

TEST_F(LateDependencyTest, ALoadIsRefusedIfAKeyThatItsLoaderNamesLateWasWrittenSince) {
  alpha().get_or_load("page", [&](LoadContext& load) {
    beta().put("part", "new");
    load.depends_on("beta/part");
    return std::string("made of the old part");
  });
  EXPECT_FALSE(alpha().get("page"));
}

TEST_F(LateDependencyTest, ALeaseFromBeforeARetiredBanIsRefusedWhereTheBanHitWhatItDependsOn) {
  const auto parts = beta();  // keeps the namespace known
  parts.put("part:1", "old");
  alpha().put("other", "v", {.depends_on = {"beta/part:1"}});  // keys of beta are in use
  const Lease lease = alpha().lease("page");
  invalidator_->invalidate_prefix("part", "beta");
  invalidator_->settle();
  ASSERT_EQ(invalidator_->stats().total.bans, 0u);
  const StoreOutcome outcome =
      alpha().put("page", "made of the old part", lease, {.depends_on = {"beta/part:1"}});
  EXPECT_FALSE(is_stored(outcome));
}

TEST_F(LateDependencyTest,
       ALeaseFromBeforeARetiredBanIsRefusedWhereTheBanHitWhatItDependsOnThroughOthers) {
  const auto parts = beta();  // keeps the namespace known
  parts.put("part:1", "old");
  beta().put("middle", "old", {.depends_on = {"part:1"}});
  alpha().put("other", "v", {.depends_on = {"beta/middle"}});
  const auto held = alpha().get("other");  // keeps the labels, and with them the edges
  const Lease lease = alpha().lease("page");
  invalidator_->invalidate_prefix("part", "beta");
  invalidator_->settle();
  ASSERT_EQ(invalidator_->stats().total.bans, 0u);
  const StoreOutcome outcome =
      alpha().put("page", "made of the old part", lease, {.depends_on = {"beta/middle"}});
  EXPECT_FALSE(is_stored(outcome));
}

TEST_F(LateDependencyTest, NamesWithZeroBytesDoNotRunIntoEachOther) {
  using namespace std::string_literals;
  const std::string odd = "odd\0space"s;
  auto cache = invalidator_->cache<std::string>(odd);
  auto plain = invalidator_->cache<std::string>("odd");
  plain.put("first", "v", {.depends_on = {"space\0key"s}});
  cache.put("second", "v", {.depends_on = {"key"}});
  invalidator_->invalidate_namespace("odd");
  EXPECT_FALSE(plain.get("first"));
  EXPECT_TRUE(cache.get("second"));
  cache.put("second", "v", {.depends_on = {"key"}});
  invalidator_->invalidate("key", odd);
  EXPECT_FALSE(cache.get("second"));
}

}  // namespace
}  // namespace freshet::testing
