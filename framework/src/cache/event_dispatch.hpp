// EventDispatch: what an event sets off, in this order:
//
//   1  the rules of its name and the strategies of all blocks are asked: one plan
//   2  all invalidations of the plan: what removes is one raise, what expires another   so that whatever follows reads fresh data
//   3  its refreshes
//   4  handlers in place; posted ones are queued
//   5  the events that rules emitted, each like this one, one deeper
//
// An event beyond the limit of its name waits (rules/event_rates.hpp). Those that waited go through these steps together: one
// plan, one raise, then the handlers of each.
//
// In a transaction the host collects 2 and 3. What has a debounce, a batch or a limit does not wait then: it might come before the
// commit, and not after it.
//
// It ends: kMaxDepth events below the one that was emitted (handlers that emit count too, posted ones and debounced rules
// included), kMaxEvents for one emit (and for each event that waited), kMaxTime for one emit. What comes beyond is dropped, counted and logged; the newest
// goes first, the event that was emitted always runs.
// Thread-safe. Calls handlers, strategies and the host with no lock held.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "freshet/emitted.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/signal_bus.hpp"
#include "rules/deferrals.hpp"
#include "rules/event_rates.hpp"
#include "rules/rule_engine.hpp"
#include "runtime/rate_limited_log.hpp"
#include "stats/counters.hpp"

namespace freshet::detail {

class EventDispatch {
 public:
  static constexpr std::size_t kMaxDepth = 8;
  static constexpr std::size_t kMaxEvents = 1'000;
  static constexpr Duration kMaxTime = std::chrono::seconds{5};
  static constexpr std::size_t kMaxNamesLogged = 1'000;

  /// What an event may set in motion.
  struct Host {
    std::function<InvalidatedMany(std::span<const Target>, const InvalidateOptions&)> invalidate;
    std::function<void(const Target&)> check;  // throws what is wrong with the names of a target
    std::function<bool(std::string_view key, std::string_view name_space)> refresh;
    std::function<void(const Event&, InvalidationPlan&)> ask_strategies;  // all blocks'
    std::function<bool()> is_collected{};  // by a transaction: then nothing may wait beyond it
  };
  struct Collaborators {
    std::shared_ptr<const Clock> clock;
    std::shared_ptr<Executor> executor;
    std::shared_ptr<Logger> logger;
  };

  /// `bus` and `counters` outlive this.
  EventDispatch(std::shared_ptr<const rules::RuleEngine> rules, const Collaborators& collaborators,
                SignalBus& bus, BlockCounters& counters, Host host);

  /// Throws InvalidName for an event without a name, or with one over kMaxEventNameBytes.
  Emitted emit(const Event& event);

  /// Throws UnknownEntity, and InvalidName or UnknownNamespace for fields that are missing or make bad names; then nothing
  /// has changed. `entity` has the entity's name and fields.
  Invalidated invalidate_entity(const Event& entity, const InvalidateOptions& options);

  /// Other rules from here on. What waits for a debounce or a batch does as the old ones say; what is held back by a limit goes
  /// by the new ones.
  void set_rules(std::shared_ptr<const rules::RuleEngine> rules) FRESHET_EXCLUDES(rules_mutex_);

  /// Lets nothing that waits run any more.
  void stop() {
    rates_.stop();
    deferrals_.stop();
  }
  /// What runs later goes through these.
  std::array<TaskGate*, 2> gates() noexcept { return {&rates_.gate(), &deferrals_.gate()}; }
  /// Once the gates are shut: lets go of what waits, and says how many events that were, by name.
  std::map<std::string, std::uint64_t> drop_waiting();

 private:
  std::shared_ptr<const rules::RuleEngine> current_rules() const FRESHET_EXCLUDES(rules_mutex_);

  using Queued = rules::ChainedEvent;
  /// One emit, or one run of what was deferred or held back, until nothing is left of it.
  struct Wave {
    Instant began{};
    std::size_t most = kMaxEvents;
    std::deque<Queued> queue{};
    std::size_t taken = 0;
    Emitted done{};
  };

  bool is_collected() const { return host_.is_collected && host_.is_collected(); }
  void drain(Wave& wave);
  void dispatch(Queued next, Wave& wave);
  /// Whether the event waits for the end of its name's second.
  bool hold_back(Queued& next, Wave& wave);
  /// Events of one name, together.
  void dispatch(std::span<const Queued> events, Wave& wave);
  /// What rules and strategies do at once for the events, each thing once. `taken`: which events any of them took.
  rules::Expanded plan(std::span<const Queued> events, Wave& wave, std::vector<bool>& taken);
  /// Asks the rules; returns whether there were any.
  bool ask_rules(const std::shared_ptr<const rules::RuleEngine>& engine, const Queued& next,
                 Wave& wave, rules::Expanded& now);
  void carry_out(const rules::Expanded& work, Wave& wave);
  void invalidate(const rules::Expanded& work, Wave& wave);
  /// Carries out the targets of the plan that have this mode; puts their outcomes in their places.
  void invalidate(const rules::Expanded& work, Mode mode, std::span<TargetOutcome> outcomes,
                  Wave& wave);
  void refresh(const rules::Expanded& work, Wave& wave);
  void enqueue(Event event, const std::vector<std::string>& chain, Wave& wave);
  void run_deferred(rules::Expanded work) noexcept;
  void run_held(const std::vector<Queued>& events) noexcept;
  void report_left_out(const Event& event, const std::vector<rules::PlannedAction>& explained,
                       Emitted& done);
  void fail(Emitted& done, const std::string& message);
  void note_unhandled(const std::string& event) FRESHET_EXCLUDES(mutex_);

  const std::shared_ptr<const Clock> clock_;
  mutable rt::Mutex rules_mutex_;
  std::shared_ptr<const rules::RuleEngine> rules_ FRESHET_GUARDED_BY(rules_mutex_);
  SignalBus& bus_;
  BlockCounters& counters_;
  const Host host_;
  RateLimitedLog log_;
  rt::Atomic<std::uint64_t> last_id_{0};
  rt::Mutex mutex_;
  std::unordered_set<std::string> unhandled_ FRESHET_GUARDED_BY(mutex_);  // names that were logged
  rules::Deferrals deferrals_;  // these two last: they use the rest
  rules::EventRates rates_;
};

}  // namespace freshet::detail
