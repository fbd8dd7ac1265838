// What each kind of action of a rule makes stale, through emit and invalidate_entity.
#include <gmock/gmock.h>

#include <string>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

class EmitTargetsTest : public CacheFixture {
 protected:
  EmitTargetsTest() {
    use(R"(
freshet: 1
namespaces:
  files: {ttl: 1h, soft_ttl: 30m, separator: "/"}
  users: {ttl: 1h, soft_ttl: 30m}
events:
  file_changed: [{invalidate_dependents: "/src/{path}"}]
  profile_changed: [{invalidate_dependents: {namespace: users, key: "user:{id}"}}]
  folder_gone: [{invalidate_prefix: {namespace: files, prefix: "src/{folder}"}}]
  user_gone: [{invalidate_matching: "users/*:{id}:*"}]
  drafts_gone: [{invalidate_all_of: ["user:{id}", draft]}]
  drafts_gone_here: [{invalidate_all_of: {tags: ["user:{id}", draft], namespace: users}}]
  prompt_changed: [{invalidate_version: {dependency: prompt, hash: "{hash}"}}]
  prompt_lost: [{invalidate_version: {dependency: prompt}}]
  prices_moved: [{invalidate_tag: price, mode: expire}, {invalidate_tag: offer}]
  user_moved: [{invalidate_entity: {name: user, id: "{id}"}, mode: expire}]
entities:
  user:
    keys: ["users/user:{id}"]
    prefixes: ["users/session:{id}"]
    patterns: ["users/*:of:{id}"]
    dependents: ["row:{id}"]
)");
  }
  Cache<int> users() { return invalidator_->cache<int>("users"); }
  Cache<int> files() { return invalidator_->cache<int>("files"); }
  std::uint64_t emitted(const Event& event) { return invalidator_->emit(event).invalidated.count; }
  std::uint64_t failures() { return invalidator_->stats().total.rule_failures; }
};

TEST_F(EmitTargetsTest, WhatDependsOnAResourceGoes) {
  files().put("a", 1, {.depends_on = {"/src/main.py"}});
  files().put("b", 1, {.depends_on = {"/src/main.py", "/src/util.py"}});
  files().put("c", 1, {.depends_on = {"/src/util.py"}});
  EXPECT_EQ(emitted({"file_changed", {{"path", "main.py"}}}), 2u);
  EXPECT_FALSE(files().contains("a"));
  EXPECT_TRUE(files().contains("c"));
}

TEST_F(EmitTargetsTest, WhatDependsOnAKeyGoesAndTheKeyStays) {
  users().put("user:1", 1);
  users().put("page", 1, {.depends_on = {"user:1"}});
  EXPECT_EQ(emitted({"profile_changed", {{"id", 1}}}), 1u);
  EXPECT_TRUE(users().contains("user:1"));
  EXPECT_FALSE(users().contains("page"));
}

TEST_F(EmitTargetsTest, APrefixTakesItsKeyAndWhatIsUnderIt) {
  for (const char* key : {"src/a", "src/a/x", "src/ab", "src/a//x", "src/"}) files().put(key, 1);
  EXPECT_EQ(emitted({"folder_gone", {{"folder", "a"}}}), 3u);
  EXPECT_TRUE(files().contains("src/ab"));
  files().put("src/a", 1);
  files().put("src/a//x", 1);
  EXPECT_EQ(emitted({"folder_gone", {{"folder", "a/"}}}), 1u);  // "src/a/" and what is under that
  EXPECT_TRUE(files().contains("src/a"));
}

TEST_F(EmitTargetsTest, AFieldThatWouldShortenAPrefixFailsItsActionAndIsCounted) {
  files().put("src/a", 1);
  const Emitted done = invalidator_->emit("folder_gone", {{"folder", ""}});
  EXPECT_EQ(done.invalidated.count, 0u);
  EXPECT_TRUE(files().contains("src/a"));
  EXPECT_EQ(failures(), 1u);
}

TEST_F(EmitTargetsTest, AStarInAFieldIsAStarAndInThePatternAnyRun) {
  for (const char* key : {"user:1:name", "user:12:name", "user:*:name"}) users().put(key, 1);
  EXPECT_EQ(emitted({"user_gone", {{"id", "*"}}}), 1u);
  EXPECT_FALSE(users().contains("user:*:name"));
  EXPECT_EQ(emitted({"user_gone", {{"id", 1}}}), 1u);
  EXPECT_TRUE(users().contains("user:12:name"));
  EXPECT_EQ(failures(), 0u);
}

TEST_F(EmitTargetsTest, AllOfTakesWhatCarriesEachTagInAllNamespacesOrOne) {
  const auto fill = [this] {
    users().put("both", 1, {.tags = {"user:1", "draft"}});
    users().put("one", 1, {.tags = {"draft"}});
    files().put("both", 1, {.tags = {"draft", "user:1"}});
  };
  fill();
  EXPECT_EQ(emitted({"drafts_gone_here", {{"id", 1}}}), 1u);
  EXPECT_TRUE(files().contains("both"));
  fill();
  EXPECT_EQ(emitted({"drafts_gone", {{"id", 1}}}), 2u);
  EXPECT_TRUE(users().contains("one"));
}

TEST_F(EmitTargetsTest, AVersionRetiresTheOthersAndAnEmptyHashNone) {
  users().put("v1", 1, {.versions = {{"prompt", "v1"}}});
  users().put("v2", 1, {.versions = {{"prompt", "v2"}}});
  EXPECT_EQ(emitted({"prompt_changed", {{"hash", ""}}}), 0u);
  EXPECT_EQ(failures(), 1u);
  EXPECT_TRUE(users().contains("v1"));
  EXPECT_EQ(emitted({"prompt_changed", {{"hash", "v2"}}}), 1u);
  EXPECT_FALSE(users().contains("v1"));
  EXPECT_TRUE(users().contains("v2"));
  EXPECT_EQ(emitted({"prompt_lost", {}}), 1u);
}

TEST_F(EmitTargetsTest, WhatARuleExpiresIsServedStaleAndWhatItRemovesIsGone) {
  users().put("price", 1, {.tags = {"price"}});
  users().put("offer", 1, {.tags = {"offer"}});
  users().put("both", 1, {.tags = {"offer", "price"}});
  EXPECT_EQ(emitted({"prices_moved", {}}), 3u);  // each once
  ASSERT_TRUE(users().get("price"));
  EXPECT_EQ(users().get("price").staleness(), Staleness::expired);
  EXPECT_FALSE(users().get("offer"));
  EXPECT_FALSE(users().get("both"));
}

TEST_F(EmitTargetsTest, AnEntityTakesAllItsPartsAndTheModeOfItsAction) {
  const auto fill = [this] {
    users().put("user:7", 1);
    users().put("session:7:a", 1);
    users().put("pets:of:7", 1);
    users().put("report", 1, {.depends_on = {"row:7"}});
    users().put("user:8", 1);
    users().put("session:77", 1);
  };
  fill();
  EXPECT_EQ(invalidator_->invalidate_entity("user", 7).count, 4u);
  EXPECT_TRUE(users().contains("user:8"));
  EXPECT_TRUE(users().contains("session:77"));
  fill();
  EXPECT_EQ(emitted({"user_moved", {{"id", 7}}}), 4u);
  EXPECT_EQ(users().get("user:7").staleness(), Staleness::expired);
  EXPECT_EQ(users().get("report").staleness(), Staleness::expired);
  EXPECT_EQ(users().get("user:8").staleness(), Staleness::fresh);
}

TEST_F(EmitTargetsTest, AnEntityWithAFieldThatWouldWidenItIsRefusedAsAWhole) {
  users().put("user:7", 1);
  EXPECT_THROW(invalidator_->invalidate_entity("user", ""), InvalidName);
  EXPECT_TRUE(users().contains("user:7"));
}

}  // namespace
}  // namespace freshet::testing
