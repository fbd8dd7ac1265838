// Windows of a second, and what waits for their end.
#include "rules/event_rates.hpp"

#include <iterator>

#include "rules/identity.hpp"

namespace freshet::rules {

EventRates::EventRates(std::span<const EventLimit> limits, std::shared_ptr<const Clock> clock,
                       std::shared_ptr<Executor> executor, Release release)
    : clock_(std::move(clock)),
      executor_(std::move(executor)),
      release_(std::move(release)),
      unlimited_(true) {
  set_limits(limits);
}

void EventRates::set_limits(std::span<const EventLimit> limits) {
  detail::rt::Lock lock(mutex_);
  for (auto& [name, state] : states_) state.limit = kNoLimit;
  for (const EventLimit& limit : limits) states_[limit.event].limit = limit.max_per_second;
  std::erase_if(states_, [](const auto& named) {
    return named.second.limit == kNoLimit && named.second.held.empty();
  });
  unlimited_.store(limits.empty(), std::memory_order_relaxed);
}

Admission EventRates::admit(ChainedEvent& event) {
  if (unlimited_.load(std::memory_order_relaxed)) return Admission::carry_out;
  detail::rt::Lock lock(mutex_);
  const auto found = states_.find(event.event.name());
  if (found == states_.end()) return Admission::carry_out;
  State& state = found->second;
  const Instant now = clock_->now();
  if (state.used == 0 || now >= later(state.began, kWindow)) {
    state.began = now;
    state.used = 0;
  }
  if (state.used >= state.limit) return hold(state, event);
  ++state.used;
  return Admission::carry_out;
}

// The longest chain stays: events that keep themselves going through the limit come to the depth limit too.
Admission EventRates::hold(State& state, ChainedEvent& event) {
  std::string identity;
  add_event(identity, event.event);
  const auto equal = state.places.find(identity);
  if (equal != state.places.end()) {
    ChainedEvent& waiting = state.held[equal->second];
    if (event.chain.size() > waiting.chain.size()) waiting.chain = std::move(event.chain);
    return Admission::held;
  }
  if (held_ >= kMaxHeld) return Admission::no_room;
  if (state.held.empty()) {
    executor_->post_after(later(state.began, kWindow) - clock_->now(),
                          gate_.wrap([this, name = event.event.name()] { on_timer(name); }));
  }
  state.held.push_back(std::move(event));
  ++held_;
  state.places.emplace(std::move(identity), state.held.size() - 1);
  return std::exchange(state.told, true) ? Admission::held : Admission::held_first;
}

void EventRates::drop(std::map<std::string, std::uint64_t>& dropped) {
  std::vector<ChainedEvent> gone;  // after the lock
  detail::rt::Lock lock(mutex_);
  for (auto& [name, state] : states_) {
    if (state.held.empty()) continue;
    dropped[name] += state.held.size();
    std::move(state.held.begin(), state.held.end(), std::back_inserter(gone));
    state.held.clear();
    state.places.clear();
  }
  held_ = 0;
}

void EventRates::on_timer(const std::string& name) {
  std::vector<ChainedEvent> ready;
  {
    detail::rt::Lock lock(mutex_);
    State& state = states_.at(name);
    ready.swap(state.held);
    state.places.clear();
    held_ -= ready.size();
    state.began = clock_->now();
    state.used = 1;
  }
  release_(std::move(ready));
}

}  // namespace freshet::rules
