// Strategies from shared objects: what a policy's `plugins:` does, as a call.
//
//   auto strategies = StrategyRegistry::with_builtins();
//   register_plugin(*strategies, "/usr/lib/freshet/plugins/libsliding_ttl.so");
//
// In code, without a registry of one's own:
//
//   CacheInvalidator::builder()
//       .plugin("/usr/lib/freshet/plugins/libsliding_ttl.so")
//       .cache("sessions", PluginOptions{.strategy = "sliding_ttl", .parameters = {{"idle", 10min}}})
//       .build();
//
// What a plugin is written against stands in freshet/plugin_sdk (target freshet::plugin_sdk).
#pragma once

#include <concepts>
#include <filesystem>
#include <map>
#include <string>
#include <type_traits>
#include <utility>

#include "freshet/clock.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet {

/// A parameter of a plugin, as a policy writes it: `5m`, `true`, `2.5`.
class PluginParameter {
 public:
  PluginParameter(const char* text) : text_(text) {}             // NOLINT(google-explicit-*)
  PluginParameter(std::string text) : text_(std::move(text)) {}  // NOLINT(google-explicit-*)
  template <std::convertible_to<Duration> Span>
  PluginParameter(Span span) : text_(text_of(Duration(span))) {}  // NOLINT(google-explicit-*)
  template <class Number>
  requires std::is_arithmetic_v<Number> PluginParameter(Number number)  // NOLINT(google-explicit-*)
      : text_(text_of(number)) {}

  const std::string& text() const noexcept { return text_; }

 private:
  static std::string text_of(Duration value);
  static std::string text_of(bool value);
  static std::string text_of(double value);
  template <std::integral Number>
  static std::string text_of(Number value) {
    return std::to_string(value);
  }

  std::string text_;
};

/// The strategy of a plugin for CacheInvalidatorBuilder::cache, as `strategy: sliding_ttl` with
/// `sliding_ttl: {idle: 10m}` in a policy, and judged by the plugin's schema like that.
struct PluginOptions {
  std::string strategy;                                 // the plugin's name
  std::map<std::string, PluginParameter> parameters{};  // those that are not given have defaults
};

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
