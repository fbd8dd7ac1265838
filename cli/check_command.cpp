// freshet check.
#include "check_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "config/policy_model.hpp"
#include "freshet/errors.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet::cli {
namespace {

constexpr int kGood = 0;
constexpr int kBad = 2;

struct CheckOptions {
  std::string file;
  bool json = false;
};

int check(const CheckOptions& options) {
  const auto registry = StrategyRegistry::with_builtins();
  try {
    const config::PolicyModel model = config::read_policy_file(options.file, *registry);
    fmt::print("{}", options.json ? config::policy_json(model) : config::policy_text(model));
    return kGood;
  } catch (const ConfigError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kBad;
  }
}

}  // namespace

void add_check_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command =
      app.add_subcommand("check", "Check a policy file and print what was understood");
  command->add_option("file", options->file, "The policy, YAML")->required();
  command->add_flag("--json", options->json, "Print what was understood as JSON");
  command->callback([options, &exit_code] { exit_code = check(*options); });
}

}  // namespace freshet::cli
