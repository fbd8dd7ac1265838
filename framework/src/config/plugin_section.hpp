// The `plugins:` section of a policy.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "freshet/config_value.hpp"
#include "freshet/findings.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet::config {

struct LoadedPlugins {
  std::shared_ptr<const StrategyRegistry> registry;  // never null
  std::vector<std::string> files;                    // in the order of the policy, absolute
};

/// A copy of `registry` with the plugins added that a list such as [{path: libadaptive_ttl.so}]
/// names. What is wrong with one is a finding at its path, and the others are loaded all
/// the same, so that one run tells everything; the caller refuses the policy and with it the copy.
/// A relative path starts at the policy file's folder, and at the working directory for a policy
/// that is no file.
LoadedPlugins load_plugins(const ConfigValue& plugins, const std::string& path,
                           const StrategyRegistry& registry, Findings& findings);

/// The same for files named in code; findings are at `plugins[0]`.
std::shared_ptr<StrategyRegistry> load_plugins(std::span<const std::filesystem::path> files,
                                               const StrategyRegistry& registry,
                                               Findings& findings);

/// The files that a list in a policy names, as LoadedPlugins has them; none is opened.
std::vector<std::string> plugin_files(const ConfigValue& plugins, const std::string& path,
                                      Findings& findings);

}  // namespace freshet::config
