// freshet_peers: Freshet beside the caches that Debian packages, in one run. bench/README.md says how it measures.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "peers/counted.hpp"
#include "peers/memory.hpp"
#include "peers/report.hpp"
#include "peers/rounds.hpp"

namespace {

using namespace freshet::bench;  // NOLINT(google-build-using-namespace): the program is all of it

struct Arguments {
  RunOptions run;
  std::vector<std::string> peers;
  std::vector<std::string> workloads;
  std::string json;
  std::vector<std::string> counted;  // what, and how often
  std::string memory_of;
  bool list = false;
};

void describe(CLI::App& app, Arguments& arguments) {
  app.add_option("--rounds", arguments.run.rounds, "rounds, each with every subject")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000));
  app.add_option("--seconds", arguments.run.seconds, "seconds of one measurement")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 60.0));
  app.add_option("--peers", arguments.peers, "parts of names, with commas; Freshet is always there")
      ->delimiter(',');
  app.add_option("--workloads", arguments.workloads,
                 "of a100k, a1m, b, c, hot, get_many, erase, memory, expiry, with commas")
      ->delimiter(',');
  app.add_option("--json", arguments.json, "file to write everything to, - for standard output");
  app.add_flag("--list", arguments.list, "the subjects, and which of them are missing");
  app.add_option("--callgrind", arguments.counted,
                 "one workload and a number: Freshet alone, in a function counted_operations; " +
                     counted_names())
      ->expected(2);
  app.add_option("--memory-of", arguments.memory_of)->group("");
}

void list_missing(const std::vector<Candidate>& all) {
  for (const Candidate& candidate : all) {
    if (candidate.made == nullptr)
      fmt::print(stderr, "freshet_peers: without {}, which needs {}\n", candidate.name,
                 candidate.package);
  }
}

bool wanted(const std::string& name, const std::vector<std::string>& parts) {
  if (parts.empty() || name.starts_with("freshet")) return true;
  return std::any_of(parts.begin(), parts.end(),
                     [&](const std::string& part) { return name.find(part) != std::string::npos; });
}

std::vector<Subject*> subjects_of(const std::vector<Candidate>& all,
                                  const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    if (std::none_of(all.begin(), all.end(), [&](const Candidate& candidate) {
          return candidate.name.find(part) != std::string::npos;
        }))
      throw std::invalid_argument("no subject is called " + part);
  }
  std::vector<Subject*> subjects;
  for (const Candidate& candidate : all) {
    if (candidate.made != nullptr && wanted(candidate.name, parts))
      subjects.push_back(candidate.made.get());
  }
  return subjects;
}

/// Fills in the workloads; get_many brings along what it is compared with.
void choose(RunOptions& run, std::vector<std::string> names) {
  const auto take = [&names](std::string_view name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return false;
    names.erase(found);
    return true;
  };
  if (names.empty()) {
    run.workloads.assign(kWorkloads.begin(), kWorkloads.end());
    return;
  }
  for (const Workload workload : kWorkloads) {
    if (workload == Workload::get_many && take(name_of(workload))) {
      run.workloads.insert(run.workloads.end(), {Workload::get_many, Workload::singles});
    } else if (take(name_of(workload))) {
      run.workloads.push_back(workload);
    }
  }
  run.memory = take("memory");
  run.expiry = take("expiry");
  if (!names.empty()) throw std::invalid_argument("no workload is called " + names.front());
}

void write_json(const std::string& path, const std::string& text) {
  if (path == "-") {
    fmt::print("{}", text);
    return;
  }
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

int measure(Arguments& arguments) {
  const std::vector<Candidate> all = candidates();
  list_missing(all);
  if (arguments.list) {
    for (const Candidate& candidate : all) {
      if (candidate.made != nullptr) fmt::print("{}\n", candidate.name);
    }
    return 0;
  }
  choose(arguments.run, arguments.workloads);
  const Results results = run_rounds(arguments.run, subjects_of(all, arguments.peers));
  if (arguments.json != "-") fmt::print("{}", text_report(results));
  if (!arguments.json.empty()) write_json(arguments.json, json_report(results));
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app{"Freshet beside other caches; read the ratios, not the times", "freshet_peers"};
  Arguments arguments;
  describe(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (!arguments.memory_of.empty()) return print_memory_of(arguments.memory_of) ? 0 : 2;
  if (!arguments.counted.empty()) {
    if (count_operations(arguments.counted[0], std::stoull(arguments.counted[1]))) return 0;
    throw std::invalid_argument("--callgrind takes one of " + counted_names());
  }
  return measure(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "freshet_peers: {}\n", error.what());
    return 1;
  }
}
