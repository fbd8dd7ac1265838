#include "peers/rounds.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "peers/stream.hpp"
#include "replay/progress_bar.hpp"

namespace freshet::bench {
namespace {

std::vector<Task> tasks_of(const Subject& subject, Workload workload, double seconds) {
  std::vector<Task> tasks;
  for (unsigned threads = 1; threads <= kMostThreads; ++threads) {
    if (!subject.takes(workload, threads)) continue;
    tasks.push_back({workload, threads, seconds, false});
    if (workload == Workload::b) tasks.push_back({workload, threads, seconds / 2, true});
  }
  return tasks;
}

std::vector<Subject*> those_that_take(Workload workload, const std::vector<Subject*>& subjects) {
  std::vector<Subject*> taking;
  for (Subject* const subject : subjects) {
    if (subject->takes(workload, 1)) taking.push_back(subject);
  }
  return taking;
}

class Run {
 public:
  Run(const RunOptions& options, const std::vector<Subject*>& subjects)
      : options_(options), subjects_(subjects), bar_(steps()) {
    for (const Subject* const subject : subjects) results_.subjects.emplace_back(subject->name());
  }

  Results all() {
    // First, while this process is small: the others are started from it.
    if (options_.memory) {
      say("memory");
      results_.memory = measure_memory(subjects_);
    }
    for (const Workload workload : options_.workloads) measure(workload);
    for (std::size_t round = 0; options_.expiry && round < kExpiryRounds; ++round) {
      say("expiry");
      results_.expiry.push_back(measure_expiry());
      bar_.show(++done_);
    }
    return std::move(results_);
  }

 private:
  static constexpr std::size_t kExpiryRounds = 3;

  std::uint64_t steps() const {
    std::uint64_t count = options_.expiry ? kExpiryRounds : 0;
    for (const Workload workload : options_.workloads) {
      for (const Subject* const subject : subjects_)
        count += options_.rounds * tasks_of(*subject, workload, options_.seconds).size();
    }
    return count;
  }

  void measure(Workload workload) {
    const std::vector<Subject*> taking = those_that_take(workload, subjects_);
    if (taking.empty()) return;
    say(std::string(name_of(workload)));
    for (Subject* const subject : taking) {
      subject->open(workload);
      bar_.show(done_);
    }
    for (std::size_t round = 0; round < options_.rounds; ++round) {
      for (std::size_t i = 0; i < taking.size(); ++i)
        turn_of(*taking[(i + round) % taking.size()], workload, round);
    }
    for (Subject* const subject : taking) subject->close();
  }

  void turn_of(Subject& subject, Workload workload, std::size_t round) {
    for (const Task& task : tasks_of(subject, workload, options_.seconds)) {
      results_.add(subject.name(), task, round, subject.measure(task));
      bar_.show(++done_);
    }
  }

  /// Where there is no bar.
  static void say(const std::string& what) {
    if (::isatty(STDERR_FILENO) == 0) fmt::print(stderr, "freshet_peers: {}\n", what);
  }

  const RunOptions& options_;
  const std::vector<Subject*>& subjects_;
  replay::ProgressBar bar_;
  std::uint64_t done_ = 0;
  Results results_;
};

}  // namespace

Results run_rounds(const RunOptions& options, const std::vector<Subject*>& subjects) {
  return Run(options, subjects).all();
}

}  // namespace freshet::bench
