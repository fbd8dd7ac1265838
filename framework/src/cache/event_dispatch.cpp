#include "cache/event_dispatch.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "cache/invalidated_sum.hpp"
#include "cache/names.hpp"
#include "freshet/errors.hpp"
#include "freshet/findings.hpp"
#include "signals/event_chain.hpp"

namespace freshet::detail {
namespace {

/// The names of the events that led to this one, and its own.
std::vector<std::string> chain_to(const rules::ChainedEvent& event) {
  std::vector<std::string> chain = event.chain;
  chain.push_back(event.event.name());
  return chain;
}

}  // namespace

EventDispatch::EventDispatch(std::shared_ptr<const rules::RuleEngine> rules,
                             const Collaborators& collaborators, SignalBus& bus,
                             BlockCounters& counters, Host host)
    : clock_(collaborators.clock),
      rules_(std::move(rules)),
      bus_(bus),
      counters_(counters),
      host_(std::move(host)),
      log_(collaborators.clock, collaborators.logger),
      deferrals_(collaborators.clock, collaborators.executor,
                 [this](rules::Expanded work) { run_deferred(std::move(work)); }),
      rates_(current_rules()->rules().limits, collaborators.clock, collaborators.executor,
             [this](const std::vector<Queued>& events) { run_held(events); }) {}

void EventDispatch::set_rules(std::shared_ptr<const rules::RuleEngine> rules) {
  rates_.set_limits(rules->rules().limits);
  rt::Lock lock(rules_mutex_);
  rules_.swap(rules);
}

std::shared_ptr<const rules::RuleEngine> EventDispatch::current_rules() const {
  rt::Lock lock(rules_mutex_);
  return rules_;
}

Emitted EventDispatch::emit(const Event& event) {
  check_event(event.name());
  Wave wave{.began = clock_->now()};
  // relaxed: numbers differ, and that is all that is asked of them.
  wave.done.id = last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
  enqueue(event, current_chain(), wave);
  drain(wave);
  return wave.done;
}

std::map<std::string, std::uint64_t> EventDispatch::drop_waiting() {
  std::map<std::string, std::uint64_t> dropped;
  rates_.drop(dropped);
  deferrals_.drop(dropped);
  return dropped;
}

void EventDispatch::drain(Wave& wave) {
  while (!wave.queue.empty()) {
    Queued next = std::move(wave.queue.front());
    wave.queue.pop_front();
    if (wave.taken > 1 && clock_->now() - wave.began > kMaxTime) {
      counters_.add(Metric::events_dropped, wave.queue.size() + 1);
      log_.warn(fmt::format("event {}: {} further events are dropped, time is up",
                            in_quotes(next.chain.empty() ? next.event.name() : next.chain.front()),
                            wave.queue.size() + 1));
      return;
    }
    dispatch(std::move(next), wave);
  }
}

void EventDispatch::enqueue(Event event, const std::vector<std::string>& chain, Wave& wave) {
  if (chain.size() > kMaxDepth) {
    counters_.add(Metric::events_too_deep);
    return log_.warn(fmt::format("event {} is stopped at the depth limit of {}: {} > {}",
                                 in_quotes(event.name()), kMaxDepth, fmt::join(chain, " > "),
                                 event.name()));
  }
  if (wave.taken >= wave.most) {
    counters_.add(Metric::events_dropped);
    return log_.warn(fmt::format("event {} is dropped: one emit leads to {} events at most",
                                 in_quotes(event.name()), wave.most));
  }
  ++wave.taken;
  wave.queue.push_back({std::move(event), chain});
}

void EventDispatch::dispatch(Queued next, Wave& wave) {
  if (!hold_back(next, wave)) dispatch(std::span(&next, 1), wave);
}

bool EventDispatch::hold_back(Queued& next, Wave& wave) {
  if (is_collected()) return false;
  const std::string name = next.event.name();
  switch (rates_.admit(next)) {
    case rules::Admission::carry_out:
      return false;
    case rules::Admission::no_room:
      counters_.add(Metric::debounce_overflows);
      log_.warn(fmt::format("event {} runs at once, beyond its limit: {} others wait already",
                            in_quotes(name), rules::EventRates::kMaxHeld));
      return false;
    case rules::Admission::held_first:
      log_.warn(
          fmt::format("event {} comes more often than its max_per_second: what is beyond "
                      "waits for the second's end, equal ones together",
                      in_quotes(name)));
      [[fallthrough]];
    case rules::Admission::held:
      counters_.add(Metric::events_rate_limited);
      ++wave.done.held_back;
      wave.done.handled = true;
      return true;
  }
  return false;
}

void EventDispatch::dispatch(std::span<const Queued> events, Wave& wave) {
  counters_.add(Metric::events, events.size());
  wave.done.events += events.size();
  std::vector<bool> taken(events.size());
  const rules::Expanded work = plan(events, wave, taken);
  invalidate(work, wave);
  refresh(work, wave);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::size_t handlers = bus_.publish(events[i].event, chain_to(events[i]));
    wave.done.handlers += handlers;
    if (taken[i] || handlers > 0) {
      wave.done.handled = true;
    } else {
      note_unhandled(events[i].event.name());
    }
  }
  for (const Event& event : work.plan.events()) enqueue(event, work.chain, wave);
}

// All rules before all strategies: the targets of rules are told by their places in the plan.
rules::Expanded EventDispatch::plan(std::span<const Queued> events, Wave& wave,
                                    std::vector<bool>& taken) {
  const auto engine = current_rules();
  rules::Expanded all;
  std::unordered_set<std::string> seen;
  const auto add = [&](rules::Expanded more) {
    const bool again = events.size() > 1 && !seen.insert(rules::Deferrals::identity(more)).second;
    if (again) more = {.chain = std::move(more.chain)};
    rules::append(all, std::move(more));
  };
  for (std::size_t i = 0; i < events.size(); ++i) {
    rules::Expanded own{.chain = chain_to(events[i])};
    taken[i] = ask_rules(engine, events[i], wave, own);
    add(std::move(own));
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    rules::Expanded own{.chain = chain_to(events[i])};
    host_.ask_strategies(events[i].event, own.plan);
    if (own.plan.empty()) continue;
    taken[i] = true;
    add(std::move(own));
  }
  return all;
}

bool EventDispatch::ask_rules(const std::shared_ptr<const rules::RuleEngine>& engine,
                              const Queued& next, Wave& wave, rules::Expanded& now) {
  const auto rules = engine->rules_of(next.event.name());
  for (const rules::Rule* rule : rules) {
    if (!engine->holds(*rule, next.event)) continue;
    ++wave.done.rules;
    if ((!rule->debounce && !rule->batch) || is_collected()) {
      engine->expand(*rule, next.event, now.plan, now.explained);
      continue;
    }
    rules::Expanded later{.rule = rule, .engine = engine, .chain = now.chain};
    engine->expand(*rule, next.event, later.plan, later.explained);
    report_left_out(next.event, later.explained, wave.done);
    if (later.plan.empty()) continue;
    if (deferrals_.defer(later)) {
      counters_.add(Metric::debounced);
      ++wave.done.deferred;
      continue;
    }
    counters_.add(Metric::debounce_overflows);
    log_.warn(fmt::format("rule {} of event {} runs at once: {} others wait already",
                          rules::place_text(rule->place), in_quotes(next.event.name()),
                          rules::Deferrals::kMaxWaiting));
    carry_out(later, wave);
  }
  report_left_out(next.event, now.explained, wave.done);
  return !rules.empty();
}

void EventDispatch::carry_out(const rules::Expanded& work, Wave& wave) {
  invalidate(work, wave);
  refresh(work, wave);
  for (const Event& event : work.plan.events()) enqueue(event, work.chain, wave);
}

void EventDispatch::invalidate(const rules::Expanded& work, Wave& wave) {
  std::vector<TargetOutcome> outcomes(work.plan.targets().size());
  invalidate(work, Mode::remove, outcomes, wave);
  invalidate(work, Mode::expire, outcomes, wave);  // afterwards: what is gone is not counted again
  auto action = work.explained.begin();
  for (const TargetOutcome& outcome : outcomes) {
    while (action != work.explained.end() && !rules::adds_target(*action)) ++action;
    const bool of_rule = action != work.explained.end();
    if (!outcome.error.empty()) {
      fail(wave.done, fmt::format("{} for event {}: {}",
                                  of_rule ? "rule " + rules::place_text(action->place)
                                          : std::string("a strategy"),
                                  in_quotes(work.chain.back()), outcome.error));
    }
    if (of_rule) ++action;
  }
}

void EventDispatch::invalidate(const rules::Expanded& work, Mode mode,
                               std::span<TargetOutcome> outcomes, Wave& wave) {
  std::vector<Target> targets;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (work.plan.modes()[i] != mode) continue;
    targets.push_back(work.plan.targets()[i]);
    places.push_back(i);
  }
  if (targets.empty()) return;
  InvalidatedMany answer =
      host_.invalidate(targets, {.mode = mode,
                                 .cause = fmt::format("event {}", work.chain.back()),
                                 .rewarm = {.hot = work.plan.rewarm()}});
  add_to(wave.done.invalidated, answer.total);
  for (std::size_t i = 0; i < places.size(); ++i)
    outcomes[places[i]] = std::move(answer.targets[i]);
}

void EventDispatch::refresh(const rules::Expanded& work, Wave& wave) {
  for (const RefreshRequest& request : work.plan.refreshes()) {
    try {
      if (host_.refresh(request.key, request.name_space)) ++wave.done.refreshes;
    } catch (const std::exception& error) {
      fail(wave.done,
           fmt::format("event {}: the refresh of {} in {}: {}", in_quotes(work.chain.back()),
                       in_quotes(request.key), in_quotes(request.name_space), error.what()));
    }
  }
}

void EventDispatch::run_deferred(rules::Expanded work) noexcept {
  try {
    Wave wave{.began = clock_->now()};
    carry_out(work, wave);
    drain(wave);
  } catch (const std::exception& error) {
    counters_.add(Metric::rule_failures);
    log_.warn(error.what());
  }
}

void EventDispatch::run_held(const std::vector<Queued>& events) noexcept {
  try {
    Wave wave{.began = clock_->now(), .most = kMaxEvents * events.size()};
    dispatch(events, wave);
    drain(wave);
  } catch (const std::exception& error) {
    counters_.add(Metric::rule_failures);
    log_.warn(error.what());
  }
}

void EventDispatch::report_left_out(const Event& event,
                                    const std::vector<rules::PlannedAction>& explained,
                                    Emitted& done) {
  for (const rules::PlannedAction& action : explained) {
    if (action.problem.empty()) continue;
    fail(done, fmt::format("rule {} for event {}: {} {} is left out: {}",
                           rules::place_text(action.place), in_quotes(event.name()),
                           rules::word_of(action.kind), in_quotes(action.target), action.problem));
  }
}

void EventDispatch::fail(Emitted& done, const std::string& message) {
  ++done.failures;
  counters_.add(Metric::rule_failures);
  log_.warn(message);
}

void EventDispatch::note_unhandled(const std::string& event) {
  counters_.add(Metric::events_unhandled);
  {
    rt::Lock lock(mutex_);
    if (unhandled_.size() >= kMaxNamesLogged || !unhandled_.insert(event).second) return;
  }
  log_.warn(fmt::format("event {}: no rule, strategy or handler takes it", in_quotes(event)));
}

Invalidated EventDispatch::invalidate_entity(const Event& entity,
                                             const InvalidateOptions& options) {
  const auto engine = current_rules();
  const rules::Entity* known = engine->entity(entity.name());
  if (known == nullptr) {
    const std::vector<std::string> names = engine->entity_names();
    throw UnknownEntity(fmt::format("the policy has no entity {}{}", in_quotes(entity.name()),
                                    did_you_mean(entity.name(), names)));
  }
  InvalidationPlan plan;
  std::vector<rules::PlannedAction> explained;
  engine->expand(*known, entity, plan, explained);
  for (const rules::PlannedAction& action : explained) {
    if (action.problem.empty()) continue;
    throw InvalidName(fmt::format("the entity {} cannot be invalidated: {} {}: {}",
                                  in_quotes(entity.name()), rules::word_of(action.kind),
                                  in_quotes(action.target), action.problem));
  }
  for (const Target& target : plan.targets()) host_.check(target);
  return host_.invalidate(plan.targets(), options).total;
}

}  // namespace freshet::detail
