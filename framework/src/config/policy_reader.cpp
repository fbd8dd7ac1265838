// From a document to a PolicyModel.
//
// A block is read twice over: `defaults` first, silently, then its own keys on top. Values in
// `defaults` are judged once, where they stand; a block is judged as it comes out, and its findings
// are given the place where the value was written. Everything is read that can be: values also
// where the strategy is unknown, blocks also where the version is wrong.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "config/block_check.hpp"
#include "config/block_table.hpp"
#include "config/composition.hpp"
#include "config/document.hpp"
#include "config/plugin_section.hpp"
#include "config/policy_model.hpp"
#include "config/reload_check.hpp"
#include "freshet/plugin.hpp"
#include "rules/code_rules.hpp"
#include "rules/rule_reader.hpp"

namespace freshet::config {
namespace {

constexpr std::string_view kVersionKey = "freshet";
constexpr std::string_view kDefaultsKey = "defaults";
constexpr std::string_view kNamespacesKey = "namespaces";
constexpr std::string_view kPluginsKey = "plugins";
constexpr std::string_view kDefaultStrategy = "ttl";

/// Of all texts in a value.
std::size_t text_bytes(const ConfigValue& value) {
  std::size_t bytes = value.text.size();
  for (const ConfigValue& item : value.items) bytes += text_bytes(item);
  for (const ConfigValue::Member& member : value.members) bytes += text_bytes(member.value);
  return bytes;
}

/// For rules: where the prefixes of each block's keys end.
void note_separators(PolicyModel& model) {
  for (const BlockModel& block : model.blocks) {
    if (block.options.separator.empty()) continue;  // which is a finding
    model.rules.separators.push_back({block.name, block.options.separator.front()});
  }
}

class PolicyReader {
 public:
  /// `running` is null where nothing is at work yet.
  PolicyReader(const StrategyRegistry& registry, const Observation& observation,
               const PolicyModel* running, Findings& findings)
      : registry_(&registry), running_(running), findings_(findings) {
    model_.observation = observation;
  }

  PolicyModel read(const ConfigValue& root) {
    if (!root.is_map()) {
      findings_.add(root.place, {},
                    fmt::format("expected a map with \"freshet: 1\", found {}", describe(root)));
      return {};
    }
    report_unknown(root);
    read_version(root);
    read_plugins(root);
    read_observation(root);
    read_defaults(root);
    read_namespaces(root);
    model_.rules = rules::read_rules(root, findings_);
    note_separators(model_);
    model_.warm = read_warm(root, findings_);
    return std::move(model_);
  }

 private:
  using Member = ConfigValue::Member;

  void report_unknown(const ConfigValue& root) {
    std::vector<std::string> known{
        std::string(kVersionKey),         std::string(kDefaultsKey),
        std::string(kNamespacesKey),      std::string(kPluginsKey),
        std::string(rules::kEventsKey),   std::string(rules::kEntitiesKey),
        std::string(rules::kSchedulesKey)};
    for (std::string& key : observation_table().names()) known.push_back(std::move(key));
    for (std::string& key : warm_table().names()) known.push_back(std::move(key));
    for (const Member& member : root.members) {
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      findings_.add(member.place, path_to({}, member.key),
                    "unknown key" + did_you_mean(member.key, known));
    }
  }

  void read_version(const ConfigValue& root) {
    const Member* version = root.find(kVersionKey);
    if (version == nullptr) {
      findings_.add(root.place, std::string(kVersionKey),
                    "missing, expected \"freshet: 1\", the version of the format");
    } else if (!version->value.is_scalar() || version->value.text != "1") {
      findings_.add(
          version->value.place, std::string(kVersionKey),
          fmt::format("expected 1, the version of the format, found {}", describe(version->value)));
    }
  }

  /// Before anything that may name their strategies.
  void read_plugins(const ConfigValue& root) {
    const Member* plugins = root.find(kPluginsKey);
    if (running_ != nullptr) return keep_plugins(root, plugins);
    if (plugins == nullptr) return;
    LoadedPlugins loaded =
        load_plugins(plugins->value, std::string(kPluginsKey), *registry_, findings_);
    model_.plugins = std::move(loaded.registry);
    model_.plugin_files = std::move(loaded.files);
    registry_ = model_.plugins.get();
  }

  /// The trial of a plugin is a fork, which is not for a process at work: a reload keeps those that there are.
  void keep_plugins(const ConfigValue& root, const Member* plugins) {
    const std::string path(kPluginsKey);
    std::vector<std::string> files;
    if (plugins != nullptr && !plugins->value.is_list()) {
      findings_.add(plugins->value.place, path,
                    fmt::format("expected a list of plugins, found {}", describe(plugins->value)));
    } else if (plugins != nullptr) {
      files = plugin_files(plugins->value, path, findings_);
    }
    if (files != running_->plugin_files) {
      findings_.add(plugins != nullptr ? plugins->value.place : root.place, path,
                    fmt::format("cannot be changed by a reload: expected [{}], found [{}]",
                                fmt::join(running_->plugin_files, ", "), fmt::join(files, ", ")));
    }
    model_.plugins = running_->plugins;
    model_.plugin_files = running_->plugin_files;
    if (model_.plugins) registry_ = model_.plugins.get();
  }

  void read_observation(const ConfigValue& root) {
    observation_table().read(root, {}, model_.observation, findings_);
    Findings judged;
    observation_table().validate(model_.observation, {}, judged);
    if (running_ != nullptr)
      check_observation_reload(running_->observation, model_.observation, judged);
    for (const Finding& finding : judged.all()) {
      const Place place = place_of(root, finding.path);
      findings_.add(place.line > 0 ? place : root.place, finding.path, finding.message);
    }
  }

  /// Keys in `defaults` may be any strategy's.
  void read_defaults(const ConfigValue& root) {
    const Member* defaults = root.find(kDefaultsKey);
    if (defaults == nullptr) return;
    const std::string path(kDefaultsKey);
    if (!defaults->value.is_map()) {
      findings_.add(defaults->value.place, path,
                    fmt::format("expected a map of options, found {}", describe(defaults->value)));
      return;
    }
    defaults_ = &defaults->value;
    inherited_ = read_strategies(*defaults_, path);
    judge_alone(*defaults_, path);
  }

  void read_namespaces(const ConfigValue& root) {
    const Member* namespaces = root.find(kNamespacesKey);
    const std::string path(kNamespacesKey);
    if (namespaces == nullptr) {
      findings_.add(root.place, path, "missing, expected a map with at least one block");
      return;
    }
    const ConfigValue& blocks = namespaces->value;
    if (!blocks.is_map() || blocks.members.empty()) {
      findings_.add(blocks.place, path,
                    fmt::format("expected a map with at least one block, found {}",
                                blocks.is_map() ? "none" : describe(blocks)));
      return;
    }
    std::vector<BlockName> names;
    for (const Member& block : blocks.members) names.push_back({block.key, block.place});
    check_block_names(names, findings_);
    if (names.size() > kMaxBlocks || !defaults_fit(names.size())) return;
    for (const Member& block : blocks.members) read_block(block);
    if (running_ != nullptr) report_missing(blocks, namespaces->place);
  }

  /// Blocks that are at work and not in this policy.
  void report_missing(const ConfigValue& blocks, const Place& place) {
    for (const BlockModel& block : running_->blocks) {
      if (blocks.find(block.name) != nullptr) continue;
      findings_.add(place, block_path(block.name),
                    "missing: a reload cannot take a block away, expected it to stay");
    }
  }

  /// What this block may not change of the one at work.
  void judge_reload(const BlockModel& block, const ConfigValue& own, const std::string& path) {
    const BlockModel* at_work = find_block(*running_, block.name);
    if (at_work == nullptr) {
      std::vector<std::string> names;
      for (const BlockModel& other : running_->blocks) names.push_back(other.name);
      return findings_.add(block.place, path,
                           "a reload cannot add a block" + did_you_mean(block.name, names));
    }
    Findings judged;
    check_block_reload(*at_work, block, judged);
    for (const Finding& finding : judged.all()) {
      Place place = written_at(own, finding.path);
      if (place.line == 0) place = block.place;
      findings_.add(std::move(place), fmt::format("{}.{}", path, finding.path), finding.message);
    }
  }

  /// Whether `defaults`, put into each of so many blocks, stays within bounds.
  bool defaults_fit(std::size_t blocks) {
    const std::size_t bytes = defaults_ == nullptr ? 0 : text_bytes(*defaults_);
    if (bytes * blocks <= kMaxDefaultsBytes) return true;
    findings_.add(
        defaults_->place, std::string(kDefaultsKey),
        fmt::format("expected at most {} bytes for all blocks together, found {} for each of {}",
                    format_count(kMaxDefaultsBytes), format_count(bytes), blocks));
    return false;
  }

  void read_block(const Member& member) {
    const std::string path = block_path(member.key);
    const ConfigValue& own = member.value;
    if (!own.is_map()) {
      const char* advice =
          own.kind == ConfigValue::Kind::null ? ", write {} for a block of defaults" : "";
      findings_.add(own.place, path,
                    fmt::format("expected a map of options, found {}{}", describe(own), advice));
      return;
    }
    const Composition composition = strategies_of(own, path);
    if (composition.empty()) return judge_alone(own, path);

    BlockModel block{member.key, {}, {}, member.place, {}};
    for (const StrategyType* type : composition) {
      block.strategies.push_back({type, type->default_options()});
    }
    if (defaults_ != nullptr) {
      Findings silent;  // what is wrong with defaults has been said
      read_values(*defaults_, path, block, silent);
    }
    report_foreign(own, path, composition);
    read_values(own, path, block, findings_);
    judge(block, own, path);
    if (running_ != nullptr) judge_reload(block, own, path);
    block.bytes_place = written_at(own, "capacity.bytes");
    model_.blocks.push_back(std::move(block));
  }

  static void read_values(const ConfigValue& map, const std::string& path, BlockModel& block,
                          Findings& findings) {
    block_table().read(map, path, block.options, findings);
    for (StrategyPart& part : block.strategies) part.type->read(map, path, part.options, findings);
  }

  /// The strategies that a map names; empty if it names none, or, with a finding, one that there is
  /// not.
  Composition read_strategies(const ConfigValue& map, const std::string& path) {
    const Member* named = map.find(kStrategyKey);
    if (named == nullptr) return {};
    return read_composition(named->value, path_to(path, kStrategyKey), *registry_, findings_);
  }

  /// The block's own, else those of the defaults, else ttl. Empty if it cannot be told; that has
  /// been reported.
  Composition strategies_of(const ConfigValue& own, const std::string& path) {
    Composition composition;
    const Member* inherited = defaults_ == nullptr ? nullptr : defaults_->find(kStrategyKey);
    if (own.find(kStrategyKey) != nullptr) {
      composition = read_strategies(own, path);
    } else if (inherited != nullptr) {
      composition = inherited_;
    } else if (const StrategyType* strategy = registry_->find(kDefaultStrategy)) {
      composition = {strategy};
    } else {
      findings_.add(own.place, path_to(path, kStrategyKey),
                    "missing" + did_you_mean({}, registry_->names()));
    }
    if (!composition.empty()) complete_composition(composition, own, *registry_);
    return composition;
  }

  /// Judges values where it is not known which strategy they are for: each by every table that
  /// knows its key.
  void judge_alone(const ConfigValue& map, const std::string& path) {
    std::vector<std::string> known = block_keys();
    for (const StrategyType& type : registry_->types()) {
      for (std::string& key : type.keys()) known.push_back(std::move(key));
    }
    for (const Member& member : map.members) {
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      findings_.add(member.place, path_to(path, member.key),
                    "unknown key" + did_you_mean(member.key, known));
    }
    BlockModel scratch;
    block_table().read(map, path, scratch.options, findings_);
    Findings judged;
    check_block_options(scratch, judged);
    for (const StrategyType& type : registry_->types()) {
      const bool used = std::any_of(map.members.begin(), map.members.end(),
                                    [&type](const Member& m) { return type.owns_key(m.key); });
      if (!used) continue;
      std::any options = type.default_options();
      type.read(map, path, options, findings_);
      type.check(options, {}, judged);
      type.check_relations(options, {}, judged);
    }
    for (const Finding& finding : judged.all()) {
      const Place place = place_of(map, finding.path);
      findings_.add(place.line > 0 ? place : map.place, fmt::format("{}.{}", path, finding.path),
                    finding.message);
    }
  }

  /// Keys that this block does not know or has no use for.
  void report_foreign(const ConfigValue& own, const std::string& path,
                      const Composition& composition) {
    std::vector<std::string> known = block_keys();
    std::string names;
    for (const StrategyType* type : composition) {
      for (std::string& key : type->keys()) known.push_back(std::move(key));
      names += (names.empty() ? "" : ", ") + in_quotes(type->name());
    }
    for (const Member& member : own.members) {
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      const auto owner =
          std::find_if(registry_->types().begin(), registry_->types().end(),
                       [&member](const StrategyType& type) { return type.owns_key(member.key); });
      findings_.add(member.place, path_to(path, member.key),
                    owner == registry_->types().end()
                        ? "unknown key" + did_you_mean(member.key, known)
                        : fmt::format("not used by strategy {}, only by {}", names,
                                      in_quotes(owner->name())));
    }
  }

  void judge(const BlockModel& block, const ConfigValue& own, const std::string& path) {
    Findings judged;
    check_block_options(block, judged);
    for (const Finding& finding : judged.all()) {
      const Place place = place_of(own, finding.path);
      const bool inherited =
          place.line == 0 && defaults_ != nullptr && place_of(*defaults_, finding.path).line > 0;
      if (inherited) continue;  // it was judged where it stands
      findings_.add(place.line > 0 ? place : block.place, fmt::format("{}.{}", path, finding.path),
                    finding.message);
    }
    Findings related;
    check_block_relations(block, related);
    for (const Finding& finding : related.all()) {
      Place place = written_at(own, finding.path);
      if (place.line == 0) place = block.place;
      findings_.add(std::move(place), fmt::format("{}.{}", path, finding.path), finding.message);
    }
  }

  /// Where a block's option was written: in the block, in defaults, or nowhere.
  Place written_at(const ConfigValue& own, std::string_view path) const {
    Place place = place_of(own, path);
    return place.line > 0 || defaults_ == nullptr ? place : place_of(*defaults_, path);
  }

  static std::vector<std::string> block_keys() {
    std::vector<std::string> keys{std::string(kStrategyKey)};
    for (std::string& key : block_table().names()) keys.push_back(std::move(key));
    return keys;
  }

  const StrategyRegistry* registry_;  // with the policy's plugins, once they are read
  const PolicyModel* running_;
  Findings& findings_;
  const ConfigValue* defaults_ = nullptr;
  Composition inherited_;  // the strategies of defaults_
  PolicyModel model_;
};

/// A strategy that code names, its parameters read as a policy's are; nullopt and a finding if there
/// is none.
std::optional<StrategyPart> plugin_part(const PluginOptions& given, const std::string& path,
                                        const StrategyRegistry& registry, Findings& findings) {
  const StrategyType* type = registry.find(given.strategy);
  if (type == nullptr || type->placement() != OptionPlacement::in_section) {
    findings.add(path_to(path, kStrategyKey),
                 fmt::format("unknown plugin strategy {}{}", in_quotes(given.strategy),
                             did_you_mean(given.strategy, strategy_words(registry))));
    return std::nullopt;
  }
  ConfigValue section;
  section.kind = ConfigValue::Kind::map;
  for (const auto& [name, parameter] : given.parameters) {
    ConfigValue value;
    value.kind = ConfigValue::Kind::scalar;
    value.text = parameter.text();
    section.members.push_back({name, {}, std::move(value)});
  }
  ConfigValue block;
  block.kind = ConfigValue::Kind::map;
  block.members.push_back({type->name(), {}, std::move(section)});
  StrategyPart part{type, type->default_options()};
  type->read(block, path, part.options, findings);
  return part;
}

}  // namespace

PolicyModel read_policy(std::string_view yaml, const std::string& file,
                        const StrategyRegistry& registry, const Observation& observation,
                        const PolicyModel* running) {
  Findings findings(kMaxFindings);
  PolicyModel model;
  if (const auto document = read_document(yaml, file, findings))
    model = PolicyReader(registry, observation, running, findings).read(*document);
  findings.throw_if_any();
  return model;
}

PolicyModel read_policy_file(const std::filesystem::path& file, const StrategyRegistry& registry,
                             const Observation& observation, const PolicyModel* running) {
  Findings findings;
  const auto text = read_file(file, findings);
  findings.throw_if_any();
  return read_policy(*text, file.string(), registry, observation, running);
}

PolicyModel policy_from_code(std::vector<CodeBlock> blocks, const StrategyRegistry& registry,
                             const RulesInCode& rules, Findings findings,
                             const Observation& observation, const WarmOptions& warm) {
  PolicyModel model;
  model.observation = observation;
  observation_table().validate(observation, {}, findings);
  std::vector<BlockName> names;
  for (const CodeBlock& block : blocks) names.push_back({block.name, {}});
  if (names.empty()) findings.add("namespaces", "expected at least one block, found none");
  check_block_names(names, findings);
  for (CodeBlock& given : blocks) {
    BlockModel block{std::move(given.name), std::move(given.block), {}, {}, {}};
    Composition composition;
    for (std::any& options : given.strategies) {
      if (const auto* plugin = std::any_cast<PluginOptions>(&options)) {
        auto part = plugin_part(*plugin, block_path(block.name), registry, findings);
        if (!part) continue;
        composition.push_back(part->type);
        block.strategies.push_back(std::move(*part));
        continue;
      }
      const StrategyType* strategy = registry.find(std::type_index(options.type()));
      if (strategy == nullptr) {
        findings.add(block_path(block.name), "the options are those of no known strategy" +
                                                 did_you_mean({}, registry.names()));
        continue;
      }
      composition.push_back(strategy);
      block.strategies.push_back({strategy, std::move(options)});
    }
    if (const std::string problem = composition_problem(composition); !problem.empty()) {
      findings.add(block_path(block.name), problem);
    }
    std::stable_sort(block.strategies.begin(), block.strategies.end(),
                     [](const StrategyPart& a, const StrategyPart& b) {
                       return composition_rank(*a.type) < composition_rank(*b.type);
                     });
    Findings judged;
    check_block_options(block, judged);
    check_block_relations(block, judged);
    for (const Finding& finding : judged.all()) {
      findings.add(fmt::format("{}.{}", block_path(block.name), finding.path), finding.message);
    }
    model.blocks.push_back(std::move(block));
  }
  std::vector<std::string> served;
  for (const BlockModel& block : model.blocks) served.push_back(block.name);
  model.rules = rules::rules_from_code(rules, served, findings);
  model.warm = warm_from_code(warm, served, findings);
  findings.throw_if_any();
  note_separators(model);
  return model;
}

}  // namespace freshet::config
