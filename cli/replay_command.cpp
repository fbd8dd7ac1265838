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
  std::size_t hot_keys = 0;
  bool entries = false;
  TraceArguments trace;
};

void run(const Arguments& arguments) {
  const replay::Writes writes = writes_of(arguments.writes);
  const Duration tick = tick_of(arguments.trace);
  replay::Replayer replayer = replay::Replayer::from_yaml_file(
      arguments.config, {arguments.trace.name_space, writes, tick, arguments.hot_keys});
  replay::replay_traces(arguments.trace.traces, std::span(&replayer, 1));
  replay::PolicyResult result{arguments.config, arguments.config, replayer.name_space(), writes,
                              replayer.figures()};
  if (arguments.hot_keys > 0) result.hot_keys = replayer.hot_keys();
  if (arguments.entries) result.entries = replayer.entries();
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
                   "event (the event origin_write {namespace, key} goes to the policy's rules)")
      ->type_name("silent|event|put")
      ->capture_default_str();
  command
      ->add_option("--hot-keys", arguments->hot_keys,
                   "How many of the most-read keys to list, with the number of their reads")
      ->type_name("COUNT")
      ->check(CLI::Range(std::size_t{1}, replay::Replayer::kTrackedKeys));
  command->add_flag("--entries", arguments->entries,
                    "Show what the cache holds at the end: sizes, ages, what expires next");
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
