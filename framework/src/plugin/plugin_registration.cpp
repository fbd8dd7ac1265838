#include "plugin/plugin_registration.hpp"

#include <fmt/format.h>

#include <utility>

#include "freshet/value_grammar.hpp"
#include "plugin/plugin_strategy.hpp"

namespace freshet::plugin {

void register_library(StrategyRegistry& registry, std::shared_ptr<const PluginLibrary> library) {
  OptionTable<OptionValues> table = library->schema().table;
  table.relate([library](const OptionValues& options, const std::string& path, Findings& findings) {
    Findings own;
    library->schema().check_required(options, path, own);
    for (const Finding& finding : own.all()) findings.add(finding.path, finding.message);
    library->schema().table.list().check(&options, path, own);
    if (!own.empty()) return;  // said elsewhere, or just now
    const std::string refusal = library->refusal_of(options);
    if (!refusal.empty())
      findings.add(path,
                   fmt::format("plugin {} refuses the options: {}", library->name(), refusal));
  });
  OptionValues defaults = library->schema().defaults;
  const std::string name = library->name();
  const auto make = [library](const OptionValues& options, const StrategyCollaborators& with) {
    return std::make_unique<PluginStrategy>(library, options, with);
  };
  try {
    registry.add_shared(name, table, std::move(defaults), make);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", library->file(), error.what()));
  }
}

}  // namespace freshet::plugin

namespace freshet {

std::string PluginParameter::text_of(Duration value) { return format_duration(value); }

std::string PluginParameter::text_of(bool value) { return value ? "true" : "false"; }

std::string PluginParameter::text_of(double value) { return fmt::format("{}", value); }

void register_plugin(StrategyRegistry& registry, const std::filesystem::path& file) {
  plugin::register_library(registry, plugin::PluginLibrary::load(file));
}

}  // namespace freshet
