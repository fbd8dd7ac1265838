#include "simulation/trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "config/policy_model.hpp"
#include "freshet/detail/function_ref.hpp"
#include "guarantees/history_checker.hpp"
#include "guarantees/history_text.hpp"
#include "guarantees/paced_loads.hpp"
#include "simulation/aftermath.hpp"
#include "simulation/runtime/arena.hpp"
#include "simulation/runtime/simulated_executor.hpp"
#include "simulation/runtime/simulated_runtime.hpp"
#include "simulation/tracer.hpp"
#include "support/structural_audit.hpp"

namespace freshet::simulation {

namespace history = testing::history;

namespace {

constexpr std::size_t kMostThreads = 8;  // the last two run coroutines
constexpr unsigned kPoolThreads = 2;
constexpr std::size_t kContexts = 2;
constexpr std::int64_t kDeferral = 1'000'000'000;  // longer than any rule waits

std::vector<history::Call> calls_of(const Workload& workload) {
  std::vector<history::Call> calls = history::every_call();
  calls.insert(calls.end(), workload.own_calls.begin(), workload.own_calls.end());
  return calls;
}

std::vector<std::uint8_t> places_of(const Workload& workload, const history::RoundState& round) {
  std::vector<std::uint8_t> places;
  for (const std::string& name : workload.calls)
    places.push_back(static_cast<std::uint8_t>(round.find(name)));
  return places;
}

const std::shared_ptr<StrategyRegistry>& strategies() {
  static const std::shared_ptr<StrategyRegistry> registry = StrategyRegistry::with_builtins();
  return registry;
}

const std::shared_ptr<Logger>& no_log() {
  static const std::shared_ptr<Logger> logger = make_null_logger();
  return logger;
}

// What an operation is about to do.
std::string what_of(const history::Operation& operation, const std::vector<history::Call>& calls) {
  constexpr std::array kActs{"read", "load", "put", "put by lease", "label", "invalidate"};
  const std::string act = kActs[static_cast<std::size_t>(operation.act)];
  if (operation.act == history::Act::invalidate)
    return act + " " + calls[operation.reach].name +
           (operation.mode == Mode::expire ? ", expire" : "");
  return act + " key " + std::to_string(operation.key);
}

}  // namespace

class Trial::Round final : public history::RoundState {
 public:
  Round(const Workload& workload, const std::vector<history::Call>& every_call)
      : RoundState(workload.configuration, every_call, 0),
        workload_(workload),
        calls_of_workload_(places_of(workload, *this)),
        policy_(config::read_policy(workload.configuration.policy, workload.name, *strategies())) {
    background_log = kMostThreads + 1;
    history.logs.resize(kMostThreads + 2);
    deferred.reserve(1024);
    for (history::Log& log : history.logs) {
      log.operations.reserve(1024);
      log.made.reserve(1024);
    }
  }

  const std::vector<std::uint8_t>& calls_of_workload() const noexcept { return calls_of_workload_; }

  /// `contained`: in memory of its own.
  Verdict run(const Plan& plan, SchedulerKind scheduler, bool traced, bool contained = true);

  std::int64_t clock() const noexcept override { return Machine::here().peek_now(); }
  void give_way() override;
  void pass_time(std::int64_t nanoseconds) override { Machine::here().pass_time(nanoseconds); }
  void began(std::size_t log, const history::Operation& operation) noexcept override;
  void ended(std::size_t log, const history::Operation& operation) noexcept override;

 private:
  static constexpr std::size_t kSetUpLog = kMostThreads;

  void begin(const Plan& plan);
  void set_up(const Plan& plan);
  void run_thread(std::size_t log, const std::vector<history::Step>& steps);
  void spawn_threads(const Plan& plan);
  void run_coroutines(std::size_t number);
  void wind_up(const Plan& plan);
  void look_at_aftermath(const Plan& plan);
  void compare_counts(const Plan& plan);
  /// The call that a run looks at the count of.
  struct Counted {
    const history::Call& call;
    std::uint16_t number;
    Mode mode;
  };
  Counted counted(const Plan& plan) const;
  /// Notes what an aftermath found, with `look` at it while nothing switches.
  void note_aftermath(detail::FunctionRef<void(Aftermath&)> look);
  void abandon();
  void judge(const Plan& plan);
  static void at_pause_point(const char* name);

  const Workload& workload_;
  const std::vector<std::uint8_t> calls_of_workload_;
  const config::PolicyModel policy_;
  std::shared_ptr<SimulatedExecutor> executor_;
  std::unique_ptr<history::Loop> coroutines_;
  std::size_t working_ = 0;  // threads of the plan
  std::vector<std::string> violations_;
  Tracer tracer_;
  inline static Round* traced_round_ = nullptr;
};

void Trial::Round::give_way() {
  Machine& machine = Machine::here();
  if (workload_.most_micros > 0 && machine.running() && machine.fault_random().below(4) == 0) {
    machine.sleep(std::int64_t{machine.fault_random().below(workload_.most_micros)} * 1000);
  } else {
    machine.give_way();
  }
}

void Trial::Round::began(std::size_t, const history::Operation& operation) noexcept {
  if (!tracer_.on()) return;
  const Quiet quiet;
  const ArenaPause pause;
  tracer_.say(fmt::format("{} ...", what_of(operation, calls)));
}

void Trial::Round::ended(std::size_t, const history::Operation& operation) noexcept {
  if (!tracer_.on()) return;
  const Quiet quiet;
  const ArenaPause pause;
  std::string end =
      operation.done || operation.act != history::Act::read ? "" : ", with an exception";
  if (operation.act == history::Act::put) end = operation.done ? ", stored" : ", refused";
  tracer_.say(fmt::format("... {}{}", history::text_of(operation, history), end));
}

void Trial::Round::at_pause_point(const char* name) {
  switch_point();
  if (traced_round_ == nullptr) return;
  const ArenaPause pause;
  traced_round_->tracer_.say(fmt::format("  at {}", name));
}

void Trial::Round::begin(const Plan& plan) {
  history.terms = configuration.terms;
  history.terms.clock_tick = Machine::kKernelTick;
  // Stripes that are shared, and what fails half-way, are causes that nobody notes.
  if (plan.stripes < kStripesForAll || plan.faults.failed_allocation != 0)
    history.terms.keeps_everything = false;
  seed = plan.schedule_seed;
  for (history::Log& log : history.logs) {
    log.operations.clear();
    log.made.clear();
  }
  stamps = 1;
  model = 0;
  policy = 0;
  deferred.clear();
  violations_.clear();
  detail::rt::simulated_stripes = plan.stripes;
}

void Trial::Round::set_up(const Plan& plan) {
  Components components;
  components.clock = make_system_clock();
  components.executor = executor_ = std::make_shared<SimulatedExecutor>(kPoolThreads);
  components.load_executor = executor_;
  components.random = make_random_source(plan.schedule_seed);
  components.strategies = strategies();
  components.logger = no_log();
  invalidator.emplace(testing::EngineAccess::make(policy_, std::move(components)));
  if (tracer_.on()) tracer_.watch(&*invalidator);
  if (configuration.binds_loaders) history::Worker::bind_loaders(*this);
  if (workload_.weights.start != 0) coroutines_ = std::make_unique<history::Loop>(kContexts);
  loop = coroutines_.get();
  history::Worker first(*this, kSetUpLog);
  if (workload_.versions) {
    first.set_version(call_of_model, Mode::remove);
    first.set_version(call_of_policy, Mode::remove);
  }
  first.run(plan.before);
}

void Trial::Round::run_thread(std::size_t log, const std::vector<history::Step>& steps) {
  std::optional<history::Worker> worker;
  for (const history::Step& step : steps) {
    try {
      if (!worker) worker.emplace(*this, log);
      worker->run(std::span(&step, 1));
    } catch (const std::bad_alloc&) {
      tracer_.say("  an allocation failed");
    }
  }
  if (--working_ == 0 && coroutines_) coroutines_->stop();
}

// Until the others have ended and every reader has its answer: one that is stranded is a deadlock.
void Trial::Round::run_coroutines(std::size_t number) {
  history::Worker worker(*this, kMostThreads - 1 - number);
  const history::Worker::Present present(worker);
  coroutines_->run(history::Dice(seed + number));
}

void Trial::Round::spawn_threads(const Plan& plan) {
  Machine& machine = Machine::here();
  working_ = plan.threads.size();
  for (std::size_t i = 0; i < plan.threads.size(); ++i) {
    machine.spawn("thread " + std::to_string(i),
                  [this, i, &plan] { run_thread(i, plan.threads[i]); });
  }
  if (!coroutines_) return;
  for (std::size_t i = 0; i < 1 + plan.schedule_seed / 4 % 2; ++i)
    machine.spawn("coroutines " + std::to_string(i), [this, i] { run_coroutines(i); });
}

// The last thread: alone, once all have ended.
void Trial::Round::wind_up(const Plan& plan) {
  executor_->wait_until_idle();
  // Twice: a timer that was under way when time passed may have been set again from then on.
  for (int i = 0; configuration.deferred_events && i < 2; ++i) {
    pass_time(kDeferral);
    executor_->wait_until_idle();
  }
  if (plan.schedule_seed % 2 == 0) compare_counts(plan);
  {
    history::Worker last(*this, kSetUpLog);
    last.end_deferred();
    std::vector<history::Step> steps;
    for (const int key : workload_.keys) steps.push_back({.key = static_cast<std::uint8_t>(key)});
    last.run(steps);
  }
  executor_->wait_until_idle();
  {
    const Quiet quiet;
    std::vector<std::string> findings = testing::StructuralAudit(*invalidator).run();
    const ArenaPause pause;
    for (const std::string& finding : findings) violations_.push_back("audit: " + finding);
  }
  look_at_aftermath(plan);
  tracer_.watch(nullptr);
  coroutines_.reset();
  invalidator->close();
  invalidator.reset();
  executor_.reset();
}

void Trial::Round::note_aftermath(detail::FunctionRef<void(Aftermath&)> look) {
  const Quiet quiet;
  std::vector<std::string> findings;
  {
    Aftermath aftermath(*invalidator);
    look(aftermath);
    findings = aftermath.take();
  }
  const ArenaPause pause;
  for (const std::string& finding : findings) violations_.push_back("aftermath: " + finding);
}

// Each seed looks at the count of one call of the workload.
Trial::Round::Counted Trial::Round::counted(const Plan& plan) const {
  const std::uint64_t drawn = plan.schedule_seed / 2;
  const std::size_t call = calls_of_workload_[drawn % calls_of_workload_.size()];
  const auto next = static_cast<std::uint16_t>(1 + (call == call_of_policy ? policy : model));
  return {calls[call], call == call_of_model ? version(next) : next,
          drawn % 3 == 0 ? Mode::expire : Mode::remove};
}

// Before the last thread reads: what it reads, it finds out.
void Trial::Round::compare_counts(const Plan& plan) {
  const Counted what = counted(plan);
  note_aftermath(
      [&](Aftermath& aftermath) { aftermath.compare_counts(what.call, what.number, what.mode); });
}

void Trial::Round::look_at_aftermath(const Plan& plan) {
  const Counted what = counted(plan);
  const auto reads_others = [](int key) { return key == 3 || key == 5; };
  const bool names_all = !workload_.versions &&
                         std::none_of(workload_.keys.begin(), workload_.keys.end(), reads_others);
  note_aftermath([&](Aftermath& aftermath) {
    if (names_all) aftermath.look_at_edges();
    aftermath.count(what.call, what.number, what.mode);
    aftermath.leave_nothing();
  });
}

// After a run that did not end: what is in the arena goes with it, undestroyed.
void Trial::Round::abandon() {
  new (&invalidator) std::optional<CacheInvalidator>();
  new (&executor_) std::shared_ptr<SimulatedExecutor>();
  new (&coroutines_) std::unique_ptr<history::Loop>();
  new (&model_mutex) detail::rt::Mutex();
  new (&policy_mutex) detail::rt::Mutex();
}

Verdict Trial::Round::run(const Plan& plan, SchedulerKind scheduler, bool traced, bool contained) {
  Machine& machine = Machine::here();
  begin(plan);
  tracer_.begin(traced);
  traced_round_ = traced ? this : nullptr;
  detail::rt::pause_hook.store(&at_pause_point, std::memory_order_release);
  machine.begin(plan.schedule_seed, {scheduler, workload_.points}, plan.faults);
  if (contained) arena_begin();
  set_up(plan);
  spawn_threads(plan);
  arm_allocation_failures(plan.faults.failed_allocation != 0);
  Stop stop = machine.run();
  arm_allocation_failures(false);
  if (stop == Stop::none) {
    machine.spawn("the last", [this, &plan] { wind_up(plan); });
    stop = machine.run();
  }
  Verdict verdict{.fingerprint = machine.fingerprint(),
                  .points = machine.points(),
                  .switches = machine.switches()};
  {
    const ArenaPause pause;
    if (stop == Stop::deadlock) violations_.push_back("deadlock:\n" + machine.describe_waiting());
    if (stop == Stop::endless)
      violations_.push_back("it does not end:\n" + machine.describe_waiting());
  }
  if (stop != Stop::none) abandon();
  machine.end();
  const ArenaLeft left = contained ? arena_end() : ArenaLeft{};
  if (stop == Stop::none && left.blocks != 0)
    violations_.push_back(fmt::format("{} blocks of memory, {} bytes, were not given back: {}",
                                      left.blocks, left.bytes, left.sizes));
  judge(plan);
  for (const history::Log& log : history.logs) verdict.operations += log.operations.size();
  verdict.violations = std::move(violations_);
  verdict.trace = tracer_.take();
  return verdict;
}

void Trial::Round::judge(const Plan&) {
  history.stamps = stamps;
  for (const history::Violation& violation : history::HistoryChecker(history).check())
    violations_.push_back(history::text_of(violation, history));
  for (const history::Violation& violation : history::loads_beyond_budget(history))
    violations_.push_back(history::text_of(violation, history));
}

Trial::Trial(const Workload& workload, SchedulerKind scheduler)
    : workload_(workload),
      scheduler_(scheduler),
      every_call_(calls_of(workload)),
      round_(std::make_unique<Round>(workload, every_call_)) {
  no_log();
  calls_ = round_->calls_of_workload();
  // Static values of functions are made at their first use: not in a run's memory.
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    round_->run(plan(seed), scheduler_, seed == 0, false);
}

Trial::~Trial() = default;

Verdict Trial::run(const Plan& plan, bool traced) { return round_->run(plan, scheduler_, traced); }

}  // namespace freshet::simulation
