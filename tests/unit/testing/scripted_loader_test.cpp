// The origin that a test scripts: what it gives, what it throws, and what happens in the middle of a load.
#include "freshet/testing/scripted_loader.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

#include "freshet/testing/matchers.hpp"
#include "freshet/testing/test_cache.hpp"

namespace freshet::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ScriptedLoaderTest : public ::testing::Test {
 protected:
  TestCache kit_ = TestCache::from_blocks({{"profiles", "ttl: 1h, soft_ttl: 45m"}});
  Cache<std::string> profiles_ = kit_.cache<std::string>("profiles");
};

TEST_F(ScriptedLoaderTest, GivesWhatWasSetUntilSomethingElseIs) {
  const ScriptedLoader<std::string> origin("Ada");
  EXPECT_EQ(origin("user:42"), "Ada");
  EXPECT_EQ(origin("user:43"), "Ada");
  origin.set("Grace");
  EXPECT_EQ(origin("user:42"), "Grace");
  EXPECT_EQ(origin.calls(), 3u);
  EXPECT_EQ(origin.calls("user:42"), 2u);
  EXPECT_EQ(origin.calls("user:44"), 0u);
}

TEST_F(ScriptedLoaderTest, SingleAnswersComeInTheirOrderBeforeTheSetOne) {
  const ScriptedLoader<int> origin(9);
  origin.next(1).fail_next(std::runtime_error("origin is away")).next(2);
  EXPECT_EQ(origin("k"), 1);
  EXPECT_THROW(origin("k"), std::runtime_error);
  EXPECT_EQ(origin("k"), 2);
  EXPECT_EQ(origin("k"), 9);
}

TEST_F(ScriptedLoaderTest, WithoutAnAnswerItSaysWhatToDo) {
  const ScriptedLoader<std::string> origin;
  try {
    profiles_.get_or_load("user:42", origin);
    ADD_FAILURE() << "it gave something";
  } catch (const std::logic_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("\"user:42\""), HasSubstr("set() or next()")));
  }
}

TEST_F(ScriptedLoaderTest, ACopyThatTheCacheKeepsFollowsTheScript) {
  profiles_.bind_loader(ScriptedLoader<std::string>("nobody"));
  const ScriptedLoader<std::string> origin("Ada");
  profiles_.bind_loader(origin);
  profiles_.get_or_load("user:42", origin);
  origin.set("Grace");
  kit_.pass(50min);
  EXPECT_THAT(profiles_.get("user:42"), AllOf(HoldsValue("Ada"), IsStale()));
  kit_.run_ready();
  EXPECT_THAT(profiles_.get("user:42"), AllOf(HoldsValue("Grace"), IsFresh()));
  EXPECT_EQ(origin.calls("user:42"), 2u);
}

TEST_F(ScriptedLoaderTest, WhatHappensInTheMiddleOfALoadComesTooLateForIt) {
  const ScriptedLoader<std::string> origin("Ada");
  origin.during_next([&] {
    origin.set("Grace");
    kit_.invalidator().invalidate_tag("user:42");
  });
  const EntryOptions tagged{.tags = {"user:42"}};
  EXPECT_THAT(profiles_.get_or_load("user:42", origin, tagged), HoldsValue("Ada"));
  EXPECT_THAT(profiles_.get("user:42"), IsMiss());
  EXPECT_THAT(profiles_.get_or_load("user:42", origin, tagged), HoldsValue("Grace"));
  EXPECT_EQ(kit_.invalidator().stats().total.refused_invalidated, 1u);
}

TEST_F(ScriptedLoaderTest, ARefreshCanBeOvertakenToo) {
  const ScriptedLoader<std::string> origin("Ada");
  profiles_.get_or_load("user:42", origin);
  kit_.pass(50min);
  EXPECT_THAT(profiles_.get_or_load("user:42", origin), IsStale());
  origin.during_next([&] { profiles_.put("user:42", "Grace"); });
  kit_.run_ready();
  EXPECT_THAT(profiles_.get("user:42"), HoldsValue("Grace"));
}

TEST_F(ScriptedLoaderTest, ActionsAreUsedUpOnePerLoadAndWhatTheyThrowTheLoadThrows) {
  const ScriptedLoader<int> origin(1);
  int acted = 0;
  origin.during_next([&] { ++acted; }).during_next([] { throw std::runtime_error("cut off"); });
  EXPECT_EQ(origin("k"), 1);
  EXPECT_THROW(origin("k"), std::runtime_error);
  EXPECT_EQ(origin("k"), 1);
  EXPECT_EQ(acted, 1);
}

}  // namespace
}  // namespace freshet::testing
