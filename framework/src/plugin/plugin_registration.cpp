#include "plugin/plugin_registration.hpp"

#include <fmt/format.h>

#include <utility>

#include "plugin/plugin_strategy.hpp"

namespace freshet::plugin {

void register_library(StrategyRegistry& registry, std::shared_ptr<const PluginLibrary> library) {
  OptionTable<PluginOptions> table = library->schema().table;
  table.relate(
      [library](const PluginOptions& options, const std::string& path, Findings& findings) {
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
  PluginOptions defaults = library->schema().defaults;
  const std::string name = library->name();
  registry.add_shared(name, table, std::move(defaults),
                      [library = std::move(library)](const PluginOptions& options,
                                                     const StrategyCollaborators& with) {
                        return std::make_unique<PluginStrategy>(library, options, with);
                      });
}

}  // namespace freshet::plugin

namespace freshet {

void register_plugin(StrategyRegistry& registry, const std::filesystem::path& file) {
  plugin::register_library(registry, plugin::PluginLibrary::load(file));
}

}  // namespace freshet
