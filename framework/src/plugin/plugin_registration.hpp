// A loaded plugin as a type of strategy that policies can name.
#pragma once

#include <memory>

#include "freshet/plugin.hpp"
#include "plugin/plugin_loader.hpp"

namespace freshet::plugin {

/// Adds it under its own name. The registry's type holds the library. Throws Error, with the
/// file and the reason, if the name is taken or is a word of policies.
void register_library(StrategyRegistry& registry, std::shared_ptr<const PluginLibrary> library);

}  // namespace freshet::plugin
