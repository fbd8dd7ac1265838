#include "compare_command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "replay/replay_run.hpp"
#include "replay/report.hpp"
#include "replay_options.hpp"

namespace freshet::cli {
namespace {

struct Arguments {
  std::vector<std::string> policies;
  TraceArguments trace;
};

struct NamedPolicy {
  std::string name;
  std::string file;
  replay::Writes writes = replay::Writes::silent;
};

/// Takes apart NAME=FILE[,writes=HOW].
NamedPolicy policy_of(std::string_view text) {
  constexpr std::string_view kWrites = ",writes=";
  NamedPolicy policy;
  if (const std::size_t at = text.rfind(kWrites); at != std::string_view::npos) {
    policy.writes = writes_of(text.substr(at + kWrites.size()));
    text = text.substr(0, at);
  }
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    throw CLI::ValidationError("--policy",
                               fmt::format("found \"{}\", expected NAME=FILE[,writes=put]", text));
  }
  policy.name = text.substr(0, equals);
  policy.file = text.substr(equals + 1);
  return policy;
}

void run(const Arguments& arguments) {
  const Duration tick = tick_of(arguments.trace);
  std::vector<NamedPolicy> policies;
  for (const std::string& text : arguments.policies) policies.push_back(policy_of(text));
  std::vector<replay::Replayer> replayers;
  for (const NamedPolicy& policy : policies) {
    replayers.push_back(replay::Replayer::from_yaml_file(
        policy.file, {arguments.trace.name_space, policy.writes, tick}));
  }
  replay::replay_traces(arguments.trace.traces, replayers);
  std::vector<replay::PolicyResult> results;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    results.push_back({policies[i].name, policies[i].file, replayers[i].name_space(),
                       policies[i].writes, replayers[i].figures()});
  }
  std::fputs(
      (arguments.trace.json ? compare_json(results, tick) : compare_text(results, tick)).c_str(),
      stdout);
}

}  // namespace

void add_compare_command(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("compare", "Run a recorded trace through several policies, side by side");
  const auto arguments = std::make_shared<Arguments>();
  command
      ->add_option("--policy", arguments->policies,
                   "A policy, the name of its row and how it learns of writes, which is silent "
                   "unless given. Once per row")
      ->required()
      ->type_name("NAME=FILE[,writes=silent|event|put]");
  add_trace_arguments(*command, arguments->trace);
  command->footer(
      "Every policy sees the same rows at the same times. `freshet replay --help` says what the "
      "figures are.");
  command->callback([arguments, &exit_code] {
    run(*arguments);
    exit_code = 0;
  });
}

}  // namespace freshet::cli
