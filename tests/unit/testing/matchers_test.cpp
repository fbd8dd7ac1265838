// Expectations for GoogleTest: what they match, and what a failure says.
#include "freshet/testing/matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include <string>

#include "freshet/testing/test_cache.hpp"

namespace freshet::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Not;
using ::testing::PrintToString;
using ::testing::StartsWith;

class MatchersTest : public ::testing::Test {
 protected:
  TestCache kit_ = TestCache::from_blocks(
      {{"profiles", "ttl: 1h, soft_ttl: 45m"}, {"settings", "strategy: manual"}});
  Cache<std::string> profiles_ = kit_.cache<std::string>("profiles");
};

TEST_F(MatchersTest, AHandleIsAMissOrHoldsAValueFromSomewhere) {
  EXPECT_THAT(profiles_.get("user:42"), IsMiss());
  EXPECT_THAT(profiles_.get("user:42"), Not(HoldsValue("Ada")));
  EXPECT_THAT(profiles_.get("user:42"), CameFrom(Origin::none));
  const auto loaded = profiles_.get_or_load("user:42", [] { return "Ada Lovelace"; });
  EXPECT_THAT(loaded, CameFrom(Origin::loaded));
  const auto read = profiles_.get("user:42");
  EXPECT_THAT(read, Not(IsMiss()));
  EXPECT_THAT(read, CameFrom(Origin::l1));
  EXPECT_THAT(read, HoldsValue("Ada Lovelace"));
  EXPECT_THAT(read, HoldsValue(StartsWith("Ada")));
  EXPECT_THAT(read, Not(HoldsValue("Grace")));
}

TEST_F(MatchersTest, AMissIsNeitherStaleNorFresh) {
  const auto miss = profiles_.get("user:42");
  EXPECT_THAT(miss, Not(IsStale()));
  EXPECT_THAT(miss, Not(IsFresh()));
  profiles_.put("user:42", "Ada");
  EXPECT_THAT(profiles_.get("user:42"), IsFresh());
  EXPECT_THAT(profiles_.get("user:42"), Not(IsStale()));
  kit_.pass(45min);
  EXPECT_THAT(profiles_.get("user:42"), IsStale());
  EXPECT_THAT(profiles_.get("user:42"), Not(IsFresh()));
}

TEST_F(MatchersTest, HandlesArePrintedInWords) {
  EXPECT_EQ(PrintToString(profiles_.get("user:42")), "a miss");
  profiles_.put("user:42", "Ada");
  kit_.pass(46min);
  EXPECT_EQ(PrintToString(profiles_.get("user:42")),
            "\"Ada\", from memory, stale (past its soft deadline), 46m old, 14m left");
  EXPECT_EQ(PrintToString(kit_.cache<int>("settings").get_or_load("k", [] { return 7; })),
            "7, from the loader, fresh, 0s old, without a deadline");
}

TEST_F(MatchersTest, AFailureSaysWhatWasThereInstead) {
  static Cache<std::string>* profiles;
  profiles = &profiles_;
  profiles_.put("user:42", "Ada");
  EXPECT_NONFATAL_FAILURE(EXPECT_THAT(profiles->get("user:42"), IsMiss()),
                          "Expected: is a miss\n  Actual: \"Ada\", from memory, fresh");
  EXPECT_NONFATAL_FAILURE(EXPECT_THAT(profiles->get("user:42"), HoldsValue("Grace")),
                          "Expected: holds a value that is equal to \"Grace\"");
  EXPECT_NONFATAL_FAILURE(EXPECT_THAT(profiles->get("user:43"), CameFrom(Origin::l1)),
                          "Expected: came from memory\n  Actual: a miss");
}

TEST_F(MatchersTest, AnInvalidationIsFoundByWhatItNamedAndByItsCause) {
  CacheInvalidator& cache = kit_.invalidator();
  EXPECT_THAT(kit_.invalidations(), NothingInvalidated());
  cache.invalidate_tag("users", {.cause = "an import"});
  cache.invalidate("user:42", "profiles");
  cache.invalidate_namespace("settings");
  cache.invalidate_prefix("user:43", "profiles");
  EXPECT_THAT(kit_.invalidations(), InvalidatedTag("users"));
  EXPECT_THAT(kit_.invalidations(), InvalidatedTag("users", "an import"));
  EXPECT_THAT(kit_.invalidations(), InvalidatedKey("user:42", "profiles"));
  EXPECT_THAT(kit_.invalidations(), InvalidatedNamespace("settings"));
  EXPECT_THAT(kit_.invalidations(), InvalidatedTarget(Target::prefix("user:43", "profiles")));
  EXPECT_THAT(kit_.invalidations(), Not(NothingInvalidated()));
  EXPECT_THAT(kit_.invalidations(), Not(InvalidatedTag("user")));
  EXPECT_THAT(kit_.invalidations(), Not(InvalidatedTag("users", "something else")));
  EXPECT_THAT(kit_.invalidations(), Not(InvalidatedKey("user:42", "settings")));
  EXPECT_THAT(kit_.invalidations(), Not(InvalidatedKey("user:43", "profiles")));
}

TEST_F(MatchersTest, AFailureListsWhatWasInvalidated) {
  static TestCache* kit;
  kit = &kit_;
  EXPECT_NONFATAL_FAILURE(EXPECT_THAT(kit->invalidations(), InvalidatedTag("users")),
                          "which means that nothing was invalidated");
  kit_.invalidator().invalidate_tag("teams", {.cause = "an import"});
  EXPECT_NONFATAL_FAILURE(EXPECT_THAT(kit->invalidations(), InvalidatedTag("users")),
                          "Expected: has an invalidation of tag users\n"
                          "  Actual: { tag teams (0 entries, cause \"an import\") }");
  EXPECT_NONFATAL_FAILURE(EXPECT_THAT(kit->invalidations(), NothingInvalidated()),
                          "{ tag teams (0 entries");
}

}  // namespace
}  // namespace freshet::testing
