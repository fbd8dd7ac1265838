// freshet_simulation: the production sources on the simulated machine, from seeds (docs/design/proof.md).
//
//   freshet_simulation --list
//   freshet_simulation [--workload NAME] [--scheduler random|priority] [--seeds N] [--first SEED] [--json]
//   freshet_simulation --workload NAME --scheduler KIND --seed SEED [--keep STEPS]     runs one seed, with its trace
// and, where the build has mutants, --mutant NAME. With --json a line per workload and scheduler, without an explanation.
//
// Without --workload all of them share --seeds equally, likewise the schedulers. Ends with 0 if nothing was violated, 1 if
// something was, 2 for a command line that it does not understand.
#include <fmt/format.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/explore.hpp"
#include "simulation/mutant.hpp"

namespace freshet::simulation {
namespace {

struct Options {
  std::vector<const Workload*> workloads;
  std::vector<SchedulerKind> schedulers{SchedulerKind::random, SchedulerKind::priority};
  std::uint64_t seeds = 10'000;
  std::uint64_t first = 1;
  std::optional<std::uint64_t> seed;
  std::string keep;
  std::string mutant;
  bool json = false;
  bool list = false;
};

[[noreturn]] void refuse(const std::string& why) {
  fmt::print(
      stderr,
      "freshet_simulation: {}; the start of tests/simulation/main.cpp says how it is called\n",
      why);
  std::exit(2);
}

Options read(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--json") {
      options.json = true;
      continue;
    }
    if (word == "--list") {
      options.list = true;
      continue;
    }
    if (i + 1 == words.size()) refuse("nothing follows " + word);
    const std::string& value = words[++i];
    if (word == "--workload") {
      const Workload* workload = find_workload(value);
      if (workload == nullptr) refuse("no workload \"" + value + "\"");
      options.workloads.push_back(workload);
    } else if (word == "--scheduler") {
      if (value != "random" && value != "priority") refuse("no scheduler \"" + value + "\"");
      options.schedulers = {value == "random" ? SchedulerKind::random : SchedulerKind::priority};
    } else if (word == "--seeds") {
      options.seeds = std::strtoull(value.c_str(), nullptr, 10);
    } else if (word == "--first") {
      options.first = std::strtoull(value.c_str(), nullptr, 10);
    } else if (word == "--seed") {
      options.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (word == "--keep") {
      options.keep = value;
    } else if (word == "--mutant") {
      options.mutant = value;
    } else {
      refuse("unknown option \"" + word + "\"");
    }
  }
  if (options.workloads.empty()) {
    for (const Workload& workload : workloads()) options.workloads.push_back(&workload);
  }
  return options;
}

// Where a run dies of a signal or an exception that nobody takes, the seed is what one wants to know.
void on_crash(int signal) {
  std::array<char, 256> text{};
  const int length = std::snprintf(text.data(), text.size(),
                                   "\nfreshet_simulation: died of signal %d; to repeat: "
                                   "freshet_simulation --workload %s --scheduler %s --seed %llu\n",
                                   signal, under_way.workload, name_of(under_way.scheduler),
                                   static_cast<unsigned long long>(under_way.seed));
  static_cast<void>(::write(STDERR_FILENO, text.data(), static_cast<std::size_t>(length)));
  ::_exit(1);
}

void report_crashes() {
  static std::array<char, 65'536> stack;
  stack_t alternative{};
  alternative.ss_sp = stack.data();
  alternative.ss_size = stack.size();
  ::sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_handler = &on_crash;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL})
    ::sigaction(signal, &action, nullptr);
}

// Of the processor: on a busy machine the time of day says nothing about the speed.
double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Exploration run(const Workload& workload, SchedulerKind scheduler, std::uint64_t seeds,
                const Options& options) {
  const double start = processor_seconds();
  ExploreOptions how{.first_seed = options.first, .seeds = seeds, .explain = !options.json};
  if (::isatty(STDERR_FILENO) != 0 && !options.json) {
    how.progress = [&](const Exploration& so_far) {
      fmt::print(stderr, "\r{:<14} {:<9} {:>9} of {} seeds", workload.name, name_of(scheduler),
                 so_far.seeds, seeds);
      std::fflush(stderr);
    };
  }
  Exploration result = explore(workload, scheduler, how);
  const double seconds = processor_seconds() - start;
  if (how.progress) fmt::print(stderr, "\r{:<70}\r", "");
  const double rate = static_cast<double>(result.seeds) / std::max(seconds, 1e-9);
  if (options.json) {
    fmt::print(
        "{{\"workload\": \"{}\", \"scheduler\": \"{}\", \"mutant\": \"{}\", \"seeds\": {}, "
        "\"seconds\": {:.3f}, "
        "\"schedules_per_second\": {:.0f}, \"switch_points\": {}, \"switches\": {}, "
        "\"operations\": {}, "
        "\"fingerprint\": {}, \"violated\": {}, \"failing_seed\": {}}}\n",
        workload.name, name_of(scheduler), options.mutant, result.seeds, seconds, rate,
        result.points, result.switches, result.operations, result.fingerprint, result.failed,
        result.failing_seed);
  } else {
    const auto each = [&](auto sum) {
      return static_cast<double>(sum) / static_cast<double>(result.seeds);
    };
    fmt::print(
        "{:<14} {:<9} {:>9} seeds, {:>6.0f} a second of processor time, {:.0f} switch points, "
        "{:.0f} switches and "
        "{:.1f} operations each: {}\n",
        workload.name, name_of(scheduler), result.seeds, rate, each(result.points),
        each(result.switches), each(result.operations),
        result.failed ? "VIOLATED" : "no violation");
    if (result.failed) fmt::print("{}", result.report);
  }
  std::fflush(stdout);
  return result;
}

int main_of(const std::vector<std::string>& words) {
  const Options options = read(words);
  if (options.list) {
    for (const Workload& workload : workloads())
      fmt::print("{:<14} {}\n", workload.name, workload.about);
    for (const std::string& name : mutants()) fmt::print("mutant {}\n", name);
    return 0;
  }
  if (!options.mutant.empty() && !plant(options.mutant))
    refuse("no mutant \"" + options.mutant + "\" in this build");
  report_crashes();
  if (options.seed) {
    if (options.workloads.size() != 1 || options.schedulers.size() != 1)
      refuse("--seed needs --workload and --scheduler");
    const Workload& workload = *options.workloads.front();
    Trim trim;
    if (options.keep.empty()) {
      trim = Trim::whole(Trial(workload, options.schedulers.front()).plan(*options.seed));
    } else if (auto kept = Trim::from_text(options.keep)) {
      trim = *std::move(kept);
    } else {
      refuse("--keep does not understand \"" + options.keep + "\"");
    }
    bool failed = false;
    fmt::print("{}", replay(workload, options.schedulers.front(), *options.seed, trim, failed));
    return failed ? 1 : 0;
  }
  const std::uint64_t parts = options.workloads.size() * options.schedulers.size();
  bool failed = false;
  for (const Workload* workload : options.workloads) {
    for (const SchedulerKind scheduler : options.schedulers)
      failed = run(*workload, scheduler, std::max<std::uint64_t>(1, options.seeds / parts), options)
                   .failed ||
               failed;
  }
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace freshet::simulation

int main(int argc, char** argv) {
  return freshet::simulation::main_of(std::vector<std::string>(argv + 1, argv + argc));
}
