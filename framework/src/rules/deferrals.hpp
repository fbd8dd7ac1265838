// Deferrals: what rules with a debounce or a batch hold back.
//
//   debounce   per rule and distinct expansion: equal events wait together. Runs once none has come for `quiet`, or
//              `at_most` after the first, whichever is first.
//   batch      per rule: runs when `at_most` events have come, or `within` after the first.
//
// What waits is not invalidated yet: until then the old data is served as fresh. That is what the policy asks for with
// these words, and no wait is longer than at_most or within.
// Bounded: kMaxWaiting at once over all rules; what comes beyond is the caller's to run at once. A burst of equal events
// costs one timer. Timers are the executor's; nothing sleeps. What still waits when the owner goes is not run: the entries
// go with it. Thread-safe. `run` is called with no lock held, on the executor or on the thread that fills a batch.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/executor.hpp"
#include "rules/rule_engine.hpp"
#include "runtime/task_gate.hpp"

namespace freshet::rules {

/// One rule's doing, worked out. `chain`: the events that led here, the rule's own last.
struct Expanded {
  const Rule* rule = nullptr;
  std::shared_ptr<const RuleEngine> engine{};  // whose rule it is; a reload may let go of it
  InvalidationPlan plan{};
  std::vector<PlannedAction> explained{};
  std::vector<std::string> chain{};
};

/// Adds what `more` does; the longer chain stays. So whatever keeps itself going by waiting comes to the depth limit too.
void append(Expanded& into, Expanded more);

class Deferrals {
 public:
  static constexpr std::size_t kMaxWaiting = 10'000;
  using Run = std::function<void(Expanded)>;

  Deferrals(std::shared_ptr<const Clock> clock, std::shared_ptr<Executor> executor, Run run)
      : clock_(std::move(clock)), executor_(std::move(executor)), run_(std::move(run)) {}

  /// Takes what a rule with a debounce or batch does. False if too much waits; `expanded` is then as it was.
  bool defer(Expanded& expanded) FRESHET_EXCLUDES(mutex_);

  /// Waits for a run under way on another thread; none starts afterwards.
  void stop() { gate_.shut(); }

  std::size_t waiting() const FRESHET_EXCLUDES(mutex_);

  /// Lets go of all that waits, once nothing runs any more. Adds to `dropped` how many events that were, by name.
  void drop(std::map<std::string, std::uint64_t>& dropped) FRESHET_EXCLUDES(mutex_);
  /// What the timers go through.
  detail::TaskGate& gate() noexcept { return gate_; }

  /// Equal for expansions that do the same.
  static std::string identity(const Expanded& expanded);

 private:
  struct Waiting {
    Expanded expanded{};
    Instant first{};
    Instant last{};
    std::uint64_t events = 0;
    std::uint64_t serial = 0;                // tells a timer whether it was set for this one
    std::unordered_set<std::string> seen{};  // batch: what is in the plan already
  };

  static Instant due(const Waiting& waiting);
  static void merge(Waiting& waiting, Expanded expanded, const std::string& identity);
  void start_timer(Duration delay, const std::string& key, std::uint64_t serial);
  void on_timer(const std::string& key, std::uint64_t serial) FRESHET_EXCLUDES(mutex_);

  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Executor> executor_;
  const Run run_;
  mutable detail::rt::Mutex mutex_;
  std::unordered_map<std::string, Waiting> waiting_ FRESHET_GUARDED_BY(mutex_);
  std::uint64_t serial_ FRESHET_GUARDED_BY(mutex_) = 0;
  detail::TaskGate gate_;  // last: timers use the rest
};

}  // namespace freshet::rules
