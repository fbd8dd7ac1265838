// HoldOff: how far back a load is judged, and that it ends.
#include "cache/hold_off.hpp"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using detail::HoldOff;

class HoldOffPointsTest : public ::testing::Test {
 protected:
  void note(Duration after, std::uint64_t revision) {
    hold_off_.note(start_ + after, Revision{revision});
  }
  std::uint64_t at(Duration after) const { return hold_off_.revision_at(start_ + after).value; }

  const Instant start_{1h};
  HoldOff hold_off_{256s};  // points are a second apart, or more
};

TEST_F(HoldOffPointsTest, ARevisionIsInForceFromTheMomentItWasNotedOn) {
  note(10s, 5);
  note(20s, 9);
  EXPECT_EQ(at(10s - 1ns), 0u) << "nothing is known from before: everything came later";
  EXPECT_EQ(at(10s), 5u);
  EXPECT_EQ(at(20s - 1ns), 5u);
  EXPECT_EQ(at(20s), 9u);
  EXPECT_EQ(at(1h), 9u);
}

TEST_F(HoldOffPointsTest, WhereNothingWasInvalidatedNoRevisionIsInForce) { EXPECT_EQ(at(1h), 0u); }

TEST_F(HoldOffPointsTest, WhatCameTooSoonAfterAnotherIsTakenForLaterAndNeverForEarlier) {
  note(10s, 5);
  note(10s + 300ms, 6);
  note(10s + 600ms, 7);  // nearer than a second to the first: one point with the second
  EXPECT_EQ(at(10s + 300ms), 5u);
  EXPECT_EQ(at(10s + 600ms - 1ns), 5u);
  EXPECT_EQ(at(10s + 600ms), 7u);
}

TEST_F(HoldOffPointsTest, ARevisionThatIsNotedAgainStaysInForceSinceTheFirstTime) {
  note(10s, 5);
  note(10s + 500ms, 6);
  note(10s + 900ms, 6);  // an invalidation of something that nobody depends on raises nothing
  EXPECT_EQ(at(10s + 500ms), 6u);
}

// Two calls may note in another order than they raised in.
TEST_F(HoldOffPointsTest, AnOlderRevisionThatIsNotedLateTakesNothingBack) {
  note(10s, 5);
  note(20s, 9);
  note(20s + 100ms, 8);
  EXPECT_EQ(at(30s), 9u);
}

TEST_F(HoldOffPointsTest, WithinTheLongestHoldOffNoAnswerIsOlderThanOneStepOrNewerThanTrue) {
  std::mt19937_64 random(7);
  std::vector<std::pair<Duration, std::uint64_t>> noted;
  Duration now{};
  const auto in_force = [&](Duration when) {
    std::uint64_t newest = 0;
    for (const auto& [at, revision] : noted) newest = at <= when ? revision : newest;
    return newest;
  };
  for (std::uint64_t revision = 1; revision <= 3'000; ++revision) {
    now += std::chrono::milliseconds(random() % (revision % 7 == 0 ? 5'000 : 200));
    noted.emplace_back(now, revision);
    note(now, revision);
    const Duration when = now - std::chrono::milliseconds(random() % 256'000);
    ASSERT_LE(at(when), in_force(when)) << "a load from before an invalidation would be kept";
    ASSERT_GE(at(when), in_force(when - 1s)) << "what the invalidation left alone is not kept";
  }
}

TEST_F(HoldOffPointsTest, AKeyCountsAsWrittenForThoseWhoBeganBeforeItWas) {
  constexpr std::uint64_t kKey = 77;
  EXPECT_FALSE(hold_off_.key_written_after(kKey, Instant::min()));
  hold_off_.note_key(kKey, start_);
  EXPECT_TRUE(hold_off_.key_written_after(kKey, start_ - 1ns));
  EXPECT_FALSE(hold_off_.key_written_after(kKey, start_));
  EXPECT_FALSE(hold_off_.key_written_after(kKey + 1, start_ - 1ns));
  EXPECT_TRUE(hold_off_.key_written_after(kKey + 65'536, start_ - 1ns))
      << "keys share stripes: a neighbour is refused rather than wrongly kept";
  hold_off_.note_key(kKey, start_ + 5s);
  EXPECT_TRUE(hold_off_.key_written_after(kKey, start_ + 5s - 1ns));
}

// Found by the simulation (hold-off): of two writes at once, the one that had looked at the clock first noted its time last.
TEST_F(HoldOffPointsTest, AnEarlierWriteOfAKeyThatIsNotedLateTakesNothingBack) {
  constexpr std::uint64_t kKey = 77;
  hold_off_.note_key(kKey, start_ + 5s);
  hold_off_.note_key(kKey, start_);
  EXPECT_TRUE(hold_off_.key_written_after(kKey, start_ + 5s - 1ns));
}

TEST(HoldOffDisabledTest, WhereNoBlockHoldsOffNothingIsRemembered) {
  HoldOff none{Duration::zero()};
  EXPECT_FALSE(none.enabled());
  none.note(Instant(1h), Revision{5});
  none.note_key(77, Instant(1h));
  EXPECT_EQ(none.revision_at(Instant(2h)), Revision{});
  EXPECT_FALSE(none.key_written_after(77, Instant::min()));
}

class HeldBlockTest : public CacheFixture {
 protected:
  HeldBlockTest() {
    use(R"(
freshet: 1
namespaces:
  held: {strategy: manual, hold_off: 5s}
  other: {strategy: manual}
)");
  }
  Cache<std::string> held() { return invalidator_->cache<std::string>("held"); }
  Cache<std::string> other() { return invalidator_->cache<std::string>("other"); }
  bool keeps(std::string_view key, const EntryOptions& options = {}) {
    held().get_or_load(
        key, [] { return std::string("v"); }, options);
    return held().contains(key);
  }
};

TEST_F(HeldBlockTest, AWriteOfAKeyHoldsItsDependentsOffAndNoLongerThanThat) {
  const EntryOptions depends{.depends_on = {"other/part"}};
  ASSERT_TRUE(keeps("page", depends));
  clock_->advance(1min);
  other().put("part", "new");
  EXPECT_FALSE(keeps("page", depends));
  clock_->advance(4s);
  EXPECT_FALSE(keeps("page", depends));
  clock_->advance(1s);
  EXPECT_TRUE(keeps("page", depends));
}

TEST_F(HeldBlockTest, APredicateHoldsTheDependentsOfWhatItHitsOffAndNoLongerThanThat) {
  const EntryOptions depends{.depends_on = {"other/part"}};
  other().put("part", "old");
  clock_->advance(1min);
  ASSERT_TRUE(keeps("page", depends));
  invalidator_->invalidate_if("other", [](const EntryDescription&) { return true; });
  EXPECT_FALSE(keeps("page", depends));
  clock_->advance(5s);
  EXPECT_TRUE(keeps("page", depends));
}

// The predicate is asked first, and may take its time; what counts is when its answer took effect.
TEST_F(HeldBlockTest, TheTimeThatAPredicateTakesIsNotTakenOffTheHoldOff) {
  const EntryOptions depends{.depends_on = {"other/part"}};
  other().put("part", "old");
  clock_->advance(1min);
  ASSERT_TRUE(keeps("page", depends));
  invalidator_->invalidate_if("other", [&](const EntryDescription&) {
    clock_->advance(3s);
    return true;
  });
  clock_->advance(4s);
  EXPECT_FALSE(keeps("page", depends));
  clock_->advance(1s);
  EXPECT_TRUE(keeps("page", depends));
}

// What a key's new entry does not depend on any more makes stale who relied on it: by a load, and by a lease.
TEST_F(HeldBlockTest, ADependencyThatIsLostHoldsOffAndNoLongerThanThat) {
  const EntryOptions depends{.depends_on = {"other/part"}};
  const auto part_of = [&](const std::string& row) {
    other().get_or_load("part", [] { return std::string("v"); },
                        {.depends_on = {row}, .skip = {.read_l1 = true}});
  };
  const auto held_off_by = [&](auto&& change) {
    clock_->advance(1min);
    ASSERT_TRUE(keeps("page", depends));
    change();
    clock_->advance(100ms);  // nobody called to invalidate: the sweeper notices
    executor_->run_ready();
    EXPECT_FALSE(keeps("page", depends));
    clock_->advance(5s);
    EXPECT_TRUE(keeps("page", depends));
  };
  part_of("row 1");
  held_off_by([&] { part_of("row 2"); });
  held_off_by([&] {
    const Lease lease = other().lease("part");
    EXPECT_TRUE(is_stored(other().put("part", "v", lease, {.depends_on = {"row 3"}})));
  });
}

TEST_F(HeldBlockTest, AWriteOfTheKeyItselfHoldsItOffAndNoOtherKey) {
  clock_->advance(1min);
  held().put("page", "v");
  held().invalidate("page");
  EXPECT_FALSE(keeps("page"));
  EXPECT_TRUE(keeps("another page"));
  clock_->advance(5s);
  EXPECT_TRUE(keeps("page"));
}

// A put is true when it is made, so it is kept; what is loaded soon after may come from a source that does not know it yet.
TEST_F(HeldBlockTest, APutIsKeptAndALoadThatFollowsItIsNot) {
  clock_->advance(1min);
  held().put("page", "v");
  EXPECT_TRUE(held().contains("page"));
  const EntryOptions again{.skip = {.read_l1 = true}};
  held().get_or_load(
      "page", [] { return std::string("from a replica that lags"); }, again);
  EXPECT_EQ(*held().get("page"), "v");
}

// The longest hold-off decides how long is remembered, each block's own how far back it is judged.
TEST_F(HeldBlockTest, EachBlockIsHeldOffByItsOwnTime) {
  use(R"(
freshet: 1
namespaces:
  short: {strategy: manual, hold_off: 1s}
  long: {strategy: manual, hold_off: 1m}
)");
  const auto kept = [&](std::string_view name_space) {
    auto cache = invalidator_->cache<std::string>(name_space);
    cache.get_or_load("k", [] { return std::string("v"); }, {.tags = {"t"}});
    return cache.contains("k");
  };
  clock_->advance(5min);
  invalidator_->invalidate_tag("t");
  EXPECT_FALSE(kept("short"));
  clock_->advance(1s);
  EXPECT_TRUE(kept("short"));
  clock_->advance(58s);
  EXPECT_FALSE(kept("long"));
  clock_->advance(1s);
  EXPECT_TRUE(kept("long"));
}

}  // namespace
}  // namespace freshet::testing
