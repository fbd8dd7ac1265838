// Entries that are over by the time of a predicate's own thread, and not yet by that of a reader: neither may be left behind.
#include <gtest/gtest.h>

#include "support/cache_fixture.hpp"
#include "support/late_clock.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

class PredicateRaceTest : public CacheFixture {
 protected:
  Cache<int> pages() { return invalidator_->cache<int>("pages"); }
  void invalidate_everything() {
    invalidator_->invalidate_if("pages", [](const EntryDescription&) { return true; });
  }
};

TEST_F(PredicateRaceTest, AnEntryPastItsDeadlineIsNoHitOfAReaderWithACoarseClockAfterIt) {
  invalidator_.emplace(CacheInvalidator::from_yaml(
      "{freshet: 1, namespaces: {pages: {strategy: ttl, ttl: 10ms}}}",
      {.clock = std::make_shared<LateClock>(clock_), .executor = executor_, .logger = log_}));
  pages().put("p", 1);
  clock_->advance(11ms);
  ASSERT_TRUE(pages().get("p")) << "its clock is late by no more than that";
  invalidate_everything();
  EXPECT_FALSE(pages().get("p"));
}

TEST_F(PredicateRaceTest, AnIdleEntryThatAReaderHoldsIsNoHitAfterIt) {
  use("{freshet: 1, namespaces: {pages: {strategy: ttl, ttl: 1h, idle_ttl: 100s}}}");
  pages().put("p", 1);
  clock_->advance(90s);
  const PausePoint before_the_read_is_noted("found_before_shared", [&] {
    clock_->advance(20s);
    invalidate_everything();
  });
  EXPECT_TRUE(pages().get("p")) << "it began before";
  EXPECT_FALSE(pages().get("p"));
}

}  // namespace
}  // namespace freshet::testing
