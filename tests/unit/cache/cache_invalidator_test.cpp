// The public face: what each call answers, and what bad input gets.
#include "freshet/cache_invalidator.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kPolicy = R"(freshet: 1
namespaces:
  profiles: {strategy: ttl, ttl: 5m}
  settings: {strategy: manual}
  "user_*": {strategy: manual}
  sized:
    strategy: manual
    capacity: {entries: 100, bytes: 1MiB}
  keyed:
    strategy: manual
    key: "user:{user_id}"
    tags: [users, "user:{user_id}"]
)";

template <class Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

class CacheInvalidatorTest : public CacheFixture {
 protected:
  CacheInvalidatorTest() { use(kPolicy); }
  Cache<std::string> profiles() { return invalidator_->cache<std::string>("profiles"); }
  NamespaceStatistics stats(std::string_view block) {
    for (const NamespaceStatistics& row : invalidator_->stats().namespaces) {
      if (row.name == block) return row;
    }
    throw std::logic_error("no such block");
  }
};

TEST_F(CacheInvalidatorTest, AnEntryIsAHitAt4m59sAndAMissAt5m) {  // row A1
  profiles().put("user:42", "Ada");
  clock_->advance(4min + 59s);
  EXPECT_TRUE(profiles().get("user:42"));
  clock_->advance(1s);
  EXPECT_FALSE(profiles().get("user:42"));
}

TEST_F(CacheInvalidatorTest, AManualEntrySurvivesAnyTimeAndInvalidateIsTrueThenFalse) {  // row A4
  auto settings = invalidator_->cache<std::string>("settings");
  settings.put("theme", "dark");
  clock_->advance(std::chrono::hours(24 * 365 * 100));
  EXPECT_TRUE(settings.get("theme"));
  EXPECT_TRUE(invalidator_->invalidate("theme", "settings"));
  EXPECT_FALSE(invalidator_->invalidate("theme", "settings"));
}

TEST_F(CacheInvalidatorTest, AHandleSaysWhereTheValueCameFromHowOldItIsAndWhatRemains) {
  const auto loaded = profiles().get_or_load("user:42", [] { return std::string("Ada"); });
  EXPECT_EQ(loaded.origin(), Origin::loaded);
  EXPECT_EQ(loaded.age(), 0s);
  EXPECT_EQ(loaded.remaining(), 5min);
  clock_->advance(90s);
  const auto hit = profiles().get_or_load("user:42", [] { return std::string("other"); });
  EXPECT_EQ(*hit, "Ada");
  EXPECT_EQ(hit.origin(), Origin::l1);
  EXPECT_EQ(hit.staleness(), Staleness::fresh);
  EXPECT_EQ(hit.age(), 90s);
  EXPECT_EQ(hit.remaining(), 5min - 90s);
  const Handle<std::string> miss = profiles().get("nobody");
  EXPECT_EQ(miss.origin(), Origin::none);
  EXPECT_EQ(miss.get(), nullptr);
}

TEST_F(CacheInvalidatorTest, AHandleOutlivesTheInvalidator) {
  Handle<std::string> held = profiles().get_or_load("user:42", [] { return std::string("Ada"); });
  invalidator_.reset();
  EXPECT_EQ(*held, "Ada");
}

TEST_F(CacheInvalidatorTest, AViewKeepsTheEngineAlive) {
  auto view = profiles();
  invalidator_.reset();
  view.put("user:42", "Ada");
  EXPECT_EQ(*view.get("user:42"), "Ada");
}

TEST_F(CacheInvalidatorTest, VisitReadsInPlace) {
  profiles().put("user:42", "Ada");
  std::size_t length = 0;
  EXPECT_TRUE(profiles().visit("user:42", [&](const std::string& name) { length = name.size(); }));
  EXPECT_EQ(length, 3u);
  EXPECT_FALSE(profiles().visit("nobody", [](const std::string&) { FAIL(); }));
}

TEST_F(CacheInvalidatorTest, VisitTellsWhereTheValueIsFromToWhoAsks) {
  profiles().put("user:42", "Ada", {.ttl = 3min});
  pass(1min);
  std::string read;
  const auto visitor = [&](const std::string& name, const Provenance& from) {
    read = name;
    EXPECT_EQ(from.origin, Origin::l1);
    EXPECT_FALSE(from.stale());
    EXPECT_EQ(from.age, 1min);
    EXPECT_EQ(from.remaining, 2min);
  };
  EXPECT_TRUE(profiles().visit("user:42", visitor));
  EXPECT_EQ(read, "Ada");
  EXPECT_FALSE(profiles().visit("nobody", visitor));
  EXPECT_EQ(total(&NamespaceStatistics::hits), 1u);
  EXPECT_EQ(total(&NamespaceStatistics::misses), 1u);
}

TEST_F(CacheInvalidatorTest, TheCallsLifetimeReplacesThePolicysAndTheLoadersOnlyShortensIt) {
  profiles().put("long", "x", {.ttl = 1h});
  profiles().get_or_load("capped",
                         [](LoadContext& load) { return load.ttl(1h), std::string("x"); });
  profiles().get_or_load("short",
                         [](LoadContext& load) { return load.ttl(1min), std::string("x"); });
  clock_->advance(1min);
  EXPECT_FALSE(profiles().contains("short"));
  clock_->advance(4min);
  EXPECT_FALSE(profiles().contains("capped"));
  EXPECT_TRUE(profiles().contains("long"));
}

TEST_F(CacheInvalidatorTest, WhatNeedNotBeKeptIsReturnedAndForgotten) {
  const auto handle = profiles().get_or_load(
      "a", [](LoadContext& load) { return load.do_not_keep(), std::string("x"); });
  EXPECT_EQ(*handle, "x");
  profiles().get_or_load("b", [](LoadContext& load) { return load.ttl(0s), std::string("x"); });
  EXPECT_EQ(stats("profiles").entries, 0u);
  EXPECT_EQ(stats("profiles").not_kept_by_loader, 1u);
  EXPECT_EQ(stats("profiles").not_kept_by_policy, 1u);
  profiles().put("c", "old");
  EXPECT_EQ(profiles().put("c", "new", {.ttl = 0s}), StoreOutcome::not_kept_by_policy);
  EXPECT_FALSE(profiles().get("c")) << "the old value is not true any more";
}

TEST_F(CacheInvalidatorTest, TagsTakeTheirEntriesInEveryNamespace) {  // row B4
  auto settings = invalidator_->cache<std::string>("settings");
  profiles().put("a", "x", {.tags = {"code", "python", "src"}});
  profiles().put("b", "x", {.tags = {"code", "python", "tests"}});
  settings.put("c", "x", {.tags = {"code", "javascript", "src"}});
  const Invalidated python = invalidator_->invalidate_tag("python");
  EXPECT_EQ(python.count, 2u);
  EXPECT_EQ(python.exactness, Exactness::exact);
  EXPECT_EQ(python.remote, Remote::none);
  EXPECT_EQ(invalidator_->invalidate_tag("code").count, 1u) << "two of the three are gone already";
  EXPECT_FALSE(invalidator_->invalidate_tag("src"));
}

TEST_F(CacheInvalidatorTest, ANamespaceAndEverythingAnswerWithTheirCounts) {  // row B3
  auto settings = invalidator_->cache<std::string>("settings");
  for (const char* key : {"a", "b", "c"}) profiles().put(key, "x");
  settings.put("d", "x");
  EXPECT_EQ(invalidator_->invalidate_namespace("profiles").count, 3u);
  EXPECT_TRUE(settings.get("d"));
  EXPECT_EQ(invalidator_->invalidate_all().count, 1u);
  EXPECT_EQ(invalidator_->invalidate_all().count, 0u);
}

TEST_F(CacheInvalidatorTest, NamespacesOfAGlobBlockAreInvalidatedEachByItself) {
  auto u123 = invalidator_->cache<int>("user_123");
  auto u124 = invalidator_->cache<int>("user_124");
  u123.put("k", 1);
  u124.put("k", 2);
  EXPECT_EQ(invalidator_->invalidate_namespace("user_123").count, 1u);
  EXPECT_FALSE(u123.get("k"));
  EXPECT_EQ(*u124.get("k"), 2);
}

TEST_F(CacheInvalidatorTest, DryRunCountsAndChangesNothing) {
  profiles().put("a", "x", {.tags = {"t"}});
  const InvalidateOptions dry{.dry_run = true};
  EXPECT_EQ(invalidator_->invalidate("a", "profiles", dry).count, 1u);
  EXPECT_EQ(invalidator_->invalidate_tag("t", dry).count, 1u);
  EXPECT_EQ(invalidator_->invalidate_namespace("profiles", dry).count, 1u);
  EXPECT_EQ(invalidator_->invalidate_all(dry).count, 1u);
  EXPECT_EQ(invalidator_->invalidate_many({Target::tag("t")}, dry).total.count, 1u);
  EXPECT_TRUE(profiles().get("a"));
  EXPECT_EQ(invalidator_->stats().total.invalidations(), 0u);
}

TEST_F(CacheInvalidatorTest, ManyTargetsAnswerEachAndAFailedOneStopsNobody) {
  profiles().put("a", "x", {.tags = {"t"}});
  profiles().put("b", "x", {.tags = {"t"}});
  const InvalidatedMany result =
      invalidator_->invalidate_many({Target::key("a", "profiles"), Target::key("a", "nowhere"),
                                     Target::tag(""), Target::tag("t")});
  EXPECT_EQ(result.total.count, 2u) << "each entry once";
  ASSERT_EQ(result.targets.size(), 4u);
  EXPECT_EQ(result.targets[0].count, 1u);
  EXPECT_THAT(result.targets[1].error, HasSubstr("no block serves the namespace \"nowhere\""));
  EXPECT_THAT(result.targets[2].error, HasSubstr("tag must not be empty"));
  EXPECT_EQ(result.targets[3].count, 2u);
  EXPECT_EQ(invalidator_->stats().total.entries_invalidated(), 2u);
  EXPECT_FALSE(profiles().get("b"));
}

TEST_F(CacheInvalidatorTest, CountsBeyondWhatACallMayWalkAreUpperBoundsUntilTheSweeperIsThrough) {
  use("freshet: 1\nnamespaces: {big: {strategy: manual, capacity: {entries: 200_000}}}");
  auto big = invalidator_->cache<int>("big");
  for (int i = 0; i < 110'000; ++i)
    big.put(std::to_string(i), i, {.tags = {i < 1000 ? "few" : "many"}});
  EXPECT_EQ(invalidator_->invalidate_tag("few").exactness, Exactness::exact)
      << "nothing was unswept";
  const Invalidated overlapping = invalidator_->invalidate_tag("few");
  EXPECT_EQ(overlapping.exactness, Exactness::at_most);
  EXPECT_EQ(overlapping.count, 1000u);
  EXPECT_EQ(invalidator_->sweep(), 1000u);
  EXPECT_EQ(invalidator_->invalidate_tag("few").exactness, Exactness::exact);
  EXPECT_EQ(invalidator_->invalidate_tag("few").count, 0u);
}

TEST_F(CacheInvalidatorTest, ATagAddedLaterCountsFromThen) {
  profiles().put("a", "x");
  invalidator_->invalidate_tag("late");
  EXPECT_TRUE(invalidator_->tag("a", "profiles", {"late"}));
  EXPECT_FALSE(invalidator_->tag("nobody", "profiles", {"late"}));
  EXPECT_TRUE(profiles().get("a"));
  EXPECT_EQ(invalidator_->invalidate_tag("late").count, 1u);
  EXPECT_FALSE(profiles().get("a"));
}

TEST_F(CacheInvalidatorTest, AScopeHasKeysOfItsOwn) {
  auto cache = profiles();
  auto session = cache.scoped("session-9");
  session.put("cart", "apples");
  EXPECT_FALSE(cache.get("cart"));
  EXPECT_FALSE(cache.scoped("session-8").get("cart"));
  EXPECT_EQ(*cache.get("session-9:cart"), "apples");
  EXPECT_TRUE(session.invalidate("cart"));
  EXPECT_FALSE(session.get("cart"));
}

TEST_F(CacheInvalidatorTest, ABlocksTagTemplatesAreFilledFromTheKey) {
  auto keyed = invalidator_->cache<int>("keyed");
  keyed.put("user:42", 1);
  keyed.put("user:43", 2);
  EXPECT_EQ(invalidator_->invalidate_tag("user:42").count, 1u);
  EXPECT_EQ(invalidator_->invalidate_tag("users").count, 1u);
}

TEST_F(CacheInvalidatorTest, AKeyOutsideTheTemplateIsAnsweredNotKeptAndCounted) {
  auto keyed = invalidator_->cache<int>("keyed");
  EXPECT_EQ(*keyed.get_or_load("order:1", [] { return 7; }), 7);
  EXPECT_EQ(keyed.put("order:1", 8), StoreOutcome::not_kept_by_policy);
  EXPECT_FALSE(keyed.contains("order:1"));
  EXPECT_EQ(stats("keyed").not_kept_by_policy, 2u);
}

TEST_F(CacheInvalidatorTest, ALeaseRunsOut) {
  auto cache = profiles();
  const Lease lease = cache.lease("a");
  EXPECT_EQ(lease.expires_at(), clock_->now() + 1min);
  clock_->advance(1min);
  EXPECT_EQ(cache.put("a", "late", lease), StoreOutcome::refused_lease_expired);
  EXPECT_EQ(cache.put("a", "in time", cache.lease("a")), StoreOutcome::stored);
}

TEST_F(CacheInvalidatorTest, ALeaseFillsItsOwnKeyOnly) {
  auto cache = profiles();
  const Lease lease = cache.lease("a");
  EXPECT_THROW(cache.put("b", "x", lease), InvalidName);
  EXPECT_THROW(invalidator_->cache<std::string>("settings").put("a", "x", lease), InvalidName);
}

TEST_F(CacheInvalidatorTest, ANamespaceThatNoBlockServesIsNamedWithThoseThatExist) {
  const std::string expected =
      "no block serves the namespace \"nowhere\"; there are: profiles, settings, user_*, sized, "
      "keyed";
  EXPECT_EQ(message_of([&] { invalidator_->cache<int>("nowhere"); }), expected);
  EXPECT_EQ(message_of([&] { invalidator_->invalidate_namespace("nowhere"); }), expected);
  EXPECT_THROW(invalidator_->invalidate("k", "nowhere"), UnknownNamespace);
}

TEST_F(CacheInvalidatorTest, ABlockHoldsOneType) {
  auto view = profiles();
  EXPECT_THAT(message_of([&] { invalidator_->cache<int>("profiles"); }),
              HasSubstr("a view of type int cannot share it"));
  invalidator_->cache<int>("user_1");
  EXPECT_THROW(invalidator_->cache<double>("user_2"), ViewError)
      << "the type is the block's, not the namespace's";
}

struct Unsized {
  int number = 0;
};

TEST_F(CacheInvalidatorTest, ALimitInBytesNeedsSizeOfAndSaysWhere) {
  EXPECT_THAT(message_of([&] { invalidator_->cache<Unsized>("sized"); }),
              ::testing::AllOf(HasSubstr("8:37: namespaces.sized.capacity.bytes"),
                               HasSubstr("needs freshet::SizeOf<"), HasSubstr("Unsized")));
  EXPECT_NO_THROW(invalidator_->cache<std::string>("sized"));
}

TEST_F(CacheInvalidatorTest, NamesThatAreEmptyOrTooLongChangeNothing) {
  auto cache = profiles();
  cache.put("a", "x", {.tags = {"t"}});
  const std::string long_key(kMaxKeyBytes + 1, 'k');
  const std::string long_tag(kMaxTagBytes + 1, 't');
  EXPECT_THROW(cache.get(""), InvalidName);
  EXPECT_THROW(cache.put(long_key, "x"), InvalidName);
  EXPECT_THROW(cache.put("a", "y", {.tags = {""}}), InvalidName);
  EXPECT_THROW(cache.get_or_load("b", [] { return std::string("x"); }, {.tags = {long_tag}}),
               InvalidName);
  EXPECT_THROW(
      cache.get_or_load("b", [](LoadContext& load) { return load.tag(""), std::string("x"); }),
      InvalidName);
  EXPECT_THROW(invalidator_->invalidate_tag(long_tag), InvalidName);
  EXPECT_THROW(invalidator_->invalidate_namespace(""), InvalidName);
  EXPECT_THROW(invalidator_->tag("a", "profiles", {"ok", ""}), InvalidName);
  EXPECT_THROW(cache.scoped("a:b"), InvalidName);
  EXPECT_THROW(cache.scoped(""), InvalidName);
  EXPECT_THROW(cache.scoped("s").put(std::string(kMaxKeyBytes, 'k'), "x"), InvalidName)
      << "the scope counts";
  EXPECT_EQ(*cache.get("a"), "x");
  EXPECT_EQ(invalidator_->stats().total.entries, 1u);
  EXPECT_EQ(invalidator_->stats().total.tags, 1u);
  EXPECT_NO_THROW(
      cache.put(std::string(kMaxKeyBytes, 'k'), "x", {.tags = {std::string(kMaxTagBytes, 't')}}));
}

TEST_F(CacheInvalidatorTest, TheSweeperRunsInTheBackgroundByItself) {
  profiles().put("a", "x");
  profiles().put("b", "x", {.ttl = 1h});
  invalidator_->invalidate_tag("nothing");
  clock_->advance(5min);
  EXPECT_EQ(stats("profiles").entries, 2u);
  EXPECT_GT(executor_->run_ready(10), 0u);
  EXPECT_EQ(stats("profiles").entries, 1u);
  EXPECT_EQ(stats("profiles").removed_expired, 1u);
  EXPECT_EQ(executor_->pending(), 1u) << "it asks for its next turn";
}

TEST_F(CacheInvalidatorTest, AfterCloseNothingIsKeptAndEverythingStillAnswers) {
  auto cache = profiles();
  cache.put("a", "x");
  invalidator_->close();
  invalidator_->close();
  EXPECT_FALSE(cache.get("a"));
  EXPECT_EQ(*cache.get_or_load("a", [] { return std::string("y"); }), "y");
  EXPECT_EQ(cache.put("a", "z"), StoreOutcome::closed);
  EXPECT_FALSE(cache.get("a"));
  clock_->advance(1s);
  executor_->run_ready();
  EXPECT_EQ(executor_->pending(), 0u) << "the sweeper has stopped";
}

TEST_F(CacheInvalidatorTest, CodeAndYamlMakeTheSamePolicy) {
  CacheInvalidator built =
      CacheInvalidator::builder()
          .cache("profiles", TtlOptions{.ttl = 1h}, {.capacity = {.entries = 10}})
          .cache("user_*", ManualOptions{})
          .components({.clock = clock_, .executor = executor_})
          .build();
  auto cache = built.cache<int>("profiles");
  for (int i = 0; i < 20; ++i) cache.put(std::to_string(i), i);
  EXPECT_EQ(built.stats().total.entries, 10u);
  EXPECT_THAT(built.namespaces(), ElementsAre("profiles", "user_*"));
  EXPECT_THROW(CacheInvalidator::builder().cache("p", TtlOptions{.ttl = -1s}).build(), ConfigError);
}

TEST_F(CacheInvalidatorTest, TheDefaultComponentsWork) {
  auto cache = CacheInvalidator::from_yaml(kPolicy).cache<int>("profiles");
  EXPECT_EQ(*cache.get_or_load("a", [] { return 1; }), 1);
  EXPECT_EQ(cache.get("a").origin(), Origin::l1);
}

TEST_F(CacheInvalidatorTest, StatisticsCountWhatHappened) {
  auto cache = profiles();
  cache.get("a");
  cache.get_or_load("a", [&] { return clock_->advance(3s), std::string("x"); }, {.tags = {"t"}});
  cache.get("a");
  cache.put("b", "y");
  cache.put("b", "z");
  EXPECT_THROW(cache.get_or_load("c", []() -> std::string { throw 1; }), int);
  invalidator_->invalidate("b", "profiles");
  invalidator_->invalidate_tag("t");
  invalidator_->sweep();
  const Statistics all = invalidator_->stats();
  const NamespaceStatistics row = stats("profiles");
  EXPECT_EQ(row.strategy, "ttl");
  EXPECT_EQ(row.hits, 1u);
  EXPECT_EQ(row.misses, 3u);
  EXPECT_DOUBLE_EQ(row.hit_ratio(), 0.25);
  EXPECT_EQ(row.loads, 1u);
  EXPECT_EQ(row.load_failures, 1u);
  EXPECT_EQ(row.load_time_ns, 3'000'000'000u);
  EXPECT_EQ(row.puts, 2u);
  EXPECT_EQ(row.removed_replaced, 1u);
  EXPECT_EQ(row.removed_explicit, 1u);
  EXPECT_EQ(row.removed_label, 1u);
  EXPECT_EQ(row.invalidations_key, 1u);
  EXPECT_EQ(row.invalidated_by_key, 1u);
  EXPECT_EQ(all.total.invalidations_tag, 1u);
  EXPECT_EQ(all.total.invalidated_by_tag, 1u);
  EXPECT_EQ(all.total.invalidations(), 2u);
  EXPECT_EQ(all.total.entries, 0u);
  EXPECT_EQ(all.total.hits, 1u) << "the total adds the blocks up";
}

TEST_F(CacheInvalidatorTest, StatisticsPrintAlignedWithFmtAndAsJson) {
  use("freshet: 1\nnamespaces: {profiles: {strategy: ttl, ttl: 5m}, s: {strategy: manual}}");
  profiles().put("a", "x", {.tags = {"t"}});
  profiles().get("a");
  EXPECT_EQ(fmt::format("{}", invalidator_->stats()),
            "                 total  profiles       s\n"
            "strategy                     ttl  manual\n"
            "hit_ratio       1.0000    1.0000  0.0000\n"
            "hits                 1         1       0\n"
            "puts                 1         1       0\n"
            "entries              1         1       0\n"
            "bytes               33        33       0\n"
            "tagged_entries       1         1       0\n"
            "tags                 1         0       0");
  const auto json = nlohmann::json::parse(invalidator_->stats().json());
  EXPECT_EQ(json["total"]["hits"], 1);
  EXPECT_EQ(json["namespaces"]["profiles"]["strategy"], "ttl");
  EXPECT_EQ(json["namespaces"]["s"]["hit_ratio"], 0.0);
  for (const MetricInfo& metric : metric_table()) {
    EXPECT_TRUE(json["total"].contains(std::string(metric.name))) << metric.name;
  }
}

}  // namespace
}  // namespace freshet::testing
