// Strategies from shared objects: what a policy's `plugins:` does, as a call.
//
//   auto strategies = StrategyRegistry::with_builtins();
//   register_plugin(*strategies, "/usr/lib/freshet/plugins/libsliding_ttl.so");
//
// What a plugin is written against stands in freshet/plugin_sdk (target freshet::plugin_sdk).
#pragma once

#include <filesystem>
#include <string>

#include "freshet/strategy_registry.hpp"

namespace freshet {

/// Loads a plugin and adds its strategy under the plugin's own name, its options in a section of
/// that name. The library stays loaded as long as the registry, a copy of it or one of its
/// strategies lives. Throws Error, which names the file and the reason, and changes nothing: for a
/// file that others can write or that is no whole shared object of this machine, for the wrong
/// version of the interface, for a plugin that fails, crashes or hangs when it is tried in a process
/// of its own, for a name that is taken. Blocks for as long as the trial takes, a few milliseconds
/// for a good plugin, five seconds for one that hangs. Call it before threads are busy: the trial is
/// a fork, and a lock that another thread held at that moment stays held in the child, which can
/// only cost a good plugin its trial.
void register_plugin(StrategyRegistry& registry, const std::filesystem::path& file);

}  // namespace freshet
