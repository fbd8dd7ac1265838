// Reading and writing rules; what the mistakes are called stands in config/golden.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/policy_model.hpp"
#include "rules/rule_engine.hpp"

namespace freshet::rules {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr std::string_view kPolicy = R"(freshet: 1
namespaces:
  profiles: {}
  "user_*": {}
events:
  a:
    - invalidate_key: "profiles/a/{id}"
    - {when: {field: kind, is: x}, do: [{invalidate_all: true}]}
    - refresh: {namespace: profiles, key: "{{{id}}}"}
  b: {fields: [id], debounce: 1s, do: [{invalidate_entity: {name: user, id: "{id}"}}]}
  c: {batch: {at_most: 5, within: 2s}, do: [{emit: {event: "x{y}", fields: {f: "{id}"}}}]}
  d: {debounce: {quiet: 1s, at_most: 3s}, when: [{field: k, is_not: [a, b]}], do: [{invalidate_tag: t}]}
  e: {max_per_second: 1_000, do: [{invalidate_tag: t}]}
  f: {max_per_second: 5, rules: [{invalidate_tag: t}, {when: {field: k, is: a}, do: [{invalidate_all: true}]}]}
entities:
  user: {keys: ["profiles/u:{id}"], tags: ["u:{id}"], namespaces: ["user_{id}"]}
)";

class RuleReaderTest : public ::testing::Test {
 protected:
  static config::PolicyModel read(std::string_view yaml) {
    static const auto registry = StrategyRegistry::with_builtins();
    return config::read_policy(yaml, "p.yaml", *registry);
  }
  static std::vector<std::string> targets(const RuleEngine& engine, const Event& event) {
    InvalidationPlan plan;
    std::vector<PlannedAction> actions;
    engine.plan(event, plan, &actions);
    std::vector<std::string> texts;
    for (const PlannedAction& action : actions)
      texts.push_back(std::string(word_of(action.kind)) + ' ' + action.target);
    return texts;
  }
};

TEST_F(RuleReaderTest, ReadsEveryForm) {
  const RuleSet set = read(kPolicy).rules;
  ASSERT_EQ(set.rules.size(), 8u);  // the conditional one of `a` stands before its plain actions
  EXPECT_EQ(set.rules[0].actions[0].kind, ActionKind::invalidate_all);
  EXPECT_EQ(set.rules[0].when[0].values, std::vector<std::string>{"x"});
  EXPECT_EQ(set.rules[1].actions.size(), 2u);
  EXPECT_EQ(set.rules[2].debounce->quiet, 1s);
  EXPECT_EQ(set.rules[2].debounce->at_most, 10s);
  EXPECT_EQ(set.rules[3].batch->at_most, 5u);
  EXPECT_EQ(set.rules[3].batch->within, 2s);
  EXPECT_EQ(set.rules[4].debounce->at_most, 3s);
  EXPECT_TRUE(set.rules[4].when[0].is_not);
  EXPECT_EQ(set.rules[1].actions[0].place, (Place{"p.yaml", 7, 7}));
  ASSERT_EQ(set.limits.size(), 2u);
  EXPECT_EQ(set.limits[0].event, "e");
  EXPECT_EQ(set.limits[0].max_per_second, 1'000u);
  EXPECT_EQ(set.limits[1].event, "f");
  EXPECT_EQ(set.limits[1].max_per_second, 5u);
}

TEST_F(RuleReaderTest, DeclaredFieldsAreThoseOfTheirRuleAlone) {
  EXPECT_NO_THROW(
      read("freshet: 1\nnamespaces: {p: {}}\nevents:\n"
           "  a: [{fields: [id], do: [{invalidate_tag: \"{id}\"}]}, "
           "{invalidate_tag: \"{other}\"}]\n"));
}

TEST_F(RuleReaderTest, ADebounceMayEndWithItsFirstQuietTime) {
  EXPECT_NO_THROW(
      read("freshet: 1\nnamespaces: {p: {}}\nevents:\n"
           "  a: {debounce: {quiet: 1s, at_most: 1s}, do: [{invalidate_tag: t}]}\n"));
}

TEST_F(RuleReaderTest, TheFirstSlashAsWrittenEndsTheNamespace) {
  const RuleEngine engine(read(kPolicy).rules);
  EXPECT_THAT(targets(engine, Event("a", {{"id", "b/c"}})),
              ElementsAre("invalidate_key profiles/a/b/c", "refresh profiles/{b/c}"));
  InvalidationPlan plan;
  engine.plan(Event("a", {{"id", "b/c"}}), plan);
  EXPECT_EQ(plan.targets()[0].space, "profiles");
  EXPECT_EQ(plan.targets()[0].name, "a/b/c");
}

TEST_F(RuleReaderTest, AnEntityBecomesItsParts) {
  const RuleEngine engine(read(kPolicy).rules);
  EXPECT_THAT(targets(engine, Event("b", {{"id", 7}})),
              ElementsAre("invalidate_key profiles/u:7", "invalidate_tag u:7",
                          "invalidate_namespace user_7"));
}

TEST_F(RuleReaderTest, NamesOfEmittedEventsAreNoTemplates) {
  const RuleEngine engine(read(kPolicy).rules);
  EXPECT_THAT(targets(engine, Event("c", {{"id", 7}})), ElementsAre("emit x{y} {f: 7}"));
}

TEST_F(RuleReaderTest, AMissingFieldLeavesOutItsActionAlone) {
  const RuleEngine engine(read(kPolicy).rules);
  InvalidationPlan plan;
  std::vector<PlannedAction> actions;
  engine.plan(Event("a", {{"kind", "x"}}), plan, &actions);
  ASSERT_EQ(actions.size(), 3u);
  EXPECT_EQ(actions[0].problem, "");
  EXPECT_EQ(actions[1].problem, "the event has no field \"id\"");
  EXPECT_EQ(plan.targets().size(), 1u);
  EXPECT_TRUE(plan.refreshes().empty());
}

TEST_F(RuleReaderTest, WhatIsWrittenReadsBackToTheSame) {
  const std::string once = config::policy_text(read(kPolicy));
  EXPECT_EQ(config::policy_text(read(once)), once);
  EXPECT_THAT(once, ::testing::HasSubstr("debounce: {quiet: 1s, at_most: 10s}"));
  EXPECT_THAT(once, ::testing::HasSubstr("{emit: {event: \"x{y}\", fields: {\"f\": \"{id}\"}}}"));
  EXPECT_THAT(once, ::testing::HasSubstr("\"e\": {max_per_second: 1_000, rules: [{do: "));
  EXPECT_THAT(once, ::testing::HasSubstr("namespaces: [\"user_{id}\"]"));
  EXPECT_THAT(config::policy_json(read(kPolicy)), ::testing::HasSubstr("\"entities\""));
}

}  // namespace
}  // namespace freshet::rules
