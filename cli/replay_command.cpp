#include "replay_command.hpp"

#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "replay/replay_run.hpp"
#include "replay/report.hpp"
#include "replay_options.hpp"

namespace freshet::cli {
namespace {

struct Arguments {
  std::string config;
  std::string writes = "silent";
  TraceArguments trace;
};

void run(const Arguments& arguments) {
  const replay::Writes writes = writes_of(arguments.writes);
  const Duration tick = tick_of(arguments.trace);
  replay::Replayer replayer = replay::Replayer::from_yaml_file(
      arguments.config, {arguments.trace.name_space, writes, tick});
  replay::replay_traces(arguments.trace.traces, std::span(&replayer, 1));
  const replay::PolicyResult result{arguments.config, arguments.config, replayer.name_space(),
                                    writes, replayer.figures()};
  std::fputs((arguments.trace.json ? replay_json(result, tick) : replay_text(result, tick)).c_str(),
             stdout);
}

}  // namespace

void add_replay_command(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("replay", "Run a recorded trace through a policy, in virtual time");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("--config", arguments->config, "The policy")->required()->type_name("FILE");
  command
      ->add_option("--writes", arguments->writes,
                   "How the cache learns of a write: silent (not at all), put (stored through it; "
                   "a delete invalidates), "
                   "event (refused: not built yet)")
      ->type_name("silent|event|put")
      ->capture_default_str();
  add_trace_arguments(*command, arguments->trace);
  command->footer(
      "hit_ratio = hits / (hits + misses); stale_ratio = stale_serves / (hits + misses), a stale "
      "serve being a hit with an\n"
      "older version than the origin has. Each trace file's times go on from the end of the file "
      "before it.");
  command->callback([arguments, &exit_code] {
    run(*arguments);
    exit_code = 0;
  });
}

}  // namespace freshet::cli
