#include "config/plugin_section.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "freshet/plugin.hpp"

namespace freshet::config {
namespace {

constexpr std::size_t kMaxPlugins = 64;
constexpr std::string_view kPathKey = "path";

/// The value of `path`, or null and a finding.
const ConfigValue* path_value(const ConfigValue& plugin, const std::string& path,
                              Findings& findings) {
  if (!plugin.is_map()) {
    findings.add(plugin.place, path,
                 fmt::format("expected a map such as {{path: libadaptive_ttl.so}}, found {}",
                             describe(plugin)));
    return nullptr;
  }
  const std::vector<std::string> known{std::string(kPathKey)};
  for (const ConfigValue::Member& member : plugin.members) {
    if (member.key == kPathKey) continue;
    findings.add(member.place, path_to(path, member.key),
                 "unknown key" + did_you_mean(member.key, known));
  }
  const ConfigValue::Member* member = plugin.find(kPathKey);
  if (member == nullptr) {
    findings.add(plugin.place, path_to(path, kPathKey), "missing, expected the path of a plugin");
    return nullptr;
  }
  if (!member->value.is_scalar() || member->value.text.empty()) {
    findings.add(member->value.place, path_to(path, kPathKey),
                 fmt::format("expected the path of a plugin, found {}", describe(member->value)));
    return nullptr;
  }
  return &member->value;
}

std::filesystem::path file_of(const ConfigValue& plugin, const ConfigValue& value) {
  return std::filesystem::path(plugin.place.file).parent_path() / value.text;
}

}  // namespace

std::vector<std::string> plugin_files(const ConfigValue& plugins, const std::string& path,
                                      Findings& findings) {
  std::vector<std::string> files;
  for (std::size_t i = 0; i < plugins.items.size(); ++i) {
    const ConfigValue& plugin = plugins.items[i];
    const ConfigValue* file = path_value(plugin, fmt::format("{}[{}]", path, i), findings);
    if (file != nullptr)
      files.push_back(std::filesystem::absolute(file_of(plugin, *file)).string());
  }
  return files;
}

LoadedPlugins load_plugins(const ConfigValue& plugins, const std::string& path,
                           const StrategyRegistry& registry, Findings& findings) {
  const std::shared_ptr<StrategyRegistry> extended = registry.copy();
  LoadedPlugins loaded{extended, {}};
  if (!plugins.is_list() || plugins.items.size() > kMaxPlugins) {
    findings.add(plugins.place, path,
                 fmt::format("expected a list of at most {} plugins such as [{{path: "
                             "libadaptive_ttl.so}}], found {}",
                             kMaxPlugins,
                             plugins.is_list() ? fmt::format("{}", plugins.items.size())
                                               : describe(plugins)));
    return loaded;
  }
  for (std::size_t i = 0; i < plugins.items.size(); ++i) {
    const std::string at = fmt::format("{}[{}]", path, i);
    const ConfigValue* file = path_value(plugins.items[i], at, findings);
    if (file == nullptr) continue;
    const std::filesystem::path at_path = file_of(plugins.items[i], *file);
    try {
      register_plugin(*extended, at_path);
      loaded.files.push_back(std::filesystem::absolute(at_path).string());
    } catch (const Error& error) {
      findings.add(file->place, path_to(at, kPathKey), error.what());
    }
  }
  return loaded;
}

std::shared_ptr<StrategyRegistry> load_plugins(std::span<const std::filesystem::path> files,
                                               const StrategyRegistry& registry,
                                               Findings& findings) {
  std::shared_ptr<StrategyRegistry> extended = registry.copy();
  if (files.size() > kMaxPlugins) {
    findings.add("plugins",
                 fmt::format("expected at most {} plugins, found {}", kMaxPlugins, files.size()));
    return extended;
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    try {
      register_plugin(*extended, files[i]);
    } catch (const Error& error) {
      findings.add(fmt::format("plugins[{}]", i), error.what());
    }
  }
  return extended;
}

}  // namespace freshet::config
