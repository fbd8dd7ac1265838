#include "rules/rule_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "freshet/value_grammar.hpp"

namespace freshet::rules {
namespace {

/// Puts texts between brackets, with commas.
std::string joined(char open, const std::vector<std::string>& texts, char close) {
  return fmt::format("{}{}{}", open, fmt::join(texts, ", "), close);
}

std::string list_of(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(format_text(word));
  return joined('[', quoted, ']');
}

std::string list_of(const std::vector<FieldTemplate>& templates) {
  std::vector<std::string> texts;
  for (const FieldTemplate& one : templates) texts.push_back(one.text());
  return list_of(texts);
}

/// `{namespace: …, key: …}`
std::string placed_text(const Action& action, std::string_view word) {
  return fmt::format("{{namespace: {}, {}: {}}}", format_text(action.space.text()), word,
                     format_text(action.name.text()));
}

std::string all_of_text(const Action& action) {
  if (action.space.text().empty()) return list_of(action.more);
  return fmt::format("{{tags: {}, namespace: {}}}", list_of(action.more),
                     format_text(action.space.text()));
}

std::string version_text(const Action& action) {
  const std::string dependency = format_text(action.name.text());
  if (action.more.empty()) return fmt::format("{{dependency: {}}}", dependency);
  return fmt::format("{{dependency: {}, hash: {}}}", dependency,
                     format_text(action.more.front().text()));
}

std::vector<std::string> fill_texts(const Action& action) {
  std::vector<std::string> texts;
  for (const FieldFill& field : action.fields)
    texts.push_back(
        fmt::format("{}: {}", format_text(field.name), format_text(field.value.text())));
  return texts;
}

std::string target_text(const Action& action) {
  switch (action.kind) {
    case ActionKind::invalidate_key:
    case ActionKind::refresh:
      return placed_text(action, "key");
    case ActionKind::invalidate_prefix:
      return placed_text(action, "prefix");
    case ActionKind::invalidate_matching:
      return placed_text(action, "pattern");
    case ActionKind::invalidate_dependents:
      return action.space.text().empty() ? format_text(action.name.text())
                                         : placed_text(action, "key");
    case ActionKind::invalidate_all_of:
      return all_of_text(action);
    case ActionKind::invalidate_version:
      return version_text(action);
    case ActionKind::invalidate_tag:
      return format_text(action.name.text());
    case ActionKind::invalidate_namespace:
      return format_text(action.space.text());
    case ActionKind::invalidate_all:
      return "true";
    case ActionKind::invalidate_entity: {
      std::vector<std::string> members = fill_texts(action);
      members.insert(members.begin(), "name: " + format_text(action.name.outline("")));
      return joined('{', members, '}');
    }
    case ActionKind::emit:
      return fmt::format("{{event: {}, fields: {}}}", format_text(action.name.outline("")),
                         joined('{', fill_texts(action), '}'));
  }
  return {};
}

std::string condition_text(const Condition& condition) {
  return fmt::format("{{field: {}, {}: {}}}", format_text(condition.field),
                     condition.is_not ? "is_not" : "is", list_of(condition.values));
}

std::string rule_text(const Rule& rule) {
  std::vector<std::string> members;
  if (rule.fields) members.push_back("fields: " + list_of(*rule.fields));
  if (!rule.when.empty()) {
    std::vector<std::string> conditions;
    for (const Condition& condition : rule.when) conditions.push_back(condition_text(condition));
    members.push_back("when: " + joined('[', conditions, ']'));
  }
  if (rule.debounce)
    members.push_back(fmt::format("debounce: {{quiet: {}, at_most: {}}}",
                                  format_duration(rule.debounce->quiet),
                                  format_duration(rule.debounce->at_most)));
  if (rule.batch)
    members.push_back(fmt::format("batch: {{at_most: {}, within: {}}}",
                                  format_count(rule.batch->at_most),
                                  format_duration(rule.batch->within)));
  if (rule.rewarm != 0) members.push_back("rewarm: " + format_count(rule.rewarm));
  std::vector<std::string> actions;
  for (const Action& action : rule.actions)
    actions.push_back(fmt::format("{{{}: {}{}}}", word_of(action.kind), target_text(action),
                                  action.mode == Mode::expire ? ", mode: expire" : ""));
  members.push_back("do: " + joined('[', actions, ']'));
  return joined('{', members, '}');
}

}  // namespace

NamedTexts event_texts(const RuleSet& rules) {
  NamedTexts texts;
  for (const Rule& rule : rules.rules) {
    const auto same = [&rule](const auto& text) { return text.first == rule.event; };
    const auto known = std::find_if(texts.begin(), texts.end(), same);
    if (known == texts.end()) {
      texts.emplace_back(rule.event, rule_text(rule));
    } else {
      known->second += ", " + rule_text(rule);
    }
  }
  for (auto& [name, text] : texts) text = '[' + text + ']';
  for (const EventLimit& limit : rules.limits) {
    const auto same = [&limit](const auto& text) { return text.first == limit.event; };
    const auto known = std::find_if(texts.begin(), texts.end(), same);
    known->second = fmt::format("{{max_per_second: {}, rules: {}}}",
                                format_count(limit.max_per_second), known->second);
  }
  return texts;
}

NamedTexts schedule_texts(const RuleSet& rules) {
  NamedTexts texts;
  for (const ScheduledEvent& schedule : rules.schedules) {
    const std::string time = format_text(schedule.when.text());
    const auto same = [&schedule](const auto& text) { return text.first == schedule.event; };
    const auto known = std::find_if(texts.begin(), texts.end(), same);
    if (known == texts.end()) {
      texts.emplace_back(schedule.event, time);
    } else {
      known->second += ", " + time;
    }
  }
  for (auto& [name, text] : texts) text = '[' + text + ']';
  return texts;
}

NamedTexts entity_texts(const RuleSet& rules) {
  NamedTexts texts;
  for (const Entity& entity : rules.entities) {
    std::vector<std::string> members;
    for (const auto& [word, kind] : kEntityParts) {
      std::vector<std::string> parts;
      for (const Action& part : entity.parts) {
        if (part.kind == kind) parts.push_back(target_text(part));
      }
      if (!parts.empty()) members.push_back(fmt::format("{}: {}", word, joined('[', parts, ']')));
    }
    texts.emplace_back(entity.name, joined('{', members, '}'));
  }
  return texts;
}

}  // namespace freshet::rules
