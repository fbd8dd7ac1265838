// B9 to B12, B17 to B19: patterns, prefixes, predicates, all-of and versions, as users see them.
#include <gmock/gmock.h>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class BanTest : public CacheFixture {
 protected:
  BanTest() {
    use(R"(
freshet: 1
namespaces:
  profiles: {strategy: manual}
  paths: {strategy: manual, separator: "/"}
)");
  }
  Cache<int> profiles() { return invalidator_->cache<int>("profiles"); }
  void store(std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) profiles().put(key, 1);
  }
  std::vector<std::string> left(std::initializer_list<std::string_view> keys) {
    std::vector<std::string> kept;
    for (const std::string_view key : keys) {
      if (profiles().contains(key)) kept.emplace_back(key);
    }
    return kept;
  }
};

TEST_F(BanTest, APrefixTakesTheKeyAndWhatIsUnderIt) {
  store({"user:42", "user:42:name", "user:42:a:b", "user:421", "user", "us"});
  EXPECT_EQ(invalidator_->invalidate_prefix("user:42", "profiles").count, 3u);
  EXPECT_THAT(left({"user:42", "user:42:name", "user:42:a:b", "user:421", "user", "us"}),
              ElementsAre("user:421", "user", "us"));
  EXPECT_EQ(invalidator_->invalidate_prefix("user:", "profiles").count, 2u)
      << "the separator may be written";
  invalidator_->settle();
  EXPECT_EQ(invalidator_->stats().total.removed_ban, 5u);
}

TEST_F(BanTest, ABlocksPrefixesEndAtItsOwnSeparator) {
  auto paths = invalidator_->cache<int>("paths");
  paths.put("src/main.py", 1);
  paths.put("src:main.py", 1);
  EXPECT_EQ(invalidator_->invalidate_prefix("src", "paths").count, 1u);
  EXPECT_TRUE(paths.contains("src:main.py"));
}

TEST_F(BanTest, APatternTakesTheKeysItMatches) {
  store({"user:42:profile", "user:43:profile", "user:42:name", "user::profile"});
  EXPECT_EQ(invalidator_->invalidate_matching("user:?*:profile", "profiles").count, 2u);
  EXPECT_THAT(left({"user:42:profile", "user:43:profile", "user:42:name", "user::profile"}),
              ElementsAre("user:42:name", "user::profile"));
}

TEST_F(BanTest, APredicateTakesWhatItSays) {
  profiles().put("a", 1, {.tags = {"x", "y"}});
  profiles().put("b", 2);
  std::vector<std::string> asked;
  const Invalidated result =
      invalidator_->invalidate_if("profiles", [&](const EntryDescription& entry) {
        asked.emplace_back(entry.key);
        return entry.tags.size() == 2;
      });
  EXPECT_EQ(result.count, 1u);
  EXPECT_THAT(asked, UnorderedElementsAre("a", "b"));
  EXPECT_THAT(left({"a", "b"}), ElementsAre("b"));
}

TEST_F(BanTest, AViewsPredicateSeesTheValues) {
  profiles().put("a", 1);
  profiles().put("b", 2);
  const auto odd = [](std::string_view, int value) { return value % 2 == 1; };
  EXPECT_EQ(profiles().invalidate_if(odd).count, 1u);
  EXPECT_THAT(left({"a", "b"}), ElementsAre("b"));
}

TEST_F(BanTest, APredicateThatThrowsInvalidatesNothing) {
  store({"a", "b"});
  const auto fails = [](const EntryDescription& entry) -> bool {
    if (entry.key == "b") throw std::runtime_error("no");
    return true;
  };
  EXPECT_THROW(invalidator_->invalidate_if("profiles", fails), std::runtime_error);
  EXPECT_THAT(left({"a", "b"}), ElementsAre("a", "b"));
}

TEST_F(BanTest, AllOfTakesOnlyWhatCarriesEach) {
  profiles().put("both", 1, {.tags = {"users", "de", "more"}});
  profiles().put("one", 1, {.tags = {"users"}});
  EXPECT_EQ(invalidator_->invalidate_all_of({"de", "users"}).count, 1u);
  EXPECT_THAT(left({"both", "one"}), ElementsAre("one"));
  EXPECT_EQ(invalidator_->invalidate_all_of({"users", "users"}).count, 1u);
}

TEST_F(BanTest, ATagInOneNamespaceLeavesTheOthers) {
  auto paths = invalidator_->cache<int>("paths");
  profiles().put("k", 1, {.tags = {"t"}});
  paths.put("k", 1, {.tags = {"t"}});
  EXPECT_EQ(invalidator_->invalidate_tag_in("t", "paths").count, 1u);
  EXPECT_TRUE(profiles().contains("k"));
  EXPECT_FALSE(paths.contains("k"));
}

TEST_F(BanTest, WhatIsStoredAfterABanIsNotHitByIt) {
  store({"user:1"});
  invalidator_->invalidate_prefix("user", "profiles");
  invalidator_->invalidate_matching("u*", "profiles");
  store({"user:1"});
  EXPECT_TRUE(profiles().contains("user:1"));
}

TEST_F(BanTest, BansAreRetiredWhenTheSweeperIsThroughAndNoLoadIsOlder) {
  store({"user:1"});
  profiles().get_or_load("user:2", [&] {
    invalidator_->invalidate_prefix("user", "profiles");
    invalidator_->settle();
    EXPECT_EQ(invalidator_->stats().total.bans, 1u) << "this load began before it";
    return 1;
  });
  EXPECT_FALSE(profiles().contains("user:2"));
  invalidator_->settle();
  EXPECT_EQ(invalidator_->stats().total.bans, 0u);
}

TEST_F(BanTest, ALeaseOlderThanARetiredBanIsRefused) {
  const Lease lease = profiles().lease("user:1");
  invalidator_->invalidate_prefix("user", "profiles");
  invalidator_->settle();
  ASSERT_EQ(invalidator_->stats().total.bans, 0u);
  EXPECT_EQ(profiles().put("user:1", 1, lease), StoreOutcome::refused_invalidated);
}

TEST_F(BanTest, TooManyBansBecomeTheirNamespaceAndAreCounted) {
  store({"unrelated"});
  for (int i = 0; i < 65; ++i)
    invalidator_->invalidate_matching("p" + std::to_string(i) + "*", "profiles");
  EXPECT_FALSE(profiles().contains("unrelated"));
  EXPECT_EQ(invalidator_->stats().total.bans_widened, 1u);
  EXPECT_LT(invalidator_->stats().total.bans, 64u);
}

TEST_F(BanTest, OverlappingTargetsAreCountedOnceInAllAndEachForItself) {
  profiles().put("user:1", 1, {.tags = {"t", "u"}});
  profiles().put("user:2", 1, {.tags = {"t"}});
  const InvalidatedMany result = invalidator_->invalidate_many(
      {Target::prefix("user", "profiles"), Target::tag("t"), Target::all_of({"t", "u"}),
       Target::matching("*:2", "profiles"), Target::matching("[", "profiles")});
  EXPECT_EQ(result.total.count, 2u);
  EXPECT_EQ(result.targets[0].count, 2u);
  EXPECT_EQ(result.targets[1].count, 2u);
  EXPECT_EQ(result.targets[2].count, 1u);
  EXPECT_EQ(result.targets[3].count, 1u);
  EXPECT_THAT(result.targets[4].error, ::testing::HasSubstr("does not end"));
}

// B10 to B12

TEST_F(BanTest, ANewHashRetiresTheOthersAndKeepsWhatWasMadeWithIt) {
  const auto made_with = [](const char* hash) {
    return EntryOptions{.versions = {{"classifier-prompt", hash}}};
  };
  profiles().put("old", 1, made_with("v2"));
  profiles().put("new", 1, made_with("v3"));
  EXPECT_EQ(invalidator_->invalidate_version("classifier-prompt", "v3").count, 1u);
  EXPECT_THAT(left({"old", "new"}), ElementsAre("new"));
  EXPECT_EQ(invalidator_->invalidate_version("classifier-prompt", "v3").count, 0u);
  EXPECT_TRUE(profiles().contains("new")) << "the same hash again does nothing";
  EXPECT_EQ(profiles().put("late", 1, made_with("v2")), StoreOutcome::refused_version);
  profiles().get_or_load(
      "late", [] { return 1; }, made_with("v2"));
  EXPECT_FALSE(profiles().contains("late"));
}

TEST_F(BanTest, AReaderThatAnnouncesAnotherVersionMisses) {
  profiles().put("k", 1, {.versions = {{"prompt", "v2"}}});
  const auto other =
      profiles().get_or_load("k", [] { return 2; }, {.versions = {{"prompt", "v3"}}});
  EXPECT_EQ(*other, 2);
  EXPECT_EQ(*profiles().get("k"), 2);
}

TEST_F(BanTest, AHashThatComesBackDoesNotBringItsOldEntriesBack) {
  profiles().put("k", 1, {.versions = {{"prompt", "v1"}}});
  invalidator_->invalidate_version("prompt", "v2");
  invalidator_->invalidate_version("prompt", "v1");
  EXPECT_FALSE(profiles().contains("k"));
}

TEST_F(BanTest, BumpingAnEntityRetiresWhatWasBuiltOnIt) {
  const EntryOptions on{.versions = {{"product:7"}}};
  profiles().put("k", 1, on);
  EXPECT_EQ(invalidator_->bump_version("product:7").count, 1u);
  EXPECT_FALSE(profiles().contains("k"));
  profiles().put("k", 2, on);
  EXPECT_TRUE(profiles().contains("k"));
  EXPECT_EQ(invalidator_->bump_version("product:7").count, 1u);
}

TEST_F(BanTest, RollingAPolicyVersionRetiresTheNamespaceAndShutsOutWhoAnnouncesTheOldOne) {
  auto at_one = profiles().at_version("1");
  auto at_two = profiles().at_version("2");
  invalidator_->set_policy_version("profiles", "1");
  at_one.put("k", 1);
  EXPECT_TRUE(at_one.get("k"));
  EXPECT_FALSE(at_two.get("k"));
  EXPECT_EQ(invalidator_->set_policy_version("profiles", "2").count, 1u);
  EXPECT_EQ(invalidator_->set_policy_version("profiles", "2").count, 0u);
  EXPECT_EQ(at_one.put("k", 1), StoreOutcome::refused_version);
  EXPECT_EQ(*at_one.get_or_load("k", [] { return 1; }), 1);
  EXPECT_FALSE(at_two.get("k"));
  at_two.put("k", 2);
  EXPECT_EQ(*at_two.get("k"), 2);
  EXPECT_FALSE(at_one.get("k"));
  EXPECT_EQ(*at_one.get_or_load("k", [] { return 1; }), 1);
  EXPECT_EQ(*at_two.get("k"), 2);
}

}  // namespace
}  // namespace freshet::testing
