// freshet_fleet: loads per ttl of a fleet that reads one key, under nothing, single flight, jitter and early refresh. A table, or with
// --json a line for each of its rows.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "simulation/fleet/fleet.hpp"
#include "support/plugin_folder.hpp"

namespace freshet::simulation {
namespace {

constexpr int kUsersMistake = 2;

void print_json(const FleetOptions& options, const FleetFigures& figures) {
  fmt::print(
      R"({{"remedy": "{}", "shared_store": {}, "load_time_noted": {}, "versions_remembered": {}, )"
      R"("processes": {}, "seed": {}, "loads": [{}], "at_once": {}, "reads": {}, "waited": {}, )"
      R"("hits": {}, "fingerprint": {}}})"
      "\n",
      name_of(options.remedy), options.shares_store, options.notes_load_time, options.remembers,
      options.processes, options.seed, fmt::join(figures.loads, ", "), figures.at_once,
      figures.reads, figures.waited, figures.hits, figures.fingerprint);
}

void print_row(const FleetOptions& options, const FleetFigures& figures) {
  const std::string name = fmt::format("{}{}{}", name_of(options.remedy),
                                       options.notes_load_time ? "" : ", load time not noted",
                                       options.remembers ? ", versions remembered" : "");
  fmt::print("| {:<35} | {:>13.1f} | {:>4} | {:>7} | {:>6.2f} | {:>5.1f} |\n", name,
             figures.mean_loads(), figures.most_loads(), figures.at_once,
             figures.of_reads(figures.waited), figures.of_reads(figures.hits));
}

void run_one(const FleetOptions& options, bool json) {
  const FleetFigures figures = run_fleet(options);
  json ? print_json(options, figures) : print_row(options, figures);
  std::fflush(stdout);
}

void run_all(FleetOptions options, bool json) {
  for (const bool shares_store : {false, true}) {
    options.shares_store = shares_store;
    if (!json) {
      fmt::print(
          "{}{} processes, {}:\n\n"
          "| {:<35} | loads per ttl | most | at once | waited | hits |\n"
          "| --- | --- | --- | --- | --- | --- |\n",
          shares_store ? "\n" : "", options.processes,
          shares_store ? "in front of a store that they share" : "each for itself", "");
    }
    for (const Remedy remedy : kRemedies) {
      options.remedy = remedy;
      run_one(options, json);
      if (!shares_store) continue;
      FleetOptions other = options;
      other.remembers = remedy == Remedy::jitter;
      other.notes_load_time = remedy != Remedy::early_refresh;
      if (other.remembers || !other.notes_load_time) run_one(other, json);
    }
  }
  if (json) return;
  fmt::print(
      "\nLoads of the origin: the mean of {} ttls, the most in one, the most at once. Of 1,000 "
      "reads: how many took longer\n"
      "than 10 ms, and how many were answered at once.\n",
      options.ttls);
}

int main_of(int argc, char** argv) {
  FleetOptions options;
  bool json = false;
  CLI::App app{"Loads per ttl of a simulated fleet that reads one key", "freshet_fleet"};
  app.add_option("--processes", options.processes, "how many processes read the key")
      ->check(CLI::Range(1, 5'000))
      ->capture_default_str();
  app.add_option("--ttls", options.ttls, "how many lifetimes are counted, after the first")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "what everything follows from")->capture_default_str();
  app.add_flag("--json", json, "a line for each row, in place of the table");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsersMistake;
  }
  const test::PluginFolder plugins;
  options.plugin = plugins.shipped("early_refresh");
  run_all(options, json);
  return 0;
}

}  // namespace
}  // namespace freshet::simulation

int main(int argc, char** argv) {
  try {
    return freshet::simulation::main_of(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "freshet_fleet: {}\n", error.what());
    return 1;
  }
}
