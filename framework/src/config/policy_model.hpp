// PolicyModel: a policy that has been read and judged; what the engine is built from.
//
// Three steps, each with its own tests: YAML to ConfigValue (document.hpp), ConfigValue to plain
// structs, structs judged as a whole. A policy given in code takes the last step through the same
// functions. Whatever is wrong comes as one ConfigError with all findings in the order of the file.
#pragma once

#include <any>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/observation_table.hpp"
#include "config/warm_section.hpp"
#include "freshet/errors.hpp"
#include "freshet/findings.hpp"
#include "freshet/policy.hpp"
#include "freshet/rule.hpp"
#include "freshet/strategy_registry.hpp"
#include "rules/rule_model.hpp"

namespace freshet::config {

/// One of the strategies that a block composes.
struct StrategyPart {
  const StrategyType* type;  // belongs to the registry that the policy was read with
  std::any options;          // valid, of type->options_type()
};

struct BlockModel {
  std::string name;
  BlockOptions options;
  std::vector<StrategyPart> strategies;  // at least one, in the order in which they are asked
  Place place;                           // of its name
  Place bytes_place;  // where capacity.bytes was written, perhaps in `defaults`; line 0: nowhere
};

/// The strategies of a block in words: `ttl`, or `[ttl, event, predictive]`.
std::string strategy_text(const BlockModel& block);

struct PolicyModel {
  // Where the plugins of the policy are registered, beside the strategies of the registry that it was
  // read with; null without plugins. First: blocks point into it.
  std::shared_ptr<const StrategyRegistry> plugins{};
  std::vector<std::string> plugin_files{};  // absolute
  std::vector<BlockModel> blocks{};  // at least one, names distinct, in the order of the file
  rules::RuleSet rules{};            // of `events` and `entities`
  Observation observation{};         // `analytics` and `warnings`, over what Components say
  WarmModel warm{};                  // `warm`
};

/// Throws ConfigError. `file` is the name that findings carry; `observation` is what holds where the
/// policy says nothing of it. With `running`, a policy that was read with the same registry and is at
/// work, what cannot be changed of that is a finding too (reload_check.hpp).
PolicyModel read_policy(std::string_view yaml, const std::string& file,
                        const StrategyRegistry& registry, const Observation& observation = {},
                        const PolicyModel* running = nullptr);
PolicyModel read_policy_file(const std::filesystem::path& file, const StrategyRegistry& registry,
                             const Observation& observation = {},
                             const PolicyModel* running = nullptr);

struct CodeBlock {
  std::string name;
  std::vector<std::any> strategies;  // the options of each
  BlockOptions block;
};

/// The same for blocks and rules given in code. Findings have paths and no places; `findings` are thrown with
/// them.
PolicyModel policy_from_code(std::vector<CodeBlock> blocks, const StrategyRegistry& registry,
                             const RulesInCode& rules = {}, Findings findings = {},
                             const Observation& observation = {}, const WarmOptions& warm = {});

/// Whether two blocks read alike: strategies, and every option with its effective value.
bool same_block(const BlockModel& a, const BlockModel& b);

/// What was understood, as a policy that reads back to the same model: every option with its
/// effective value.
std::string policy_text(const PolicyModel& model);

/// The same as JSON: {"namespaces": {"profiles": {"strategy": "ttl", "ttl": "1h", …}}}, values as
/// in the text.
std::string policy_json(const PolicyModel& model);

}  // namespace freshet::config
