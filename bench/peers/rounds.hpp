// The rounds: every subject once in each, another one first each time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "peers/results.hpp"

namespace freshet::bench {

struct RunOptions {
  std::size_t rounds = 5;
  double seconds = 0.25;            // of one measurement
  std::vector<Workload> workloads;  // in the order of the enumeration
  bool memory = true;
  bool expiry = true;
};

/// Measures; says on standard error what it is at, on a terminal as a bar. With an interrupt the program just ends.
Results run_rounds(const RunOptions& options, const std::vector<Subject*>& subjects);

}  // namespace freshet::bench
