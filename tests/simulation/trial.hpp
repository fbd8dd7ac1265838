// Trial: runs one plan of a workload on the machine and judges what happened.
//
// A run: a new CacheInvalidator and the steps of the set-up, which nothing overtakes; then the threads; then one thread alone
// waits for the pool to be idle, reads every key, has the books audited, has a call count, invalidates everything, closes the
// cache and lets go of it. Judged are the history (guarantees/history_checker.hpp), the audit, the aftermath (aftermath.hpp),
// that all threads ended, and that all memory was given back.
// One Trial serves many runs of one workload. Not thread-safe, as the machine is not.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "simulation/plan.hpp"
#include "simulation/workload.hpp"

namespace freshet::simulation {

struct Verdict {
  std::vector<std::string> violations{};  // in words; empty: all is well
  std::uint64_t fingerprint = 0;          // equal for equal runs
  std::int64_t points = 0;                // switch points passed
  std::uint64_t switches = 0;
  std::uint64_t operations = 0;
  std::vector<std::string> trace{};  // if it was asked for

  bool failed() const noexcept { return !violations.empty(); }
};

class Trial {
 public:
  Trial(const Workload& workload, SchedulerKind scheduler);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  Plan plan(std::uint64_t seed) const { return make_plan(workload_, calls_, seed); }

  /// Runs the plan. `traced`: says what happened, a line each; the run is the same.
  Verdict run(const Plan& plan, bool traced = false);

 private:
  class Round;

  const Workload& workload_;
  const SchedulerKind scheduler_;
  const std::vector<testing::history::Call> every_call_;
  std::vector<std::uint8_t> calls_;
  std::unique_ptr<Round> round_;
};

}  // namespace freshet::simulation
