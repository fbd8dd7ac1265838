// freshet plugin.
#include "plugin_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "config/document.hpp"
#include "freshet/errors.hpp"
#include "freshet/findings.hpp"
#include "plugin/plugin_loader.hpp"
#include "plugin/plugin_strategy.hpp"
#include "plugin/plugin_table.hpp"
#include "plugin/strategy_contract.hpp"
#include "plugin_templates.hpp"

namespace freshet::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kGood = 0;
constexpr int kBad = 2;

// --- new ----------------------------------------------------------------------------------------

struct NewOptions {
  std::string name;
  std::string language = "c++";
};

void write_file(const fs::path& file, const std::string& content) {
  std::FILE* stream = std::fopen(file.c_str(), "wx");
  const bool written =
      stream != nullptr && std::fwrite(content.data(), 1, content.size(), stream) == content.size();
  const int error = errno;
  const bool closed = stream != nullptr && std::fclose(stream) == 0;
  if (!written || !closed) {
    throw std::runtime_error(
        fmt::format("cannot write {}: {}", file.string(), std::strerror(error)));
  }
}

int make_new(const NewOptions& options) {
  const fs::path folder = fs::path(options.name);
  if (!plugin::is_plugin_name(options.name.c_str())) {
    throw Error(fmt::format("the name of a plugin is lower-case letters, digits and '_', found {}",
                            in_quotes(options.name)));
  }
  std::error_code error;
  if (!fs::create_directory(folder, error)) {
    throw Error(fmt::format("cannot make the folder {}: {}", folder.string(),
                            error ? error.message() : "there is something of that name already"));
  }
  const auto language = options.language == "c" ? PluginLanguage::c : PluginLanguage::cpp;
  for (const TemplateFile& file : plugin_template(options.name, language)) {
    write_file(folder / file.path, file.content);
    fmt::print("{}\n", (folder / file.path).string());
  }
  fmt::print(
      "\nBuild and test it, with PREFIX where Freshet is installed:\n"
      "  cmake -S {0} -B {0}/build -DCMAKE_PREFIX_PATH=PREFIX\n"
      "  cmake --build {0}/build\n"
      "  ctest --test-dir {0}/build\n",
      folder.string());
  return kGood;
}

// --- check --------------------------------------------------------------------------------------

struct CheckOptions {
  std::string file;
  std::string options;
};

/// The plugin's defaults and, on top, what the YAML says. Throws ConfigError.
plugin::OptionValues read_options(const plugin::PluginLibrary& library, const std::string& yaml) {
  plugin::OptionValues options = library.schema().defaults;
  Findings findings;
  ConfigValue section;
  section.kind = ConfigValue::Kind::map;
  if (!yaml.empty()) {
    if (const auto document = config::read_document(yaml, "--options", findings))
      section = *document;
  }
  const detail::OptionList& list = library.schema().table.list();
  list.read_section(section, library.name(), &options, findings);
  Findings judged;
  list.check(&options, {}, judged);
  library.schema().check_required(options, {}, judged);
  for (const Finding& finding : judged.all()) {
    findings.add(place_of(section, finding.path), path_to(library.name(), finding.path),
                 finding.message);
  }
  findings.throw_if_any();
  const std::string refusal = library.refusal_of(options);
  if (!refusal.empty()) throw Error(fmt::format("{}: {}", library.name(), refusal));
  return options;
}

void describe_plugin(const plugin::PluginLibrary& library) {
  const freshet_plugin_v1& table = library.table();
  fmt::print("{}: a strategy plugin for the interface {}.{} (this is {}.{})\n", library.name(),
             table.abi_major, table.abi_minor, FRESHET_ABI_MAJOR, FRESHET_ABI_MINOR);
  const auto has = [](bool there) { return there ? "yes" : "no"; };
  fmt::print("  on_soft_expired: {}, on_event: {}, on_timer: {}\n",
             has(table.on_soft_expired != nullptr), has(table.on_event != nullptr),
             has(table.on_timer != nullptr));
  for (const OptionRow& row : library.schema().table.list().rows(&library.schema().defaults, {})) {
    fmt::print("  {}: {}{}{}, default {}; {}\n", row.name, row.type, row.range.empty() ? "" : " ",
               row.range, row.default_text, row.doc);
  }
}

int check(const CheckOptions& options) {
  const auto library = plugin::PluginLibrary::load(options.file);
  describe_plugin(*library);
  const plugin::OptionValues plugin_options = read_options(*library, options.options);
  const auto broken = plugin::check_strategy_contract([&](const StrategyCollaborators& with) {
    return std::make_unique<plugin::PluginStrategy>(library, plugin_options, with);
  });
  for (const plugin::ContractFinding& finding : broken)
    fmt::print(stderr, "{}: breaks the contract: {}: {}\n", options.file, finding.rule,
               finding.found);
  if (!broken.empty()) return kBad;
  fmt::print("It keeps the contract of strategies with the options {}.\n", plugin_options.json());
  return kGood;
}

}  // namespace

void add_plugin_command(CLI::App& app, int& exit_code) {
  CLI::App* plugin = app.add_subcommand("plugin", "Strategies in shared objects: write, check");
  plugin->require_subcommand(1);

  auto made = std::make_shared<NewOptions>();
  CLI::App* make = plugin->add_subcommand(
      "new", "Write a folder that builds and tests against an installed Freshet");
  make->add_option("name", made->name, "The strategy's name, and the folder's")->required();
  make->add_option("--language", made->language, "c or c++")
      ->check(CLI::IsMember({"c", "c++"}))
      ->capture_default_str();
  make->callback([made, &exit_code] { exit_code = make_new(*made); });

  auto checked = std::make_shared<CheckOptions>();
  CLI::App* check_command =
      plugin->add_subcommand("check", "Say what a plugin is and run the contract suite over it");
  check_command->add_option("file", checked->file, "The shared object")->required();
  check_command->add_option("--options", checked->options,
                            "Its options as a policy would give them: '{ttl: 1h}'");
  check_command->callback([checked, &exit_code] { exit_code = check(*checked); });
}

}  // namespace freshet::cli
