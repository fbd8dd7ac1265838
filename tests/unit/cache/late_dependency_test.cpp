// Dependencies on keys that nobody depended on before: what happened to them until then left no trace to be judged by.
#include <gtest/gtest.h>

#include <functional>
#include <optional>

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

// A page is made of the middle, which is made of a part, each in a namespace of its own. Nothing but the middle's entry tells
// what it was made of, and that is gone when the page says what it was made of itself.
class LateChainTest : public CacheFixture {
 protected:
  LateChainTest() {
    use(R"(
freshet: 1
namespaces:
  pages: {strategy: manual}
  middles: {strategy: ttl, ttl: 30s}
  parts: {strategy: manual}
)");
    parts_ = invalidator_->cache<std::string>("parts");
    middles_ = invalidator_->cache<std::string>("middles");
    pages_ = invalidator_->cache<std::string>("pages");
    const EntryOptions other{.depends_on = {"middles/other", "parts/other"}};
    pages_->put("other", "v", other);  // keys of both namespaces are in use
    parts_->put("part:1", "old");
    middles_->put("middle", "old", {.depends_on = {"parts/part:1", "row"}});
  }
  /// A load, and a lease, from before `change`, which takes the middle.
  void expect_refused(const std::function<void()>& change) {
    const Lease lease = pages_->lease("leased");
    pages_->get_or_load("loaded", [&](LoadContext& load) {
      change();
      invalidator_->settle();
      EXPECT_FALSE(middles_->contains("middle"));
      load.depends_on("middles/middle");
      return std::string("made of the old middle");
    });
    EXPECT_FALSE(pages_->contains("loaded"));
    invalidator_->settle();
    EXPECT_EQ(invalidator_->stats().total.bans, 0u);
    const EntryOptions depends{.depends_on = {"middles/middle"}};
    EXPECT_FALSE(is_stored(pages_->put("leased", "made of the old middle", lease, depends)));
  }

  std::optional<Cache<std::string>> parts_, middles_, pages_;
};

TEST_F(LateChainTest, AResourceThatTheMiddleDependedOn) {
  expect_refused([&] { invalidator_->invalidate_dependents("row"); });
}
TEST_F(LateChainTest, AResourceThatExpired) {
  expect_refused([&] { invalidator_->invalidate_dependents("row", {.mode = Mode::expire}); });
}
TEST_F(LateChainTest, AKeyThatTheMiddleDependedOn) {
  expect_refused([&] { parts_->put("part:1", "new"); });
}
TEST_F(LateChainTest, TheNamespaceOfThatKey) {
  expect_refused([&] { invalidator_->invalidate_namespace("parts"); });
}
TEST_F(LateChainTest, APrefixOfThatKey) {
  expect_refused([&] { invalidator_->invalidate_prefix("part", "parts"); });
}
TEST_F(LateChainTest, APatternOfThatKey) {
  expect_refused(
      [&] { invalidator_->invalidate_matching("*:1", "parts", {.mode = Mode::expire}); });
}
TEST_F(LateChainTest, APredicateOverThatKey) {
  expect_refused(
      [&] { invalidator_->invalidate_if("parts", [](const EntryDescription&) { return true; }); });
}
TEST_F(LateChainTest, WhatThePartDependedOnInTurn) {
  parts_->put("part:1", "old", {.depends_on = {"table"}});
  middles_->put("middle", "old", {.depends_on = {"parts/part:1"}});
  expect_refused([&] { invalidator_->invalidate_dependents("table"); });
}
TEST_F(LateChainTest, WhatWasAddedToTheMiddleLater) {
  ASSERT_TRUE(invalidator_->add_dependency("middle", "middles", "late"));
  expect_refused([&] { invalidator_->invalidate_dependents("late"); });
}
TEST_F(LateChainTest, AMiddleWhoseTimeIsOverBeforeAnybodyLooks) {
  expect_refused([&] {
    invalidator_->invalidate_dependents("row");
    clock_->advance(30s);
  });
}
TEST_F(LateChainTest, AMiddleThatHasGoneIsNoReasonForWhatIsLoadedAfterwards) {
  clock_->advance(30s);
  invalidator_->settle();
  pages_->get_or_load("loaded", [&](LoadContext& load) {
    load.depends_on("middles/middle");
    return std::string("made without the middle");
  });
  EXPECT_TRUE(pages_->contains("loaded"));
}

// The middle's label is held, with what it depends on; the ban is gone, and its floor is of a namespace beyond the middle's.
TEST_F(LateChainTest, ARetiredBanBeyondAMiddleThatIsStillKnown) {
  pages_->put("holder", "v", {.depends_on = {"middles/middle"}});
  const auto holder = pages_->get("holder");
  expect_refused([&] { invalidator_->invalidate_prefix("part", "parts"); });
}

// An entry that leaves while it is fresh is not there any more when what it depended on is invalidated.
class DepartedDependencyTest : public CacheFixture {
 protected:
  DepartedDependencyTest() {
    use(R"(
freshet: 1
namespaces:
  pages: {strategy: manual, lease: 2h}
  parts: {strategy: ttl, ttl: 1h, capacity: {entries: 1}}
)");
    pages().put("other", "v", {.depends_on = {"parts/part"}});  // keys of parts are in use
    pages().invalidate("other");
    invalidator_->settle();  // what it held is let go
    parts().put("part", "old", {.depends_on = {"row"}});
  }
  Cache<std::string> pages() { return invalidator_->cache<std::string>("pages"); }
  Cache<std::string> parts() { return invalidator_->cache<std::string>("parts"); }
  StoreOutcome put_page(const Lease& lease) {
    return pages().put("page", "made of the part", lease, {.depends_on = {"parts/part"}});
  }
};

TEST_F(DepartedDependencyTest, ALeaseFromBeforeAnEvictionIsRefusedForWhatCameAfterIt) {
  const Lease before = pages().lease("page");
  parts().put("another", "v");
  ASSERT_FALSE(parts().contains("part"));
  const Lease after = pages().lease("page");
  invalidator_->invalidate_dependents("row");
  EXPECT_EQ(put_page(before), StoreOutcome::refused_invalidated);
  EXPECT_EQ(put_page(after), StoreOutcome::stored) << "the part was gone when it was taken";
}

TEST_F(DepartedDependencyTest, ALeaseFromBeforeTheEndOfAnEntrysTimeIsRefusedForWhatCameAfterIt) {
  const Lease before = pages().lease("page");
  clock_->advance(1h);
  invalidator_->settle();
  invalidator_->invalidate_dependents("row");
  EXPECT_EQ(put_page(before), StoreOutcome::refused_invalidated);
}

TEST_F(DepartedDependencyTest, ALeaseFromBeforeARefillWithOtherDependenciesIsRefused) {
  const Lease page = pages().lease("page");
  const Lease part = parts().lease("part");
  ASSERT_EQ(parts().put("part", "new", part, {.depends_on = {"column"}}), StoreOutcome::stored);
  invalidator_->invalidate_dependents("row");
  EXPECT_EQ(put_page(page), StoreOutcome::refused_invalidated);
}

// What the part depended on is known to nobody once it has gone by a label of its own.
TEST_F(DepartedDependencyTest, ALeaseFromBeforeATagTookTheEntryIsRefused) {
  parts().put("part", "old", {.tags = {"t"}, .depends_on = {"row"}});
  const Lease before = pages().lease("page");
  invalidator_->invalidate_tag("t");
  put_page(before);
  invalidator_->invalidate_dependents("row");
  EXPECT_FALSE(pages().get("page"));
}

TEST_F(DepartedDependencyTest, ALeaseFromBeforeAllOfSeveralTagsTookTheEntryIsRefused) {
  parts().put("part", "old", {.tags = {"t", "u"}, .depends_on = {"row"}});
  const Lease before = pages().lease("page");
  invalidator_->invalidate_all_of({"t", "u"});
  put_page(before);
  invalidator_->invalidate_dependents("row");
  EXPECT_FALSE(pages().get("page"));
}

TEST_F(DepartedDependencyTest, WhatAllOfSeveralTagsTookIsNoReasonForWhoBeganAfterwards) {
  parts().put("part", "old", {.tags = {"t", "u"}, .depends_on = {"row"}});
  invalidator_->invalidate_all_of({"t", "u"});
  const Lease after = pages().lease("page");
  ASSERT_FALSE(parts().contains("part"));  // nobody looked until now
  EXPECT_EQ(put_page(after), StoreOutcome::stored);
}

TEST_F(DepartedDependencyTest, ARefillWithTheSameDependenciesRefusesNothingByItself) {
  const Lease page = pages().lease("page");
  const Lease part = parts().lease("part");
  parts().put("part", "new", part, {.depends_on = {"row"}});
  EXPECT_EQ(put_page(page), StoreOutcome::stored);
  EXPECT_TRUE(pages().contains("page"));
  invalidator_->invalidate_dependents("row");
  EXPECT_FALSE(pages().contains("page"));
}

// Nobody but the holder knew what the part depended on, and it goes with that.
TEST_F(DepartedDependencyTest, ALeaseIsRefusedAlsoOnceWhoeverHeldTheKeyHasGone) {
  pages().put("holder", "v", {.depends_on = {"parts/part"}});
  parts().put("part", "old", {.depends_on = {"row"}});
  const Lease page = pages().lease("page");
  parts().put("another", "v");
  invalidator_->invalidate_dependents("row");
  invalidator_->settle();
  ASSERT_FALSE(pages().contains("holder"));
  EXPECT_EQ(put_page(page), StoreOutcome::refused_invalidated);
}

TEST_F(DepartedDependencyTest, ALeaseIsRefusedAlsoOnceSomebodyElseHoldsTheKey) {
  pages().put("holder", "v", {.depends_on = {"parts/part"}});
  parts().put("part", "old", {.depends_on = {"row"}});
  const Lease page = pages().lease("page");
  parts().put("another", "v");
  pages().invalidate("holder");
  pages().put("holder", "v", {.depends_on = {"parts/part"}});  // without what the part depended on
  invalidator_->invalidate_dependents("row");
  EXPECT_TRUE(pages().contains("holder"));
  EXPECT_EQ(put_page(page), StoreOutcome::refused_invalidated);
}

TEST_F(DepartedDependencyTest, WhoeverNamesTheKeyLateIsRefusedOnceAtMost) {
  const auto known = parts();  // keeps the namespace known
  pages().put("holder", "v", {.depends_on = {"parts/part"}});
  parts().put("part", "old", {.depends_on = {"row"}});
  parts().put("another", "v");
  pages().invalidate("holder");
  const auto load = [&] {
    pages().get_or_load("loaded", [](LoadContext& context) {
      context.depends_on("parts/part");
      return std::string("v");
    });
    return pages().contains("loaded");
  };
  load();
  EXPECT_TRUE(load());
  pages().invalidate("loaded");
  EXPECT_TRUE(load());
}

// A namespace's policy version is no dependency: a new one raises the namespace, and with it its keys.
TEST_F(DepartedDependencyTest, AnEntryThatCarriesOnlyItsPolicyVersionLeavesNothingBehind) {
  const auto versioned = parts().at_version("v1");  // keeps the namespace known
  parts().invalidate("part");
  ASSERT_EQ(versioned.put("part", "v", versioned.lease("part")), StoreOutcome::stored);
  const Lease page = pages().lease("page");
  clock_->advance(1h);
  invalidator_->settle();
  EXPECT_EQ(put_page(page), StoreOutcome::stored);
}

TEST_F(DepartedDependencyTest, WhoeverHeldTheKeyBeforeKeepsItsDependenciesAndIsNotRefused) {
  pages().put("holder", "v", {.depends_on = {"parts/part"}});
  const Lease page = pages().lease("page");
  parts().put("another", "v");
  EXPECT_EQ(put_page(page), StoreOutcome::stored);
  invalidator_->invalidate_dependents("row");
  EXPECT_FALSE(pages().contains("page"));
  EXPECT_FALSE(pages().contains("holder"));
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
