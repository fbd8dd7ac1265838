// What was understood of a policy, for `freshet check`.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/block_table.hpp"
#include "config/document.hpp"
#include "config/policy_model.hpp"
#include "rules/rule_text.hpp"

namespace freshet::config {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

/// Strategy, its options, then the block's.
Texts texts_of(const BlockModel& block) {
  Texts texts{{std::string(kStrategyKey), strategy_text(block)}};
  for (const StrategyPart& part : block.strategies) {
    for (auto& text : part.type->texts(part.options)) texts.push_back(std::move(text));
  }
  for (auto& text : block_table().list().texts(&block.options)) texts.push_back(std::move(text));
  return texts;
}

/// Counts and truth values as such; everything else as the text that the policy would have.
nlohmann::ordered_json scalar_json(const ConfigValue& value) {
  if (!value.quoted) {
    if (const auto count = parse_count(value.text).value) return *count;
    if (const auto boolean = parse_boolean(value.text).value) return *boolean;
  }
  return value.text;
}

nlohmann::ordered_json to_json(const ConfigValue& value) {
  if (value.is_map()) {
    auto object = nlohmann::ordered_json::object();
    for (const ConfigValue::Member& member : value.members)
      object[member.key] = to_json(member.value);
    return object;
  }
  if (value.is_list()) {
    auto array = nlohmann::ordered_json::array();
    for (const ConfigValue& item : value.items) array.push_back(to_json(item));
    return array;
  }
  return value.is_scalar() ? scalar_json(value) : nlohmann::ordered_json{};
}

/// An option's text is YAML, so it is read rather than written a second way.
nlohmann::ordered_json yaml_to_json(const std::string& text) {
  Findings findings;
  const auto document = read_document("value: " + text, {}, findings);
  return document && findings.empty() ? to_json(document->members.front().value)
                                      : nlohmann::ordered_json(text);
}

/// The section `warm`; nothing where the policy says nothing of it. Paths as they were resolved.
Texts warm_texts(const PolicyModel& model) {
  const WarmTable none;
  const WarmTable table{model.warm.options};
  if (warm_table().list().texts(&table) == warm_table().list().texts(&none)) return {};
  return warm_table().list().texts(&table);
}

/// A map of one level; nothing if it is empty.
void add_section(std::string& text, std::string_view key, const Texts& members) {
  if (members.empty()) return;
  text += fmt::format("{}:\n", key);
  for (const auto& [name, value] : members)
    text += fmt::format("  {}: {}\n", format_text(name), value);
}

}  // namespace

std::string strategy_text(const BlockModel& block) {
  if (block.strategies.size() == 1) return block.strategies.front().type->name();
  std::string names;
  for (const StrategyPart& part : block.strategies) {
    names += (names.empty() ? "" : ", ") + part.type->name();
  }
  return "[" + names + "]";
}

bool same_block(const BlockModel& a, const BlockModel& b) { return texts_of(a) == texts_of(b); }

std::string policy_text(const PolicyModel& model) {
  std::string text = "freshet: 1\n";
  if (!model.plugin_files.empty()) text += "plugins:\n";
  for (const std::string& file : model.plugin_files)
    text += fmt::format("  - {{path: {}}}\n", format_text(file));
  text += "namespaces:\n";
  for (const BlockModel& block : model.blocks) {
    text += fmt::format("  {}:\n", format_text(block.name));
    for (const auto& [name, value] : texts_of(block))
      text += fmt::format("    {}: {}\n", name, value);
  }
  for (const auto& [name, value] : observation_table().list().texts(&model.observation))
    text += fmt::format("{}: {}\n", name, value);
  for (const auto& [name, value] : warm_texts(model)) text += fmt::format("{}: {}\n", name, value);
  add_section(text, "events", rules::event_texts(model.rules));
  add_section(text, "entities", rules::entity_texts(model.rules));
  add_section(text, "schedules", rules::schedule_texts(model.rules));
  return text;
}

std::string policy_json(const PolicyModel& model) {
  nlohmann::ordered_json blocks = nlohmann::ordered_json::object();
  for (const BlockModel& block : model.blocks) {
    nlohmann::ordered_json& options = blocks[block.name] = nlohmann::ordered_json::object();
    for (const auto& [name, value] : texts_of(block)) options[name] = yaml_to_json(value);
  }
  nlohmann::ordered_json whole = nlohmann::ordered_json::object();
  for (const std::string& file : model.plugin_files) whole["plugins"].push_back({{"path", file}});
  whole["namespaces"] = std::move(blocks);
  for (const auto& [name, value] : observation_table().list().texts(&model.observation))
    whole[name] = yaml_to_json(value);
  for (const auto& [name, value] : warm_texts(model)) whole[name] = yaml_to_json(value);
  for (const auto& [name, value] : rules::event_texts(model.rules))
    whole["events"][name] = yaml_to_json(value);
  for (const auto& [name, value] : rules::entity_texts(model.rules))
    whole["entities"][name] = yaml_to_json(value);
  for (const auto& [name, value] : rules::schedule_texts(model.rules))
    whole["schedules"][name] = yaml_to_json(value);
  return whole.dump(2) + "\n";
}

}  // namespace freshet::config
