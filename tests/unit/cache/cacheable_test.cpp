// Row C7: what is kept of what loaders make: a predicate that keeps values out, and that the origin has nothing.
#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <stdexcept>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

class CacheableTest : public CacheFixture {
 protected:
  Cache<int> cache(std::string_view block) {
    use("freshet: 1\nnamespaces:\n  p: " + std::string(block) + "\n");
    return invalidator_->cache<int>("p");
  }
  NamespaceStatistics stats() { return invalidator_->stats().total; }
  /// Looks the key up in `rows_`.
  auto find(std::string key) {
    return [this, key = std::move(key)]() -> std::optional<int> {
      ++loads_;
      const auto row = rows_.find(key);
      return row == rows_.end() ? std::nullopt : std::optional(row->second);
    };
  }
  auto find_many() {
    return [this](std::span<const std::string_view> missing) {
      ++loads_;
      std::vector<std::optional<int>> values;
      for (const std::string_view key : missing) {
        const auto row = rows_.find(std::string(key));
        values.push_back(row == rows_.end() ? std::nullopt : std::optional(row->second));
      }
      return values;
    };
  }

  std::map<std::string, int> rows_;
  int loads_ = 0;
};

TEST_F(CacheableTest, ThatTheOriginHasNothingIsKeptForItsOwnTime) {
  auto p = cache("{ttl: 1h, negative_ttl: 30s}");
  const auto first = p.get_or_load("k", find("k"));
  EXPECT_FALSE(first);
  EXPECT_TRUE(first.absent());
  const auto second = p.get_or_load("k", find("k"));
  EXPECT_FALSE(second);
  EXPECT_TRUE(second.absent());
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(stats().negative_loads, 1u);
  EXPECT_EQ(stats().negative_hits, 1u);
  EXPECT_EQ(stats().hits, 1u);
  EXPECT_EQ(stats().misses, 1u);
  rows_["k"] = 5;
  clock_->advance(30s);
  EXPECT_EQ(*p.get_or_load("k", find("k")), 5);
  EXPECT_EQ(loads_, 2);
}

TEST_F(CacheableTest, WithoutATimeOfItsOwnItIsAnsweredAndNotKept) {
  auto p = cache("{ttl: 1h}");
  const auto answer = p.get_or_load("k", find("k"));
  EXPECT_TRUE(answer.absent());
  EXPECT_EQ(answer.remaining(), 0s);
  EXPECT_TRUE(p.get_or_load("k", find("k")).absent());
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(stats().entries, 0u);
  EXPECT_EQ(stats().negative_loads, 2u);
  EXPECT_EQ(stats().not_kept_absent, 2u);
}

TEST_F(CacheableTest, EntriesThatSayThereIsNothingAreCountedWhileTheyAreThere) {
  auto p = cache("{ttl: 1h, negative_ttl: 30s, capacity: {entries: 4}, eviction: lru}");
  const auto there = [&] { return std::pair(stats().entries, stats().negative_entries); };
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  p.put("v", 1);
  for (const char* key : {"a", "b", "c"}) p.get_or_load(key, find(key));
  EXPECT_EQ(there(), Pair(4, 3));
  EXPECT_EQ(stats().not_kept_absent, 0u);
  p.put("a", 1);
  EXPECT_EQ(there(), Pair(4, 2)) << "a value took the place of one";
  p.invalidate("b");
  EXPECT_EQ(there(), Pair(3, 1)) << "one was removed";
  for (const char* key : {"d", "e"}) p.get_or_load(key, find(key));
  EXPECT_EQ(there(), Pair(4, 3)) << "of two that came, one took the place of a value";
  for (int i = 0; i < 4; ++i) p.put("w" + std::to_string(i), i);
  EXPECT_EQ(there(), Pair(4, 0)) << "evicted";
  for (const char* key : {"f", "g"}) p.get_or_load(key, find(key), {.tags = {key}});
  EXPECT_EQ(there(), Pair(4, 2));
  invalidator_->invalidate_tag("f");
  invalidator_->settle();
  EXPECT_EQ(there(), Pair(3, 1)) << "swept";
  tick_through(31s);
  EXPECT_EQ(there(), Pair(2, 0)) << "their time is over";
}

TEST_F(CacheableTest, AValueThatStandsForNothingIsNoEntryWithoutAValue) {
  auto p = cache("{ttl: 1h, negative_ttl: 30s}");
  p.get_or_load("k", [](LoadContext& load) { return load.absent(), -1; });
  EXPECT_EQ(stats().negative_loads, 1u);
  EXPECT_EQ(stats().negative_entries, 0u);
}

TEST_F(CacheableTest, AReadOfItSaysThatThereIsNothingAndFindsNothing) {
  auto p = cache("{ttl: 1h, negative_ttl: 30s}");
  EXPECT_FALSE(p.get("k").absent()) << "nobody knows";
  p.get_or_load("k", find("k"));
  EXPECT_FALSE(p.get("k"));
  EXPECT_TRUE(p.get("k").absent());
  EXPECT_FALSE(p.contains("k"));
  EXPECT_FALSE(p.visit("k", [](int) { FAIL(); }));
  const std::vector<std::string> keys{"k"};
  EXPECT_TRUE(p.get_many(keys)[0].absent());
  EXPECT_EQ(stats().stale_serves, 0u);
}

TEST_F(CacheableTest, ALoaderOfAValueIsNeverAnsweredWithNothing) {
  auto p = cache("{ttl: 1h, negative_ttl: 30s}");
  p.get_or_load("k", find("k"));
  const auto value = p.get_or_load("k", [] { return 3; });
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, 3);
  EXPECT_EQ(*p.get("k"), 3) << "it has taken the place of the nothing";
}

TEST_F(CacheableTest, BulkLoadsKeepItToo) {
  auto p = cache("{ttl: 1h, negative_ttl: 30s}");
  rows_["a"] = 1;
  const std::vector<std::string> keys{"a", "b"};
  const auto first = p.get_many(keys, find_many());
  EXPECT_EQ(*first[0], 1);
  EXPECT_TRUE(first[1].absent());
  const auto second = p.get_many(keys, find_many());
  EXPECT_TRUE(second[1].absent());
  EXPECT_EQ(loads_, 1);
}

// A negative entry obeys what invalidates like any other.
struct Call {
  std::string name;
  std::function<void(CacheInvalidator&)> make;
};
void PrintTo(const Call& call, std::ostream* out) { *out << call.name; }

class NegativeInvalidationTest : public CacheableTest,
                                 public ::testing::WithParamInterface<Call> {};

TEST_P(NegativeInvalidationTest, WhatInvalidatesTheKeyEndsIt) {
  auto p = cache("{ttl: 1h, negative_ttl: 30m}");
  const EntryOptions options{.tags = {"t"}, .depends_on = {"table"}};
  p.get_or_load("k", find("k"), options);
  GetParam().make(*invalidator_);
  EXPECT_FALSE(p.get("k").absent());
  rows_["k"] = 5;
  EXPECT_EQ(*p.get_or_load("k", find("k"), options), 5);
}

TEST_P(NegativeInvalidationTest, WhatInvalidatesTheKeyWhileItIsLoadedHasItNotKept) {
  auto p = cache("{ttl: 1h, negative_ttl: 30m}");
  const EntryOptions options{.tags = {"t"}, .depends_on = {"table"}};
  const auto load = [&]() -> std::optional<int> {
    GetParam().make(*invalidator_);
    return std::nullopt;
  };
  EXPECT_TRUE(p.get_or_load("k", load, options).absent());
  EXPECT_FALSE(p.get("k").absent());
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, NegativeInvalidationTest,
    ::testing::Values(
        Call{"Key", [](auto& c) { c.invalidate("k", "p"); }},
        Call{"KeyExpired", [](auto& c) { c.invalidate("k", "p", {.mode = Mode::expire}); }},
        Call{"Tag", [](auto& c) { c.invalidate_tag("t"); }},
        Call{"TagExpired", [](auto& c) { c.invalidate_tag("t", {.mode = Mode::expire}); }},
        Call{"Dependents", [](auto& c) { c.invalidate_dependents("table"); }},
        Call{"Prefix", [](auto& c) { c.invalidate_prefix("k", "p"); }},
        Call{"Namespace", [](auto& c) { c.invalidate_namespace("p"); }},
        Call{"Predicate",
             [](auto& c) { c.invalidate_if("p", [](const EntryDescription&) { return true; }); }},
        Call{"All", [](auto& c) { c.invalidate_all(); }}),
    [](const auto& one) { return one.param.name; });

TEST_F(CacheableTest, APutTakesItsPlace) {
  auto p = cache("{ttl: 1h, negative_ttl: 30m}");
  p.get_or_load("k", find("k"));
  p.put("k", 4);
  EXPECT_EQ(*p.get("k"), 4);
}

TEST_F(CacheableTest, APredicateOverValuesIsNotAskedAboutIt) {
  auto p = cache("{ttl: 1h, negative_ttl: 30m}");
  p.get_or_load("k", find("k"));
  p.put("v", 1);
  const auto gone = p.invalidate_if([](std::string_view, int) { return true; });
  EXPECT_EQ(gone.count, 1u);
  EXPECT_TRUE(p.get("k").absent());
}

TEST_F(CacheableTest, AListenerToRemovalsIsNotToldOfIt) {
  auto p = cache("{ttl: 1h, negative_ttl: 30m}");
  std::vector<std::string> told;
  const auto listening =
      p.on_removal([&](std::string_view key, int, RemovalCause) { told.emplace_back(key); });
  p.get_or_load("k", find("k"));
  p.put("v", 1);
  invalidator_->invalidate_all();
  invalidator_->settle();
  executor_->run_ready();
  EXPECT_THAT(told, ::testing::ElementsAre("v"));
}

TEST_F(CacheableTest, WhatIsMadeOfNothingGoesWithIt) {
  auto p = cache("{ttl: 1h, negative_ttl: 30m}");
  const auto page = [&] { return p.get_or_load("part", find("part"), {.tags = {"t"}}) ? 1 : 0; };
  EXPECT_EQ(*p.get_or_load("page", page), 0);
  EXPECT_TRUE(p.contains("page"));
  EXPECT_LE(p.get("page").remaining(), 30min) << "no longer than the nothing is good";
  invalidator_->invalidate_tag("t");
  EXPECT_FALSE(p.contains("page"));
}

TEST_F(CacheableTest, ARefreshThatFindsNothingTakesTheOldValueOut) {
  auto p = cache("{ttl: 1h, soft_ttl: 30m}");
  p.put("k", 1);
  p.bind_loader([this](std::string_view key) { return find(std::string(key))(); });
  clock_->advance(40min);
  EXPECT_TRUE(p.get("k"));
  executor_->run_ready();
  EXPECT_FALSE(p.get("k"));
  EXPECT_EQ(stats().entries, 0u);
}

TEST_F(CacheableTest, ALoaderMaySayThatItsValueStandsForNothing) {
  auto p = cache("{ttl: 1h, negative_ttl: 30s}");
  const auto load = [&](LoadContext& context) {
    ++loads_;
    context.absent();
    return -1;
  };
  EXPECT_EQ(*p.get_or_load("k", load), -1);
  EXPECT_EQ(*p.get_or_load("k", load), -1);
  EXPECT_EQ(loads_, 1);
  clock_->advance(30s);
  EXPECT_FALSE(p.get("k"));
  EXPECT_EQ(stats().negative_loads, 1u);
}

TEST_F(CacheableTest, ItIsNotServedOnError) {
  auto p = cache("{ttl: 1h, negative_ttl: 30s, stale_if_error: 24h}");
  p.get_or_load("k", find("k"));
  pass(1min);
  const auto failing = []() -> std::optional<int> { throw std::runtime_error("down"); };
  EXPECT_THROW(p.get_or_load("k", failing), std::runtime_error);
}

TEST_F(CacheableTest, ATtlOfTheCallOrTheLoaderShortensIt) {
  auto p = cache("{ttl: 1h, negative_ttl: 30s}");
  p.get_or_load("a", find("a"), {.ttl = 10s});
  p.get_or_load("b", find("b"), {.ttl = Duration::zero()});
  EXPECT_TRUE(p.get("a").absent());
  EXPECT_FALSE(p.get("b").absent());
  clock_->advance(10s);
  EXPECT_FALSE(p.get("a").absent());
}

TEST_F(CacheableTest, APredicateKeepsValuesOut) {
  auto p = cache("{ttl: 1h}");
  p.cacheable_if([](int value) { return value >= 0; });
  EXPECT_EQ(*p.get_or_load("k", [] { return -1; }), -1);
  EXPECT_FALSE(p.contains("k"));
  EXPECT_EQ(*p.get_or_load("k", [] { return 1; }), 1);
  EXPECT_TRUE(p.contains("k"));
  EXPECT_EQ(stats().not_kept_by_predicate, 1u);
}

TEST_F(CacheableTest, APutThatIsKeptOutTakesOutWhatWasThere) {
  auto p = cache("{ttl: 1h}");
  p.cacheable_if([](std::string_view key, int value) { return key == "any" || value >= 0; });
  EXPECT_EQ(p.put("k", 1), StoreOutcome::stored);
  EXPECT_EQ(p.put("k", -1), StoreOutcome::not_kept_by_predicate);
  EXPECT_FALSE(p.contains("k"));
  EXPECT_EQ(p.put("any", -1), StoreOutcome::stored);
}

TEST_F(CacheableTest, AnErrorPageDoesNotTakeTheOldValuePlaceUnderStaleIfError) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h}");
  p.cacheable_if([](int value) { return value >= 0; });
  p.put("k", 1);
  pass(2h);
  EXPECT_EQ(*p.get_or_load("k", [] { return -1; }), -1);
  const auto failing = []() -> int { throw std::runtime_error("down"); };
  EXPECT_EQ(*p.get_or_load("k", failing), 1);
}

TEST_F(CacheableTest, APredicateThatThrowsKeepsTheValueOut) {
  auto p = cache("{ttl: 1h}");
  p.cacheable_if([](int) -> bool { throw std::runtime_error("no"); });
  EXPECT_EQ(*p.get_or_load("k", [] { return 1; }), 1);
  EXPECT_FALSE(p.contains("k"));
  EXPECT_EQ(stats().handler_failures, 1u);
}

}  // namespace
}  // namespace freshet::testing
