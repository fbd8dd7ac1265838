// What fields can do to the targets of rules: name them, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/policy_model.hpp"
#include "freshness/key_glob.hpp"
#include "rules/rule_engine.hpp"

namespace freshet::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kPolicy = R"(freshet: 1
namespaces:
  files: {separator: "/"}
  profiles: {}
  "tenant_*": {separator: "."}
events:
  pattern: [{invalidate_matching: "profiles/user:{id}:*"}]
  prefix: [{invalidate_prefix: "profiles/user:{id}"}]
  path: [{invalidate_prefix: {namespace: files, prefix: "{root}/{folder}"}}]
  begin: [{invalidate_prefix: "profiles/{id}:drafts"}]
  tenant: [{invalidate_prefix: {namespace: "tenant_{t}", prefix: "a.{id}"}}]
  dependents: [{invalidate_dependents: "/src/{path}"}]
  of_key: [{invalidate_dependents: {namespace: "{space}", key: "user:{id}"}}]
  all_of: [{invalidate_all_of: ["user:{id}", draft]}]
  all_of_in: [{invalidate_all_of: {tags: ["user:{id}"], namespace: "{space}"}}]
  version: [{invalidate_version: {dependency: "prompt:{id}", hash: "{hash}"}}]
  bump: [{invalidate_version: {dependency: "prompt:{id}"}}]
  expire: [{invalidate_entity: {name: user, id: "{id}"}, mode: expire}, {mode: expire, invalidate_all: true}]
  remove: [{invalidate_tag: t, mode: remove}]
entities:
  user:
    keys: ["profiles/user:{id}"]
    prefixes: ["profiles/user:{id}"]
    patterns: ["profiles/*:of:{id}"]
    dependents: ["table:users:{id}", {namespace: profiles, key: "user:{id}"}]
)";

class TargetTemplatesTest : public ::testing::Test {
 protected:
  static config::PolicyModel read(std::string_view yaml) {
    static const auto registry = StrategyRegistry::with_builtins();
    return config::read_policy(yaml, "p.yaml", *registry);
  }
  /// The only target of an event, or why there is none.
  static Target target(const Event& event) {
    const auto [plan, actions] = expand(event);
    EXPECT_EQ(plan.targets().size(), 1u) << actions.at(0).problem;
    return plan.targets().empty() ? Target::all() : plan.targets().front();
  }
  static std::string problem(const Event& event) {
    const auto [plan, actions] = expand(event);
    EXPECT_TRUE(plan.targets().empty());
    return actions.at(0).problem;
  }
  static std::pair<InvalidationPlan, std::vector<PlannedAction>> expand(const Event& event) {
    const RuleEngine engine(read(kPolicy).rules);
    InvalidationPlan plan;
    std::vector<PlannedAction> actions;
    engine.plan(event, plan, &actions);
    return {plan, actions};
  }
};

TEST_F(TargetTemplatesTest, InAPatternEachSpecialByteOfAFieldStandsForItself) {
  for (const std::string id : {"*", "?", "[a-z]", "\\", "\\*", "a]b", "[!x]", "5"}) {
    const Target hit = target(Event("pattern", {{"id", id}}));
    EXPECT_EQ(hit.kind, Target::Kind::matching);
    const auto glob = detail::KeyGlob::parse(hit.name);
    ASSERT_TRUE(glob) << id;
    EXPECT_TRUE(glob->matches("user:" + id + ":name")) << id;
    EXPECT_FALSE(glob->matches("user:a:name")) << id;
    EXPECT_FALSE(glob->matches("user:42:name")) << id;
  }
}

TEST_F(TargetTemplatesTest, AnEmptyFieldWidensNoPattern) {
  EXPECT_EQ(problem(Event("pattern", {{"id", ""}})),
            "the field \"id\" is empty, which would widen the pattern");
}

TEST_F(TargetTemplatesTest, AFieldThatWouldShortenAPrefixLeavesItsActionOut) {
  EXPECT_EQ(problem(Event("prefix", {{"id", ""}})),
            "the field \"id\" is empty, which would shorten the prefix");
  EXPECT_EQ(problem(Event("path", {{"root", "a"}, {"folder", ""}})),
            "the field \"folder\" is empty, which would shorten the prefix");
  EXPECT_EQ(problem(Event("tenant", {{"t", "7"}, {"id", ""}})),
            "the field \"id\" is empty, which would shorten the prefix");
}

TEST_F(TargetTemplatesTest, AnEmptyFieldThatShortensNothingIsText) {
  EXPECT_EQ(target(Event("begin", {{"id", ""}})).name, ":drafts");
  EXPECT_EQ(target(Event("path", {{"root", ""}, {"folder", "b"}})).name, "/b");
}

TEST_F(TargetTemplatesTest, ASeparatorAtTheEndOfAFieldIsPartOfThePrefix) {
  // The last separator of a prefix is left out when it is carried out: "5:" must not become 5.
  EXPECT_EQ(target(Event("prefix", {{"id", "5:"}})).name, "user:5::");
  EXPECT_EQ(target(Event("prefix", {{"id", "5"}})).name, "user:5");
  EXPECT_EQ(target(Event("prefix", {{"id", "5/"}})).name, "user:5/");  // no separator of profiles
  EXPECT_EQ(target(Event("path", {{"root", "a"}, {"folder", "b/"}})).name, "a/b//");
  EXPECT_EQ(target(Event("tenant", {{"t", "7"}, {"id", "x."}})).name, "a.x..");
}

TEST_F(TargetTemplatesTest, AnEmptyNamespaceDoesNotBecomeAllOfThem) {
  EXPECT_EQ(problem(Event("of_key", {{"space", ""}, {"id", 1}})),
            "the name of its namespace is empty");
  EXPECT_EQ(problem(Event("all_of_in", {{"space", ""}, {"id", 1}})),
            "the name of its namespace is empty");
}

TEST_F(TargetTemplatesTest, AnEmptyHashDoesNotBecomeANewVersion) {
  EXPECT_EQ(problem(Event("version", {{"id", 1}, {"hash", ""}})), "the hash is empty");
  const Target given = target(Event("version", {{"id", 1}, {"hash", "v2"}}));
  EXPECT_EQ(given.name, "prompt:1");
  EXPECT_THAT(given.more, ElementsAre("v2"));
  EXPECT_THAT(target(Event("bump", {{"id", 1}})).more, ::testing::IsEmpty());
}

TEST_F(TargetTemplatesTest, ResourcesAndTagsTakeFieldsAsText) {
  const Target dependents = target(Event("dependents", {{"path", "*.py"}}));
  EXPECT_EQ(dependents.name, "/src/*.py");
  EXPECT_EQ(dependents.space, "");
  const Target key = target(Event("of_key", {{"space", "profiles"}, {"id", "a/b"}}));
  EXPECT_EQ(key.space, "profiles");
  EXPECT_EQ(key.name, "user:a/b");
  EXPECT_THAT(target(Event("all_of", {{"id", "*"}})).more, ElementsAre("user:*", "draft"));
}

TEST_F(TargetTemplatesTest, AMissingFieldIsNamedWhereverItStands) {
  EXPECT_EQ(problem(Event("all_of", {})), "the event has no field \"id\"");
  EXPECT_EQ(problem(Event("version", {{"id", 1}})), "the event has no field \"hash\"");
  EXPECT_EQ(problem(Event("prefix", {})), "the event has no field \"id\"");
  EXPECT_EQ(problem(Event("pattern", {})), "the event has no field \"id\"");
  EXPECT_EQ(problem(Event("of_key", {{"id", 1}})), "the event has no field \"space\"");
}

TEST_F(TargetTemplatesTest, TheModeOfAnActionIsThatOfItsTargets) {
  const auto [plan, actions] = expand(Event("expire", {{"id", 42}}));
  std::vector<std::string> texts;
  for (const PlannedAction& action : actions)
    texts.push_back(std::string(word_of(action.kind)) + ' ' + action.target);
  EXPECT_THAT(
      texts,
      ElementsAre("invalidate_key profiles/user:42", "invalidate_prefix profiles/user:42",
                  "invalidate_matching profiles/*:of:42", "invalidate_dependents table:users:42",
                  "invalidate_dependents profiles/user:42", "invalidate_all "));
  EXPECT_THAT(plan.modes(), ::testing::Each(Mode::expire));
  EXPECT_EQ(plan.modes().size(), plan.targets().size());
  EXPECT_THAT(expand(Event("remove")).first.modes(), ElementsAre(Mode::remove));
}

TEST_F(TargetTemplatesTest, WhatIsWrittenReadsBackToTheSame) {
  const std::string once = config::policy_text(read(kPolicy));
  EXPECT_EQ(config::policy_text(read(once)), once);
  EXPECT_THAT(once, HasSubstr("mode: expire"));
  EXPECT_THAT(once, HasSubstr("dependents: [\"table:users:{id}\", {namespace: "));
}

}  // namespace
}  // namespace freshet::rules
