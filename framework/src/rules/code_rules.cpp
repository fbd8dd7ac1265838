#include "rules/code_rules.hpp"

#include <fmt/format.h>

#include <utility>

#include "freshet/value_grammar.hpp"
#include "rules/rule_reader.hpp"

namespace freshet::rules {
namespace {

ConfigValue value_of(ConfigValue::Kind kind) {
  ConfigValue value;
  value.kind = kind;
  return value;
}

ConfigValue map() { return value_of(ConfigValue::Kind::map); }
ConfigValue list() { return value_of(ConfigValue::Kind::list); }

ConfigValue scalar(std::string text) {
  ConfigValue value = value_of(ConfigValue::Kind::scalar);
  value.text = std::move(text);
  value.quoted = true;
  return value;
}

ConfigValue list(const std::vector<std::string>& texts) {
  ConfigValue made = list();
  for (const std::string& text : texts) made.items.push_back(scalar(text));
  return made;
}

/// Writes what was given as a document would have it; says what a document cannot have: a key twice.
class DocumentWriter {
 public:
  explicit DocumentWriter(Findings& findings) : findings_(findings) {}

  ConfigValue write(const RulesInCode& given, const std::vector<std::string>& blocks) {
    ConfigValue namespaces = map();
    for (const std::string& block : blocks) {
      // A block that is given twice is the blocks' own finding.
      if (namespaces.find(block) == nullptr) namespaces.members.push_back({block, {}, map()});
    }
    ConfigValue root = map();
    root.members.push_back({std::string(kNamespacesKey), {}, std::move(namespaces)});
    root.members.push_back({std::string(kEventsKey), {}, events(given)});
    root.members.push_back({std::string(kEntitiesKey), {}, entities(given)});
    root.members.push_back({std::string(kSchedulesKey), {}, schedules(given)});
    return root;
  }

 private:
  void add(ConfigValue& to, const std::string& path, const std::string& key, ConfigValue value) {
    if (to.find(key) != nullptr) return findings_.add(path_to(path, key), "is given twice");
    to.members.push_back({key, {}, std::move(value)});
  }

  ConfigValue events(const RulesInCode& given) {
    ConfigValue events = map();
    for (const RulesInCode::Rule& one : given.rules) {
      const std::string path = path_to(path_to(kEventsKey, one.event), "rules");
      ConfigValue& rules = rules_of(events, one.event);
      rules.items.push_back(rule(one, fmt::format("{}[{}]", path, rules.items.size())));
    }
    for (const RulesInCode::Limit& limit : given.limits) {
      add(event_of(events, limit.event), path_to(kEventsKey, limit.event), "max_per_second",
          scalar(fmt::format("{}", limit.max_per_second)));
    }
    return events;
  }

  /// Of the document; made where there is none yet.
  static ConfigValue& event_of(ConfigValue& events, const std::string& name) {
    for (ConfigValue::Member& known : events.members) {
      if (known.key == name) return known.value;
    }
    ConfigValue event = map();
    event.members.push_back({"rules", {}, list()});
    return events.members.emplace_back(ConfigValue::Member{name, {}, std::move(event)}).value;
  }
  static ConfigValue& rules_of(ConfigValue& events, const std::string& name) {
    return event_of(events, name).members.front().value;
  }

  ConfigValue rule(const RulesInCode::Rule& given, const std::string& path) {
    const RuleOptions& options = given.options;
    ConfigValue made = map();
    if (options.fields) add(made, path, "fields", list(*options.fields));
    if (!options.when.empty()) add(made, path, "when", conditions(options.when));
    if (options.debounce) add(made, path, "debounce", debounce(*options.debounce));
    if (options.batch) add(made, path, "batch", batch(*options.batch));
    if (options.rewarm != 0) add(made, path, "rewarm", scalar(fmt::format("{}", options.rewarm)));
    ConfigValue actions = list();
    for (const RuleAction& action : given.actions) {
      const std::string at = fmt::format("{}.do[{}]", path, actions.items.size());
      const std::string word(word_of(action.kind));
      ConfigValue item = map();
      item.members.push_back({word, {}, target(action, path_to(at, word))});
      if (action.mode == Mode::expire)
        item.members.push_back({std::string(kModeKey), {}, scalar("expire")});
      actions.items.push_back(std::move(item));
    }
    add(made, path, "do", std::move(actions));
    return made;
  }

  ConfigValue conditions(const std::vector<RuleCondition>& given) {
    ConfigValue made = list();
    for (const RuleCondition& condition : given) {
      ConfigValue item = map();
      item.members.push_back({"field", {}, scalar(condition.field)});
      item.members.push_back({condition.is_not ? "is_not" : "is", {}, list(condition.values)});
      made.items.push_back(std::move(item));
    }
    return made;
  }

  static ConfigValue debounce(const Debounce& given) {
    if (given.at_most == Duration::zero()) return scalar(format_duration(given.quiet));
    ConfigValue made = map();
    made.members.push_back({"quiet", {}, scalar(format_duration(given.quiet))});
    made.members.push_back({"at_most", {}, scalar(format_duration(given.at_most))});
    return made;
  }

  static ConfigValue batch(const Batch& given) {
    ConfigValue made = map();
    made.members.push_back({"at_most", {}, scalar(fmt::format("{}", given.at_most))});
    made.members.push_back({"within", {}, scalar(format_duration(given.within))});
    return made;
  }

  static ConfigValue in_namespace(const RuleAction& action, const char* word) {
    ConfigValue made = map();
    made.members.push_back({"namespace", {}, scalar(action.name_space)});
    made.members.push_back({word, {}, scalar(action.name)});
    return made;
  }

  static ConfigValue all_of(const RuleAction& action) {
    if (action.name_space.empty()) return list(action.more);
    ConfigValue made = map();
    made.members.push_back({"tags", {}, list(action.more)});
    made.members.push_back({"namespace", {}, scalar(action.name_space)});
    return made;
  }

  static ConfigValue version(const RuleAction& action) {
    ConfigValue made = map();
    made.members.push_back({"dependency", {}, scalar(action.name)});
    for (const std::string& hash : action.more) made.members.push_back({"hash", {}, scalar(hash)});
    return made;
  }

  ConfigValue target(const RuleAction& action, const std::string& path) {
    ConfigValue made = map();
    switch (action.kind) {
      case RuleActionKind::invalidate_tag:
        return scalar(action.name);
      case RuleActionKind::invalidate_namespace:
        return scalar(action.name_space);
      case RuleActionKind::invalidate_all:
        return scalar("true");
      case RuleActionKind::invalidate_key:
      case RuleActionKind::refresh:
        return in_namespace(action, "key");
      case RuleActionKind::invalidate_prefix:
        return in_namespace(action, "prefix");
      case RuleActionKind::invalidate_matching:
        return in_namespace(action, "pattern");
      case RuleActionKind::invalidate_dependents:
        return action.name_space.empty() ? scalar(action.name) : in_namespace(action, "key");
      case RuleActionKind::invalidate_all_of:
        return all_of(action);
      case RuleActionKind::invalidate_version:
        return version(action);
      case RuleActionKind::invalidate_entity:
        made.members.push_back({"name", {}, scalar(action.name)});
        add_fields(made, path, action.fields);
        return made;
      case RuleActionKind::emit: {
        ConfigValue fields = map();
        add_fields(fields, path_to(path, "fields"), action.fields);
        made.members.push_back({"event", {}, scalar(action.name)});
        made.members.push_back({"fields", {}, std::move(fields)});
        return made;
      }
    }
    return made;
  }

  void add_fields(ConfigValue& to, const std::string& path, const std::vector<RuleField>& fields) {
    for (const RuleField& field : fields) add(to, path, field.name, scalar(field.value));
  }

  static ConfigValue schedules(const RulesInCode& given) {
    ConfigValue made = map();
    for (const RulesInCode::Timetable& schedule : given.schedules) {
      if (made.find(schedule.event) == nullptr)
        made.members.push_back({schedule.event, {}, list()});
      for (ConfigValue::Member& event : made.members) {
        if (event.key == schedule.event) event.value.items.push_back(scalar(schedule.time));
      }
    }
    return made;
  }

  ConfigValue entities(const RulesInCode& given) {
    ConfigValue made = map();
    for (const RulesInCode::Entity& entity : given.entities) {
      ConfigValue parts = map();
      const auto add_part = [&parts](const char* key, const std::vector<std::string>& texts) {
        if (!texts.empty()) parts.members.push_back({key, {}, list(texts)});
      };
      add_part("keys", entity.parts.keys);
      add_part("tags", entity.parts.tags);
      add_part("namespaces", entity.parts.namespaces);
      add_part("prefixes", entity.parts.prefixes);
      add_part("patterns", entity.parts.patterns);
      add_part("dependents", entity.parts.dependents);
      add(made, std::string(kEntitiesKey), entity.name, std::move(parts));
    }
    return made;
  }

  Findings& findings_;
};

}  // namespace

RuleSet rules_from_code(const RulesInCode& given, const std::vector<std::string>& blocks,
                        Findings& findings) {
  return read_rules(DocumentWriter(findings).write(given, blocks), findings);
}

}  // namespace freshet::rules
