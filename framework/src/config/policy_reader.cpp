// From a document to a PolicyModel.
//
// A block is read twice over: `defaults` first, silently, then its own keys on top. Values in
// `defaults` are judged once, where they stand; a block is judged as it comes out, and its findings
// are given the place where the value was written. Everything is read that can be: values also
// where the strategy is unknown, blocks also where the version is wrong.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/block_check.hpp"
#include "config/block_table.hpp"
#include "config/document.hpp"
#include "config/policy_model.hpp"

namespace freshet::config {
namespace {

constexpr std::string_view kVersionKey = "freshet";
constexpr std::string_view kDefaultsKey = "defaults";
constexpr std::string_view kNamespacesKey = "namespaces";
constexpr std::string_view kDefaultStrategy = "ttl";

class PolicyReader {
 public:
  PolicyReader(const StrategyRegistry& registry, Findings& findings)
      : registry_(registry), findings_(findings) {}

  PolicyModel read(const ConfigValue& root) {
    if (!root.is_map()) {
      findings_.add(root.place, {},
                    fmt::format("expected a map with \"freshet: 1\", found {}", describe(root)));
      return {};
    }
    report_unknown(root);
    read_version(root);
    read_defaults(root);
    read_namespaces(root);
    return std::move(model_);
  }

 private:
  using Member = ConfigValue::Member;

  void report_unknown(const ConfigValue& root) {
    const std::vector<std::string> known{std::string(kVersionKey), std::string(kDefaultsKey),
                                         std::string(kNamespacesKey)};
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
    read_strategy(*defaults_, path);
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
    if (names.size() > kMaxBlocks) return;
    for (const Member& block : blocks.members) read_block(block);
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
    const StrategyType* strategy = strategy_of(own, path);
    if (strategy == nullptr) return judge_alone(own, path);

    BlockModel block{member.key, {}, strategy, strategy->default_options(), member.place, {}};
    if (defaults_ != nullptr) {
      Findings silent;  // what is wrong with defaults has been said
      read_values(*defaults_, path, block, silent);
    }
    report_foreign(own, path, *strategy);
    read_values(own, path, block, findings_);
    judge(block, own, path);
    block.bytes_place = written_at(own, "capacity.bytes");
    model_.blocks.push_back(std::move(block));
  }

  static void read_values(const ConfigValue& map, const std::string& path, BlockModel& block,
                          Findings& findings) {
    block_table().read(map, path, block.options, findings);
    block.strategy->read(map, path, block.strategy_options, findings);
  }

  /// The strategy that a map names; null if it names none, or, with a finding, one that there is
  /// not.
  const StrategyType* read_strategy(const ConfigValue& map, const std::string& path) {
    const Member* named = map.find(kStrategyKey);
    if (named == nullptr) return nullptr;
    const std::string at = path_to(path, kStrategyKey);
    if (!named->value.is_scalar()) {
      findings_.add(
          named->value.place, at,
          fmt::format("expected the name of a strategy, found {}", describe(named->value)));
      return nullptr;
    }
    const StrategyType* strategy = registry_.find(named->value.text);
    if (strategy == nullptr) {
      findings_.add(named->value.place, at,
                    fmt::format("unknown strategy {}{}", describe(named->value),
                                did_you_mean(named->value.text, registry_.names())));
    }
    return strategy;
  }

  /// The block's own, else that of the defaults, else ttl. Null if it cannot be told; that has been
  /// reported.
  const StrategyType* strategy_of(const ConfigValue& own, const std::string& path) {
    if (own.find(kStrategyKey) != nullptr) return read_strategy(own, path);
    const Member* inherited = defaults_ == nullptr ? nullptr : defaults_->find(kStrategyKey);
    if (inherited != nullptr)
      return inherited->value.is_scalar() ? registry_.find(inherited->value.text) : nullptr;
    const StrategyType* strategy = registry_.find(kDefaultStrategy);
    if (strategy == nullptr) {
      findings_.add(own.place, path_to(path, kStrategyKey),
                    "missing" + did_you_mean({}, registry_.names()));
    }
    return strategy;
  }

  /// Judges values where it is not known which strategy they are for: each by every table that
  /// knows its key.
  void judge_alone(const ConfigValue& map, const std::string& path) {
    std::vector<std::string> known = block_keys();
    for (const StrategyType& type : registry_.types()) {
      for (std::string& key : type.keys()) known.push_back(std::move(key));
    }
    for (const Member& member : map.members) {
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      findings_.add(member.place, path_to(path, member.key),
                    "unknown key" + did_you_mean(member.key, known));
    }
    BlockModel scratch{{}, {}, nullptr, {}, {}, {}};
    block_table().read(map, path, scratch.options, findings_);
    Findings judged;
    check_block_options(scratch, judged);
    for (const StrategyType& type : registry_.types()) {
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
                      const StrategyType& strategy) {
    std::vector<std::string> known = block_keys();
    for (std::string& key : strategy.keys()) known.push_back(std::move(key));
    for (const Member& member : own.members) {
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      const auto owner =
          std::find_if(registry_.types().begin(), registry_.types().end(),
                       [&member](const StrategyType& type) { return type.owns_key(member.key); });
      findings_.add(member.place, path_to(path, member.key),
                    owner == registry_.types().end()
                        ? "unknown key" + did_you_mean(member.key, known)
                        : fmt::format("not used by strategy {}, only by {}",
                                      in_quotes(strategy.name()), in_quotes(owner->name())));
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

  const StrategyRegistry& registry_;
  Findings& findings_;
  const ConfigValue* defaults_ = nullptr;
  PolicyModel model_;
};

}  // namespace

PolicyModel read_policy(std::string_view yaml, const std::string& file,
                        const StrategyRegistry& registry) {
  Findings findings;
  PolicyModel model;
  if (const auto document = read_document(yaml, file, findings))
    model = PolicyReader(registry, findings).read(*document);
  findings.throw_if_any();
  return model;
}

PolicyModel read_policy_file(const std::filesystem::path& file, const StrategyRegistry& registry) {
  Findings findings;
  const auto text = read_file(file, findings);
  findings.throw_if_any();
  return read_policy(*text, file.string(), registry);
}

PolicyModel policy_from_code(std::vector<CodeBlock> blocks, const StrategyRegistry& registry) {
  Findings findings;
  PolicyModel model;
  std::vector<BlockName> names;
  for (const CodeBlock& block : blocks) names.push_back({block.name, {}});
  if (names.empty()) findings.add("namespaces", "expected at least one block, found none");
  check_block_names(names, findings);
  for (CodeBlock& given : blocks) {
    const StrategyType* strategy = registry.find(given.options_type);
    if (strategy == nullptr) {
      findings.add(block_path(given.name), "the options are those of no known strategy" +
                                               did_you_mean({}, registry.names()));
    }
    BlockModel block{
        std::move(given.name), std::move(given.block), strategy, std::move(given.options), {}, {}};
    Findings judged;
    check_block_options(block, judged);
    check_block_relations(block, judged);
    for (const Finding& finding : judged.all()) {
      findings.add(fmt::format("{}.{}", block_path(block.name), finding.path), finding.message);
    }
    model.blocks.push_back(std::move(block));
  }
  findings.throw_if_any();
  return model;
}

}  // namespace freshet::config
