#include "replay_options.hpp"

#include <fmt/format.h>

#include "freshet/value_grammar.hpp"

namespace freshet::cli {

void add_trace_arguments(CLI::App& command, TraceArguments& arguments) {
  command
      .add_option("--trace", arguments.traces,
                  "Trace files: plain, gzip or zstd. Several make one stream")
      ->required()
      ->type_name("FILE");
  command
      .add_option("--namespace", arguments.name_space,
                  "The namespace to replay; may be left out if the policy has one block and that "
                  "is no glob")
      ->type_name("NAME");
  command
      .add_option("--tick", arguments.tick,
                  "How far a row without a time moves the clock, such as 5ms")
      ->type_name("DURATION")
      ->capture_default_str();
  command.add_flag("--json", arguments.json, "Write JSON to stdout");
}

Duration tick_of(const TraceArguments& arguments) {
  const Parsed<Duration> tick = parse_duration(arguments.tick);
  if (tick.value) return *tick.value;
  throw CLI::ValidationError("--tick",
                             fmt::format("found \"{}\": {}", arguments.tick, tick.problem));
}

replay::Writes writes_of(std::string_view text) {
  if (text == "silent") return replay::Writes::silent;
  if (text == "put") return replay::Writes::put;
  if (text == "event") return replay::Writes::event;
  throw CLI::ValidationError("--writes",
                             fmt::format("found \"{}\", expected silent, event or put", text));
}

}  // namespace freshet::cli
