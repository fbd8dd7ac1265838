// Events and entities of a policy, with the fields of an event put in.
//
// The input is lines `field=value`, a line of three dashes, and the YAML that follows the namespaces. Whatever it is: an
// action either adds what it says or says why not; what it adds is named within the namespaces that the policy serves,
// and a pattern made of fields ends.
#include <vector>

#include "config/block_resolver.hpp"
#include "config/policy_model.hpp"
#include "freshness/key_glob.hpp"
#include "fuzz/fuzzers.hpp"
#include "fuzz/plugin_free.hpp"
#include "rules/rule_engine.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::string_view kHead =
    "freshet: 1\nnamespaces: {a: {}, profiles: {}, 'u*': {separator: '/'}, '*x': {}}\n";

std::vector<EventField> fields_of(std::string_view lines) {
  std::vector<EventField> fields;
  while (!lines.empty() && fields.size() < 16) {
    const auto [line, rest] = split_at(lines, "\n");
    const auto [name, value] = split_at(line, "=");
    fields.push_back({std::string(name), FieldValue(value)});
    lines = rest;
  }
  return fields;
}

std::string all_of(const std::vector<rules::PlannedAction>& actions) {
  std::string text;
  for (const rules::PlannedAction& action : actions) {
    text += rules::place_text(action.place) + ' ' + action.target + ' ' + action.problem + '\n';
  }
  return text;
}

void require_target(const Target& target) {
  if (target.kind == Target::Kind::matching && !target.name.empty()) {
    require(detail::KeyGlob::parse(target.name).has_value(),
            "a pattern that was accepted ends, whatever its fields: " + target.name);
  }
  const bool needs_space =
      target.kind == Target::Kind::key || target.kind == Target::Kind::prefix ||
      target.kind == Target::Kind::matching || target.kind == Target::Kind::name_space;
  require(!needs_space || !target.space.empty(), "a target in a namespace names it");
  if (target.kind == Target::Kind::all_of)
    require(!target.more.empty(), "all_of has at least one tag");
}

void require_plan(const rules::RuleEngine& engine, const Event& event) {
  InvalidationPlan plan;
  InvalidationPlan same;
  std::vector<rules::PlannedAction> actions;
  std::vector<rules::PlannedAction> same_actions;
  engine.plan(event, plan, &actions);
  engine.plan(event, same, &same_actions);
  require(all_of(actions) == all_of(same_actions), "an event planned twice is planned the same");

  std::size_t targets = 0;
  for (const rules::PlannedAction& action : actions) {
    if (!rules::adds_target(action)) continue;
    require(targets < plan.targets().size(), "an action that adds a target has one");
    const Target& target = plan.targets()[targets++];
    require(rules::target_text(target) == action.target, "a target is told as it is");
    require_target(target);
  }
  require(targets == plan.targets().size(), "each target comes from an action that is told");
  require(plan.modes().size() == targets, "each target has its mode");
}

}  // namespace

void fuzz_rules(std::string_view input) {
  static const auto registry = StrategyRegistry::with_builtins();
  const auto [lines, rest] = split_at(input, "---\n");
  const std::string yaml = std::string(kHead).append(rest);
  if (names_plugins(yaml)) return;
  config::PolicyModel model;
  try {
    model = config::read_policy(yaml, "p.yaml", *registry);
  } catch (const ConfigError&) {
    return;
  }
  std::vector<std::string> names;
  for (const rules::Rule& rule : model.rules.rules) names.push_back(rule.event);
  const std::vector<EventField> fields = fields_of(lines);
  const rules::RuleEngine engine(std::move(model.rules));
  for (const std::string& name : names) require_plan(engine, Event(name, fields));
  for (const std::string& name : engine.entity_names()) {
    InvalidationPlan plan;
    std::vector<rules::PlannedAction> actions;
    engine.expand(*engine.entity(name), Event(name, fields), plan, actions);
    for (const Target& target : plan.targets()) require_target(target);
  }
}

}  // namespace freshet::fuzz
