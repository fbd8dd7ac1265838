#include "simulation/explore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace freshet::simulation {
namespace {

constexpr std::uint64_t kProgressEvery = 1024;
constexpr std::uint64_t kSchedulesPerTrim = 200;
constexpr std::uint64_t kMostShrinkRuns = 40'000;

std::string command(const Workload& workload, SchedulerKind scheduler, std::uint64_t seed,
                    const std::string& keep) {
  return fmt::format("freshet_simulation --workload {} --scheduler {} --seed {}{}{}", workload.name,
                     name_of(scheduler), seed, keep.empty() ? "" : " --keep ", keep);
}

std::string text_of(const Verdict& verdict) {
  std::string text;
  for (const std::string& line : verdict.trace) text += line + "\n";
  for (const std::string& violation : verdict.violations) text += "VIOLATION " + violation + "\n";
  return text;
}

/// Whether some schedule of the trimmed plan fails. Leaves its seed in the trim.
bool fails(Trial& trial, const Plan& plan, Trim& trim, std::uint64_t& runs) {
  Trim attempt = trim;
  for (std::uint64_t i = 0; i < kSchedulesPerTrim; ++i) {
    if (i > 0) attempt.schedule_seed = plan.schedule_seed * 1'000'003 + i;
    ++runs;
    if (!trial.run(trimmed(plan, attempt)).failed()) continue;
    trim = std::move(attempt);
    return true;
  }
  return false;
}

/// Tries the trim without each element of `list`, which belongs to it.
template <class List>
bool shrink_list(Trial& trial, const Plan& plan, Trim& best, List list, std::uint64_t& runs) {
  bool shrunk = false;
  for (std::size_t i = list(best).size(); i-- > 0 && runs < kMostShrinkRuns;) {
    Trim attempt = best;
    auto& steps = list(attempt);
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i));
    if (!fails(trial, plan, attempt, runs)) continue;
    best = std::move(attempt);
    shrunk = true;
  }
  return shrunk;
}

}  // namespace

UnderWay under_way;

const char* name_of(SchedulerKind scheduler) noexcept {
  return scheduler == SchedulerKind::random ? "random" : "priority";
}

Trim shrink(Trial& trial, const Plan& plan, std::uint64_t& runs) {
  Trim best = Trim::whole(plan);
  Trim calm = best;
  calm.faults = false;
  if (fails(trial, plan, calm, runs)) best = std::move(calm);
  for (std::size_t thread = 0; thread < best.threads.size(); ++thread) {
    Trim attempt = best;
    attempt.threads[thread].clear();
    if (fails(trial, plan, attempt, runs)) best = std::move(attempt);
  }
  for (bool shrunk = true; shrunk && runs < kMostShrinkRuns;) {
    shrunk = shrink_list(
        trial, plan, best, [](Trim & trim) -> auto& { return trim.before; }, runs);
    for (std::size_t thread = 0; thread < best.threads.size(); ++thread) {
      shrunk = shrink_list(
                   trial, plan,
                   best, [thread](Trim & trim) -> auto& { return trim.threads[thread]; }, runs) ||
               shrunk;
    }
  }
  return best;
}

namespace {

std::string explain(Trial& trial, const Workload& workload, SchedulerKind scheduler,
                    std::uint64_t seed, const Verdict& first) {
  const Plan plan = trial.plan(seed);
  const Verdict again = trial.run(plan, true);
  std::string report = fmt::format("{}, {} scheduler, seed {}: {} violations\n", workload.name,
                                   name_of(scheduler), seed, first.violations.size());
  if (again.fingerprint != first.fingerprint || again.violations != first.violations)
    report +=
        "the run repeated itself differently: something in it does not follow from the seed\n";
  std::uint64_t runs = 0;
  const Trim trim = shrink(trial, plan, runs);
  const Verdict smallest = trial.run(trimmed(plan, trim), true);
  report += fmt::format("\nthe whole run:\n{}\n", text_of(again));
  report += fmt::format("\nthe smallest form found ({} steps of {}, after {} runs):\n{}\n",
                        trim.size(), Trim::whole(plan).size(), runs, text_of(smallest));
  report +=
      fmt::format("to repeat the whole run:     {}\n", command(workload, scheduler, seed, ""));
  report += fmt::format("to repeat the smallest form: {}\n",
                        command(workload, scheduler, seed, trim.text()));
  return report;
}

}  // namespace

Exploration explore(const Workload& workload, SchedulerKind scheduler,
                    const ExploreOptions& options) {
  Trial trial(workload, scheduler);
  Exploration result;
  for (std::uint64_t i = 0; i < options.seeds; ++i) {
    const std::uint64_t seed = options.first_seed + i;
    under_way = {workload.name.c_str(), scheduler, seed};
    const Verdict verdict = trial.run(trial.plan(seed));
    ++result.seeds;
    result.points += verdict.points;
    result.switches += verdict.switches;
    result.operations += verdict.operations;
    result.fingerprint = result.fingerprint * 31 + verdict.fingerprint;
    if (verdict.failed()) {
      result.failed = true;
      result.failing_seed = seed;
      if (options.explain) result.report = explain(trial, workload, scheduler, seed, verdict);
      return result;
    }
    if (options.progress && result.seeds % kProgressEvery == 0) options.progress(result);
  }
  return result;
}

std::string replay(const Workload& workload, SchedulerKind scheduler, std::uint64_t seed,
                   const Trim& trim, bool& failed) {
  Trial trial(workload, scheduler);
  under_way = {workload.name.c_str(), scheduler, seed};
  const Verdict verdict = trial.run(trimmed(trial.plan(seed), trim), true);
  failed = verdict.failed();
  return text_of(verdict) +
         fmt::format("{} switch points, fingerprint {:x}\n", verdict.points, verdict.fingerprint);
}

}  // namespace freshet::simulation
