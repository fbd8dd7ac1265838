// PolicyModel: a policy that has been read and judged; what the engine is built from.
//
// Three steps, each with its own tests: YAML to ConfigValue (document.hpp), ConfigValue to plain
// structs, structs judged as a whole. A policy given in code takes the last step through the same
// functions. Whatever is wrong comes as one ConfigError with all findings in the order of the file.
#pragma once

#include <any>
#include <filesystem>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

#include "freshet/errors.hpp"
#include "freshet/policy.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet::config {

struct BlockModel {
  std::string name;
  BlockOptions options;
  const StrategyType* strategy;  // belongs to the registry that the policy was read with
  std::any strategy_options;     // valid, of strategy->options_type()
  Place place;                   // of its name
  Place
      bytes_place;  // where capacity.bytes was written, which may be in `defaults`; line 0: nowhere
};

struct PolicyModel {
  std::vector<BlockModel> blocks;  // at least one, names distinct, in the order of the file
};

/// Throws ConfigError. `file` is the name that findings carry.
PolicyModel read_policy(std::string_view yaml, const std::string& file,
                        const StrategyRegistry& registry);
PolicyModel read_policy_file(const std::filesystem::path& file, const StrategyRegistry& registry);

struct CodeBlock {
  std::string name;
  std::type_index options_type;
  std::any options;
  BlockOptions block;
};

/// The same for blocks given in code. Findings have paths and no places.
PolicyModel policy_from_code(std::vector<CodeBlock> blocks, const StrategyRegistry& registry);

/// What was understood, as a policy that reads back to the same model: every option with its
/// effective value.
std::string policy_text(const PolicyModel& model);

/// The same as JSON: {"namespaces": {"profiles": {"strategy": "ttl", "ttl": "1h", …}}}, values as
/// in the text.
std::string policy_json(const PolicyModel& model);

}  // namespace freshet::config
