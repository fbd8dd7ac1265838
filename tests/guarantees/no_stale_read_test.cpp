// G1: once a remove returns, no get that starts later returns a value whose load began before that call.
//
// Each way to invalidate is staged at each point of each way in: while the loader runs, between the load and the fill,
// between the judgement of the fill and its insertion.
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <thread>

#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  profiles: {strategy: manual}
)";

struct Way {
  std::string name;
  std::function<void(CacheInvalidator&, const InvalidateOptions&)> invalidate;
  Mode mode = Mode::remove;
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

using Options = InvalidateOptions;

/// Everything that makes the entry of these tests stale, each as remove and as expire. Nothing here serves stale values, so
/// the two come to the same.
std::vector<Way> ways() {
  const std::vector<Way> kinds{
      {"Key", [](auto& c, const Options& o) { c.invalidate("user:42", "profiles", o); }},
      {"Tag", [](auto& c, const Options& o) { c.invalidate_tag("users", o); }},
      {"TagIn", [](auto& c, const Options& o) { c.invalidate_tag_in("users", "profiles", o); }},
      {"AllOf",
       [](auto& c, const Options& o) {
         c.invalidate_all_of({"users", "de"}, o);
       }},
      {"Namespace", [](auto& c, const Options& o) { c.invalidate_namespace("profiles", o); }},
      {"All", [](auto& c, const Options& o) { c.invalidate_all(o); }},
      {"Dependents", [](auto& c, const Options& o) { c.invalidate_dependents("table:users", o); }},
      {"DependentsOfKey",
       [](auto& c, const Options& o) { c.invalidate_dependents_of_key("team:5", "profiles", o); }},
      {"KeyDependedOn", [](auto& c, const Options& o) { c.invalidate("team:5", "profiles", o); }},
      {"PutOfKeyDependedOn",
       [](auto& c, const Options&) {
         c.template cache<std::string>("profiles").put("team:5", "");
       }},
      {"DependentsThroughAKey",
       [](auto& c, const Options& o) { c.invalidate_dependents("table:teams", o); }},
      {"DependentsThroughTwoKeys",
       [](auto& c, const Options& o) { c.invalidate_dependents("table:leagues", o); }},
      {"Prefix", [](auto& c, const Options& o) { c.invalidate_prefix("user", "profiles", o); }},
      {"PrefixThatIsTheKey",
       [](auto& c, const Options& o) { c.invalidate_prefix("user:42", "profiles", o); }},
      {"PrefixOfKeyDependedOn",
       [](auto& c, const Options& o) { c.invalidate_prefix("team", "profiles", o); }},
      {"Matching",
       [](auto& c, const Options& o) { c.invalidate_matching("u*:4?", "profiles", o); }},
      {"Version", [](auto& c, const Options& o) { c.invalidate_version("prompt", "v4", o); }},
      {"NewVersion", [](auto& c, const Options& o) { c.bump_version("prompt", o); }},
      {"PolicyVersion",
       [](auto& c, const Options& o) { c.set_policy_version("profiles", "p2", o); }},
      {"Predicate",
       [](auto& c, const Options& o) {
         c.invalidate_if(
             "profiles", [](const EntryDescription& entry) { return entry.key == "user:42"; }, o);
       }},
      {"ManyWithTheKey",
       [](auto& c, const Options& o) {
         c.invalidate_many({Target::tag("none"), Target::key("user:42", "profiles")}, o);
       }},
      {"ManyWithOthers",
       [](auto& c, const Options& o) {
         c.invalidate_many({Target::key("other", "profiles"), Target::prefix("x", "profiles"),
                            Target::matching("*:42", "profiles")},
                           o);
       }},
  };
  std::vector<Way> ways;
  for (const Way& kind : kinds) {
    ways.push_back({kind.name + "Removed", kind.invalidate, Mode::remove});
    ways.push_back({kind.name + "Expired", kind.invalidate, Mode::expire});
  }
  return ways;
}

class NoStaleReadTest : public CacheFixture, public ::testing::WithParamInterface<Way> {
 protected:
  NoStaleReadTest() {
    use(kPolicy);
    profiles().put("league:1", "a league", {.depends_on = {"table:leagues"}});
    profiles().put("team:5", "a team", {.depends_on = {"table:teams", "league:1"}});
  }

  void invalidate() { GetParam().invalidate(*invalidator_, {.mode = GetParam().mode}); }
  void invalidate_elsewhere() {
    std::thread([this] { invalidate(); }).join();
  }

  Cache<std::string> profiles() { return invalidator_->cache<std::string>("profiles"); }
  // A version without a hash is the current one.
  const EntryOptions options_{
      .tags = {"users", "de"}, .depends_on = {"table:users", "team:5"}, .versions = {{"prompt"}}};
};

TEST_P(NoStaleReadTest, ALoadOvertakenWhileItsLoaderRunsIsNotKept) {
  auto cache = profiles();
  const auto handle = cache.get_or_load(
      "user:42",
      [&] {
        invalidate();
        return std::string("old");
      },
      options_);
  EXPECT_EQ(*handle, "old") << "the caller asked before the invalidation";
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, ALoadThatNamesItsLabelsAtTheEndIsNotKeptEither) {
  auto cache = profiles();
  cache.get_or_load("user:42", [&](LoadContext& load) {
    invalidate();
    load.tag("users").tag("de").depends_on("table:users").depends_on("team:5");
    load.version("prompt", "");
    return std::string("old");
  });
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, NorIsOneThatNamesThemWhenTheSweeperHasCome) {
  auto cache = profiles();
  cache.get_or_load("user:42", [&](LoadContext& load) {
    invalidate();
    invalidator_->settle();
    load.tag("users").tag("de").depends_on("table:users").depends_on("team:5");
    load.version("prompt", "");
    return std::string("old");
  });
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, ALoadOvertakenBetweenItsEndAndItsFillIsNotKept) {
  auto cache = profiles();
  PausePoint pause("load_done_before_fill", [this] { invalidate_elsewhere(); });
  cache.get_or_load(
      "user:42", [] { return std::string("old"); }, options_);
  EXPECT_TRUE(pause.reached());
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, APutUnderALeaseTakenBeforeIsRefused) {
  auto cache = profiles();
  const Lease lease = cache.lease("user:42");
  invalidate();
  const StoreOutcome outcome = cache.put("user:42", "old", lease, options_);
  EXPECT_FALSE(is_stored(outcome));
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, ABulkLoadOvertakenIsNotKept) {
  auto cache = profiles();
  const std::vector<std::string> keys{"user:42", "user:43"};
  cache.get_many(
      keys,
      [&](std::span<const std::string_view> missing) {
        invalidate();
        return std::vector<std::optional<std::string>>(missing.size(), "old");
      },
      options_);
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, WhatWasStoredBeforeIsGone) {
  auto cache = profiles();
  cache.put("user:42", "old", options_);
  invalidate();
  EXPECT_FALSE(cache.get("user:42"));
  EXPECT_FALSE(cache.contains("user:42"));
}

TEST_P(NoStaleReadTest, WhatIsLoadedAfterIsKept) {
  auto cache = profiles();
  cache.put("user:42", "old", options_);
  invalidate();
  cache.get_or_load(
      "user:42", [] { return std::string("new"); }, options_);
  const auto handle = cache.get("user:42");
  ASSERT_TRUE(handle);
  EXPECT_EQ(*handle, "new");
}

TEST_P(NoStaleReadTest, AnEntryMadeOfThisOneWhileItWasReadIsGoneToo) {
  auto cache = profiles();
  const auto page = [&](LoadContext&) {
    return *cache.get_or_load(
               "user:42", [] { return std::string("old"); }, options_) +
           "s page";
  };
  cache.get_or_load("page", page);
  ASSERT_TRUE(cache.get("page"));
  invalidate();
  EXPECT_FALSE(cache.get("page"));
}

TEST_P(NoStaleReadTest, AnEntryBeingMadeOfThisOneIsNotKept) {
  auto cache = profiles();
  cache.put("user:42", "old", options_);
  cache.get_or_load("page", [&](LoadContext&) {
    const std::string read = *cache.get("user:42");
    invalidate();
    return read + "s page";
  });
  EXPECT_FALSE(cache.get("page"));
}

// A waiter that starts after the invalidation must not be given the load that began before it.
TEST_P(NoStaleReadTest, AWaiterDoesNotJoinALoadThatTheInvalidationOvertook) {
  auto cache = profiles();
  std::promise<void> loading, release;
  std::thread leader([&] {
    const auto handle = cache.get_or_load(
        "user:42",
        [&] {
          loading.set_value();
          release.get_future().wait();
          return std::string("old");
        },
        options_);
    EXPECT_EQ(*handle, "old");
  });
  loading.get_future().wait();
  invalidate();
  const auto handle = cache.get_or_load(
      "user:42", [] { return std::string("new"); }, options_);
  EXPECT_EQ(*handle, "new");
  release.set_value();
  leader.join();
  EXPECT_EQ(*cache.get("user:42"), "new")
      << "the overtaken load must not put its value over the new one";
}

INSTANTIATE_TEST_SUITE_P(EveryKind, NoStaleReadTest, ::testing::ValuesIn(ways()),
                         [](const auto& way) { return way.param.name; });

// A put that meets a raise half done comes before it: it is refused, and says so.
TEST(NoStaleReadOnceTest, APutDuringARaiseOfItsTagSaysThatItWasRefused) {
  CacheInvalidator invalidator = CacheInvalidator::from_yaml(kPolicy);
  auto cache = invalidator.cache<std::string>("profiles");
  cache.put("user:43", "old", {.tags = {"users"}});
  StoreOutcome outcome = StoreOutcome::stored;
  PausePoint pause("label_raised", [&] {
    std::thread([&] { outcome = cache.put("user:42", "v", {.tags = {"users"}}); }).join();
  });
  invalidator.invalidate_tag("users");
  ASSERT_TRUE(pause.reached());
  EXPECT_EQ(outcome, StoreOutcome::refused_invalidated);
  EXPECT_FALSE(cache.get("user:42"));
}

// The first dependency on a key of a namespace: its writes have left no trace so far, so who names it late is not kept.
TEST(NoStaleReadOnceTest, AKeyDependedOnForTheFirstTimeWhileItWasWrittenIsNotTrusted) {
  CacheInvalidator invalidator = CacheInvalidator::from_yaml(kPolicy);
  auto cache = invalidator.cache<std::string>("profiles");
  const auto load = [&](LoadContext& context) {
    cache.put("team:5", "new");  // after this loader has read the old one elsewhere
    context.depends_on("team:5");
    return std::string("made of the old team");
  };
  cache.get_or_load("user:42", load, {.capture = false});
  EXPECT_FALSE(cache.get("user:42"));
  cache.get_or_load("user:43", [](LoadContext& context) {
    context.depends_on("team:5");
    return std::string("made of the new team");
  });
  EXPECT_TRUE(cache.get("user:43"));
}

// Found by the simulation (callers-differ): who finds stored what another has loaded meanwhile had looked for it before, and its
// own labels were lost.
TEST(NoStaleReadOnceTest, WhoComesWhileAValueIsStoredHasItsOwnLabelsOnIt) {
  CacheInvalidator invalidator = CacheInvalidator::from_yaml(kPolicy);
  auto cache = invalidator.cache<std::string>("profiles");
  const auto load = [] { return std::string("v"); };
  std::thread other;
  PausePoint pause("load_done_before_fill", [&] {
    const std::uint64_t misses = invalidator.stats().total.misses;
    other = std::thread([&] { cache.get_or_load("user:42", load, {.tags = {"others"}}); });
    while (invalidator.stats().total.misses == misses) std::this_thread::yield();
  });
  cache.get_or_load("user:42", load, {.tags = {"users"}});
  other.join();
  ASSERT_TRUE(pause.reached());
  ASSERT_TRUE(cache.get("user:42"));
  invalidator.invalidate_tag("others");
  EXPECT_FALSE(cache.get("user:42"));
}

}  // namespace
}  // namespace freshet::testing
