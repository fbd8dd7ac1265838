// Explorer: runs many seeds of a workload, and explains the first that fails.
//
// A seed that fails is run again with the trace on, and must do the same. Then it is shrunk: threads, steps, the set-up and the
// faults are left out as long as some schedule among a number of them still fails, smallest first. What is said ends with the
// command line that repeats it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "simulation/trial.hpp"

namespace freshet::simulation {

struct Exploration {
  std::uint64_t seeds = 0;  // that were run
  std::int64_t points = 0;  // switch points
  std::uint64_t switches = 0;
  std::uint64_t operations = 0;
  std::uint64_t fingerprint = 0;  // of all runs: equal for equal seeds
  std::uint64_t failing_seed = 0;
  bool failed = false;
  std::string report{};  // of the failing seed, many lines
};

struct ExploreOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 1000;
  bool explain = true;                                 // trace and shrink what fails
  std::function<void(const Exploration&)> progress{};  // now and then
};

Exploration explore(const Workload& workload, SchedulerKind scheduler,
                    const ExploreOptions& options);

/// Runs what a command line of a report says, with the trace.
std::string replay(const Workload& workload, SchedulerKind scheduler, std::uint64_t seed,
                   const Trim& trim, bool& failed);

/// The smallest trim found that still fails, of a plan that does. `runs`: how many it took.
Trim shrink(Trial& trial, const Plan& plan, std::uint64_t& runs);

/// Called before each run, for whoever reports a crash.
struct UnderWay {
  const char* workload = "";
  SchedulerKind scheduler{};
  std::uint64_t seed = 0;
};
extern UnderWay under_way;

const char* name_of(SchedulerKind scheduler) noexcept;

}  // namespace freshet::simulation
