// B20: to expire is not to remove. Expired entries are served where policy serves stale ones, and say so; removed ones never.
#include <gmock/gmock.h>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

struct Kind {
  std::string name;
  std::function<Invalidated(CacheInvalidator&, const InvalidateOptions&)> invalidate;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

using Options = InvalidateOptions;

std::vector<Kind> kinds() {
  return {
      {"Key", [](auto& c, const Options& o) { return c.invalidate("user:42", "soft", o); }},
      {"Tag", [](auto& c, const Options& o) { return c.invalidate_tag("users", o); }},
      {"TagIn", [](auto& c, const Options& o) { return c.invalidate_tag_in("users", "soft", o); }},
      {"AllOf",
       [](auto& c, const Options& o) {
         return c.invalidate_all_of({"users", "de"}, o);
       }},
      {"Namespace", [](auto& c, const Options& o) { return c.invalidate_namespace("soft", o); }},
      {"All", [](auto& c, const Options& o) { return c.invalidate_all(o); }},
      {"Dependents", [](auto& c, const Options& o) { return c.invalidate_dependents("table", o); }},
      {"KeyDependedOn", [](auto& c, const Options& o) { return c.invalidate("table", "soft", o); }},
      {"Prefix", [](auto& c, const Options& o) { return c.invalidate_prefix("user", "soft", o); }},
      {"Matching",
       [](auto& c, const Options& o) { return c.invalidate_matching("u*", "soft", o); }},
      {"Version", [](auto& c, const Options& o) { return c.bump_version("prompt", o); }},
      {"PolicyVersion",
       [](auto& c, const Options& o) {
         return c.set_policy_version("soft", o.mode == Mode::remove ? "v2" : "v3", o);
       }},
      {"Predicate",
       [](auto& c, const Options& o) {
         return c.invalidate_if(
             "soft", [](const EntryDescription&) { return true; }, o);
       }},
  };
}

class ExpireTest : public CacheFixture, public ::testing::WithParamInterface<Kind> {
 protected:
  ExpireTest() {
    use(R"(
freshet: 1
namespaces:
  soft: {strategy: ttl, ttl: 1h, soft_ttl: 30m}
  hard: {strategy: ttl, ttl: 1h}
)");
    soft().put("user:42", 1, options_);
  }
  Cache<int> soft() { return invalidator_->cache<int>("soft"); }
  Invalidated expire() { return GetParam().invalidate(*invalidator_, {.mode = Mode::expire}); }
  Invalidated remove() { return GetParam().invalidate(*invalidator_, {}); }

  const EntryOptions options_{
      .tags = {"users", "de"}, .depends_on = {"table"}, .versions = {{"prompt"}}};
};

TEST_P(ExpireTest, AnExpiredEntryIsServedAndSaysSo) {
  EXPECT_EQ(expire().count, 1u);
  const auto handle = soft().get("user:42");
  ASSERT_TRUE(handle);
  EXPECT_EQ(*handle, 1);
  EXPECT_EQ(handle.staleness(), Staleness::expired);
  EXPECT_EQ(invalidator_->stats().total.stale_serves, 1u);
}

TEST_P(ExpireTest, VisitServesAnExpiredEntryAndSaysSoToWhoAsks) {
  pass(1min);
  EXPECT_EQ(expire().count, 1u);
  int visited = 0;
  EXPECT_TRUE(soft().visit("user:42", [&](int value) { visited = value; }));
  EXPECT_EQ(visited, 1);
  Provenance said;
  EXPECT_TRUE(soft().visit("user:42", [&](int, const Provenance& from) { said = from; }));
  EXPECT_TRUE(said.stale());
  EXPECT_EQ(said.staleness, Staleness::expired);
  EXPECT_EQ(said.origin, Origin::l1);
  EXPECT_EQ(said.age, 1min);
  EXPECT_EQ(said.remaining, 59min);
  EXPECT_EQ(invalidator_->stats().total.stale_serves, 2u);
}

TEST_P(ExpireTest, ARemovedEntryIsNotServed) {
  EXPECT_EQ(remove().count, 1u);
  EXPECT_FALSE(soft().get("user:42"));
  EXPECT_FALSE(soft().visit("user:42", [](int, const Provenance&) { FAIL(); }));
}

TEST_P(ExpireTest, WhatIsRemovedAfterItExpiredIsNotServedAndNotCountedAgain) {
  expire();
  ASSERT_TRUE(soft().get("user:42"));
  EXPECT_EQ(remove().count, 0u) << "it was stale already";
  EXPECT_FALSE(soft().get("user:42"));
}

TEST_P(ExpireTest, WhatExpiresAfterItWasRemovedStaysRemoved) {
  remove();
  expire();
  EXPECT_FALSE(soft().get("user:42"));
}

TEST_P(ExpireTest, AnExpiredEntryStaysExpiredWhenTheSweeperHasSeenItAndTheBookkeepingIsGone) {
  expire();
  invalidator_->settle();
  invalidator_->settle();
  const auto handle = soft().get("user:42");
  ASSERT_TRUE(handle);
  EXPECT_EQ(handle.staleness(), Staleness::expired);
  EXPECT_EQ(invalidator_->stats().total.bans, 0u);
}

TEST_P(ExpireTest, AnExpiredEntryGoesAtItsHardDeadline) {
  expire();
  clock_->advance(59min + 59s);
  EXPECT_TRUE(soft().get("user:42"));
  clock_->advance(1s);
  EXPECT_FALSE(soft().get("user:42"));
}

TEST_P(ExpireTest, ALoadUnderWayIsNotKept) {
  invalidator_->invalidate("user:42", "soft");
  soft().get_or_load(
      "user:42",
      [&] {
        expire();
        return 2;
      },
      options_);
  EXPECT_FALSE(soft().get("user:42"));
}

TEST_P(ExpireTest, TheReaderIsServedTheOldValueWhileItIsLoadedAgain) {
  expire();
  const auto load = [] { return 2; };
  const auto old = soft().get_or_load("user:42", load, options_);
  if (GetParam().name ==
      "Version") {  // this caller wants the new version, which nobody has made yet
    EXPECT_EQ(*old, 2);
    return;
  }
  EXPECT_EQ(*old, 1);
  EXPECT_EQ(old.staleness(), Staleness::expired);
  executor_->run_ready();
  const auto fresh = soft().get("user:42");
  ASSERT_TRUE(fresh);
  EXPECT_EQ(*fresh, 2);
  EXPECT_FALSE(fresh.stale());
}

INSTANTIATE_TEST_SUITE_P(EveryKind, ExpireTest, ::testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(ExpireTest, WhereNothingIsServedStaleAnExpiredEntryIsGone) {
  auto hard = invalidator_->cache<int>("hard");
  hard.put("k", 1, {.tags = {"users"}});
  EXPECT_EQ(invalidator_->invalidate_tag("users", {.mode = Mode::expire}).count, 2u);
  EXPECT_FALSE(hard.get("k"));
  EXPECT_EQ(invalidator_->stats().total.entries, 1u);
}

}  // namespace
}  // namespace freshet::testing
