// What a load that failed, or found nothing, may do to others: no more than its value might have.
#include <gmock/gmock.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

struct Down : std::runtime_error {
  Down() : std::runtime_error("the origin is down") {}
};

class FailureJudgementTest : public CacheFixture {
 protected:
  Cache<int> cache(std::string_view block) {
    use("freshet: 1\nnamespaces:\n  p: " + std::string(block) + "\n");
    return invalidator_->cache<int>("p");
  }
  static int throws() { throw Down(); }
  static std::optional<int> nothing() { return std::nullopt; }
};

TEST_F(FailureJudgementTest, AnOldClientThatFindsNothingTakesNothingAway) {
  const auto p = cache("{strategy: manual}");
  invalidator_->set_policy_version("p", "v2");
  p.at_version("v2").put("k", 2);
  EXPECT_FALSE(p.at_version("v1").get_or_load("k", nothing));
  EXPECT_TRUE(p.at_version("v2").get("k"));
  EXPECT_FALSE(p.at_version("v2").get_or_load("k", nothing, {.skip = {.read_l1 = true}}));
  EXPECT_FALSE(p.at_version("v2").get("k")) << "the current one does";
}

TEST_F(FailureJudgementTest, WhatFindsNothingTooSoonAfterAWriteTakesNothingAway) {
  const auto p = cache("{strategy: manual, hold_off: 5s}");
  p.put("k", 1);
  clock_->advance(1s);
  p.get_or_load("k", nothing, {.skip = {.read_l1 = true}});
  EXPECT_TRUE(p.get("k"));
  clock_->advance(10s);
  p.get_or_load("k", nothing, {.skip = {.read_l1 = true}});
  EXPECT_FALSE(p.get("k"));
}

// It may have thrown because of what was rolled back.
TEST_F(FailureJudgementTest, AnExceptionOfALoadThatReadInATransactionIsNotKept) {
  const auto p = cache("{strategy: manual, error_ttl: 1m}");
  p.put("stock", 1);
  EXPECT_THROW(p.get_or_load("k",
                             [&]() -> int {
                               const Transaction transaction(invalidator_->begin_transaction());
                               p.get("stock");
                               throw Down();
                             }),
               Down);
  EXPECT_EQ(*p.get_or_load("k", [] { return 7; }), 7);
}

TEST_F(FailureJudgementTest, NorIsOneOfALoadThatBeganTooSoonAfterAWrite) {
  const auto p = cache("{strategy: manual, error_ttl: 1m, hold_off: 5s}");
  p.put("k", 1, {.ttl = 1s});
  clock_->advance(2s);
  EXPECT_THROW(p.get_or_load("k", throws), Down);
  EXPECT_EQ(*p.get_or_load("k", [] { return 7; }), 7);
  clock_->advance(10s);
  EXPECT_THROW(p.get_or_load("j", throws), Down);
  EXPECT_THROW(p.get_or_load("j", [] { return 7; }), Down) << "later it is";
}

TEST_F(FailureJudgementTest, AnExceptionOfABulkLoadIsOfNoKeyInParticular) {
  const auto p = cache("{strategy: manual, error_ttl: 1m}");
  const std::vector<std::string> keys{"a", "bad"};
  const auto bulk = [](std::span<const std::string_view>) -> std::vector<std::optional<int>> {
    throw Down();
  };
  EXPECT_THROW(p.get_many(keys, bulk), Down);
  EXPECT_EQ(*p.get_or_load("a", [] { return 7; }), 7);
}

TEST_F(FailureJudgementTest, AMistakeOfTheProgramIsNotKept) {
  const auto p = cache("{strategy: manual, error_ttl: 1m}");
  EXPECT_THROW(p.get_or_load("k",
                             [](LoadContext& load) {
                               load.tag("");
                               return 1;
                             }),
               InvalidName);
  EXPECT_EQ(*p.get_or_load("k", [] { return 7; }), 7);
}

TEST_F(FailureJudgementTest, AValueUnderALeaseEndsTheFailureBeforeIt) {
  const auto p = cache("{strategy: manual, error_ttl: 1m}");
  EXPECT_THROW(p.get_or_load("k", throws), Down);
  const Lease lease = p.lease("k");
  ASSERT_TRUE(is_stored(p.put("k", 1, lease, {.ttl = 1s})));
  clock_->advance(2s);
  EXPECT_EQ(*p.get_or_load("k", [] { return 7; }), 7);
}

TEST_F(FailureJudgementTest, WhatWasRemovedByATagThatAReloadHasGivenItIsNotServed) {
  const auto p = cache("{ttl: 1h, stale_if_error: 24h, key: \"user:{id}\"}");
  p.put("user:1", 1);
  p.put("user:2", 2);
  invalidator_->reload_yaml(
      "freshet: 1\nnamespaces:\n"
      "  p: {ttl: 1h, stale_if_error: 24h, key: \"user:{id}\", tags: [\"user:{id}\"]}\n");
  invalidator_->invalidate_tag("user:1");
  EXPECT_THROW(p.get_or_load("user:1", throws), Down);
  EXPECT_EQ(*p.get_or_load("user:2", throws), 2) << "to expire is not to remove";
}

}  // namespace
}  // namespace freshet::testing
