// Rules, limits and entities through the builder: the same model as from YAML, and the same findings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "config/policy_model.hpp"
#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"

namespace freshet::rules {
namespace {

using namespace std::chrono_literals;

class CodeRulesTest : public ::testing::Test {
 protected:
  std::string understood(const RulesInCode& rules) {
    return config::policy_text(config::policy_from_code(blocks(), *registry_, rules));
  }
  std::string understood(const std::string& yaml) {
    return config::policy_text(config::read_policy(yaml, "p.yaml", *registry_));
  }
  std::string findings(const RulesInCode& rules) {
    try {
      config::policy_from_code(blocks(), *registry_, rules);
      return "";
    } catch (const ConfigError& error) {
      return error.what();
    }
  }
  static std::vector<config::CodeBlock> blocks() {
    std::vector<config::CodeBlock> made;
    made.push_back({"profiles", {ManualOptions{}}, {}});
    made.push_back({"user_*", {ManualOptions{}}, {}});
    return made;
  }

  const std::shared_ptr<StrategyRegistry> registry_ = StrategyRegistry::with_builtins();
};

TEST_F(CodeRulesTest, CodeAndYamlMakeTheSameModel) {
  RulesInCode rules;
  rules.rules.push_back(
      {"a",
       {RuleAction::invalidate_key("u:{id}", "profiles"), RuleAction::invalidate_tag("t:{id}"),
        RuleAction::invalidate_namespace("user_{id}"), RuleAction::invalidate_all()},
       {.fields = {{"id", "kind"}}, .when = {{"kind", {"x", "y"}}, {"id", {"0"}, true}}}});
  rules.rules.push_back({"a",
                         {RuleAction::invalidate_entity("user", {{"id", "{uid}"}}),
                          RuleAction::refresh("u:{uid}", "profiles")},
                         {.debounce = Debounce{200ms}}});
  rules.rules.push_back({"b",
                         {RuleAction::emit("c{x}", {{"f", "v-{id}"}}), RuleAction::emit("d")},
                         {.batch = Batch{5, 2s}}});
  rules.rules.push_back({"d", {RuleAction::invalidate_all()}, {.debounce = Debounce{1s, 3s}}});
  rules.entities.push_back({"user", {{"profiles/user:{id}"}, {"user:{id}"}, {"user_{id}"}}});
  rules.limits.push_back({"b", 100});
  rules.rules.push_back(
      {"e",
       {RuleAction::invalidate_dependents("/src/{path}").expiring(),
        RuleAction::invalidate_dependents_of_key("u:{id}", "profiles"),
        RuleAction::invalidate_prefix("u:{id}", "profiles"),
        RuleAction::invalidate_matching("u:{id}:*", "profiles"),
        RuleAction::invalidate_all_of({"a", "{b}"}),
        RuleAction::invalidate_all_of({"a"}, "user_{id}"),
        RuleAction::invalidate_version("prompt", "{hash}"), RuleAction::bump_version("prompt")},
       {}});
  rules.entities.push_back({"file",
                            {.prefixes = {"profiles/f:{id}"},
                             .patterns = {"profiles/*:{id}"},
                             .dependents = {"/src/{id}"}}});
  EXPECT_EQ(understood(rules), understood(R"(freshet: 1
namespaces: {profiles: {strategy: manual}, "user_*": {strategy: manual}}
events:
  a:
    - fields: [id, kind]
      when: [{field: kind, is: [x, y]}, {field: id, is_not: "0"}]
      do:
        - invalidate_key: {namespace: profiles, key: "u:{id}"}
        - invalidate_tag: "t:{id}"
        - invalidate_namespace: "user_{id}"
        - invalidate_all: true
    - debounce: 200ms
      do:
        - invalidate_entity: {name: user, id: "{uid}"}
        - refresh: {namespace: profiles, key: "u:{uid}"}
  b:
    max_per_second: 100
    rules:
      - batch: {at_most: 5, within: 2s}
        do: [{emit: {event: "c{x}", fields: {f: "v-{id}"}}}, {emit: {event: d}}]
  d: {debounce: {quiet: 1s, at_most: 3s}, do: [{invalidate_all: true}]}
  e:
    - {invalidate_dependents: "/src/{path}", mode: expire}
    - invalidate_dependents: {namespace: profiles, key: "u:{id}"}
    - invalidate_prefix: "profiles/u:{id}"
    - invalidate_matching: "profiles/u:{id}:*"
    - invalidate_all_of: [a, "{b}"]
    - invalidate_all_of: {tags: [a], namespace: "user_{id}"}
    - invalidate_version: {dependency: prompt, hash: "{hash}"}
    - invalidate_version: {dependency: prompt}
entities:
  user: {keys: ["profiles/user:{id}"], tags: ["user:{id}"], namespaces: ["user_{id}"]}
  file: {prefixes: ["profiles/f:{id}"], patterns: ["profiles/*:{id}"], dependents: ["/src/{id}"]}
)"));
}

TEST_F(CodeRulesTest, WhatIsWrongIsFoundAsInYaml) {
  RulesInCode rules;
  rules.rules.push_back(
      {"a",
       {RuleAction::invalidate_tag("user:{id"), RuleAction::invalidate_namespace("profile"),
        RuleAction::invalidate_key("", "profiles"), RuleAction::invalidate_entity("usr", {}),
        RuleAction::invalidate_entity("user", {{"ident", "1"}})},
       {}});
  rules.rules.push_back({"a",
                         {RuleAction::invalidate_tag("{usr_id}")},
                         {.fields = {{"user_id"}}, .when = {{"knd", {"x"}}}}});
  rules.rules.push_back({"b", {}, {.debounce = Debounce{-1s}, .batch = Batch{0, 2h}}});
  rules.rules.push_back({"c", {RuleAction::invalidate_all()}, {.debounce = Debounce{2s, 1s}}});
  rules.entities.push_back({"user", {{"profile/x"}, {"{id}"}, {}}});
  rules.entities.push_back({"nothing", {}});
  EXPECT_EQ(
      findings(rules),
      "entities.user.keys[0]: no block serves the namespace \"profile\", did you mean "
      "\"profiles\"?\n"
      "entities.nothing: expected one of: keys, tags, namespaces, prefixes, patterns, dependents, "
      "found none\n"
      "events.a.rules[0].do[0].invalidate_tag: found \"user:{id\": a brace is not closed\n"
      "events.a.rules[0].do[1].invalidate_namespace: no block serves the namespace \"profile\", "
      "did you mean \"profiles\"?\n"
      "events.a.rules[0].do[2].invalidate_key.key: expected a key, found \"\"\n"
      "events.a.rules[0].do[3].invalidate_entity.name: unknown entity \"usr\", did you mean "
      "\"user\"?\n"
      "events.a.rules[0].do[4].invalidate_entity.ident: unknown key, expected one of: id, name\n"
      "events.a.rules[0].do[4].invalidate_entity.id: missing: the entity \"user\" has it\n"
      "events.a.rules[1].when[0].field: \"knd\" is no declared field, expected user_id\n"
      "events.a.rules[1].do[0].invalidate_tag: \"usr_id\" is no declared field, did you mean "
      "\"user_id\"?\n"
      "events.b.rules[0].batch: a rule has either debounce or batch\n"
      "events.b.rules[0].debounce: expected a duration over 0s and up to 1h, found \"-1s\": each "
      "part is a whole number and a unit\n"
      "events.b.rules[0].batch.at_most: expected a count from 1 to 10_000, found \"0\"\n"
      "events.b.rules[0].batch.within: expected a duration over 0s and up to 1h, found \"2h\"\n"
      "events.b.rules[0].do: expected a list of actions, found an empty one\n"
      "events.c.rules[0].debounce.at_most: expected at least as long as quiet");
}

TEST_F(CodeRulesTest, WhatADocumentCannotHaveTwiceIsAFinding) {
  RulesInCode rules;
  rules.rules.push_back(
      {"a", {RuleAction::emit("b", {{"f", "1"}, {"f", "2"}}), RuleAction::invalidate_all()}, {}});
  rules.rules.push_back({"a", {RuleAction::invalidate_entity("user", {{"name", "1"}})}, {}});
  rules.limits = {{"a", 1}, {"a", 2}, {"alone", 5}, {"b", 0}};
  rules.entities.push_back({"user", {{}, {"t"}, {}}});
  rules.entities.push_back({"user", {{}, {"t"}, {}}});
  EXPECT_EQ(
      findings(rules),
      "events.a.rules[0].do[0].emit.fields.f: is given twice\n"
      "events.a.rules[1].do[0].invalidate_entity.name: is given twice\n"
      "events.a.max_per_second: is given twice\n"
      "entities.user: is given twice\n"
      "events.alone.rules: expected a list of actions, or a rule with \"do\", found an empty list\n"
      "events.b.max_per_second: expected a count from 1 to 1_000_000, found \"0\"\n"
      "events.b.rules: expected a list of actions, or a rule with \"do\", found an empty list");
}

TEST_F(CodeRulesTest, TheBuilderPassesOnWhatItWasGiven) {
  const auto clock = std::make_shared<testing::ManualClock>();
  Components components;
  components.clock = clock;
  components.executor = std::make_shared<testing::ManualExecutor>(clock);
  CacheInvalidator invalidator =
      CacheInvalidator::builder()
          .cache("user_*", ManualOptions{})
          .on("user_logout",
              {RuleAction::invalidate_namespace("user_{user_id}"),
               RuleAction::emit("gone", {{"id", "{user_id}"}})},
              {.when = {{"user_id", {"0"}, true}}})
          .on("gone", {RuleAction::invalidate_entity("user", {{"id", "{id}"}})})
          .max_per_second("gone", 1)
          .entity("user", {.tags = {"user:{id}"}})
          .components(components)
          .build();
  auto carts = invalidator.cache<std::string>("user_42");
  auto others = invalidator.cache<std::string>("user_43");
  carts.put("cart", "v");
  others.put("friend", "v", {.tags = {"user:42"}});
  others.put("cart", "v");
  EXPECT_EQ(invalidator.emit("user_logout", {{"user_id", 0}}).rules, 0u);
  EXPECT_EQ(invalidator.emit("user_logout", {{"user_id", 42}}).invalidated.count, 2u);
  EXPECT_FALSE(carts.contains("cart"));
  EXPECT_FALSE(others.contains("friend"));
  EXPECT_TRUE(others.contains("cart"));
  EXPECT_EQ(invalidator.emit("gone", {{"id", 43}}).held_back, 1u);
  EXPECT_EQ(invalidator.invalidate_entity("user", 42).count, 0u);
}

TEST_F(CodeRulesTest, TheBuilderRefusesRulesThatAreWrong) {
  EXPECT_THROW(CacheInvalidator::builder()
                   .cache("profiles", ManualOptions{})
                   .on("a", {RuleAction::invalidate_tag("{")})
                   .build(),
               ConfigError);
}

}  // namespace
}  // namespace freshet::rules
