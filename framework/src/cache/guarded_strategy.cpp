#include "cache/guarded_strategy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <exception>
#include <utility>

#include "freshet/strategies/hybrid_strategy.hpp"

namespace freshet::detail {
namespace {

/// Adds the counter to the one of its name in an ordered list, if it is there or there is room.
void add_counter(std::vector<StrategyCounter>& ordered, std::string_view name,
                 std::uint64_t value) {
  name = name.substr(0, kMaxStrategyCounterBytes);
  const auto at = std::lower_bound(ordered.begin(), ordered.end(), name,
                                   [](const StrategyCounter& counter, std::string_view sought) {
                                     return counter.name < sought;
                                   });
  if (at != ordered.end() && at->name == name) {
    at->value += value;
  } else if (ordered.size() < kMaxStrategyCounters) {
    ordered.insert(at, {std::string(name), value});
  }
}

}  // namespace

GuardedStrategy::GuardedStrategy(std::string name, std::unique_ptr<Strategy> strategy)
    : name_(std::move(name)), strategy_(std::move(strategy)) {}

template <class Call>
bool GuardedStrategy::succeeds(const char* function, const char* answer, Call call) noexcept {
  try {
    call();
    return true;
  } catch (const std::exception& error) {
    fail(function, answer, error.what());
  } catch (...) {
    fail(function, answer, "something that is no std::exception");
  }
  return false;
}

void GuardedStrategy::fail(const char* function, const char* answer,
                           std::string_view reason) noexcept {
  const std::uint64_t count = thrown_.fetch_add(1, std::memory_order_relaxed) + 1;
  StrategyHost* host = host_.load(std::memory_order_acquire);
  if (host == nullptr || !std::has_single_bit(count)) return;
  try {
    host->log(LogLevel::error, fmt::format("strategy {}: {} threw, {} so far: {}; {}", name_,
                                           function, count, reason, answer));
  } catch (...) {  // NOLINT(bugprone-empty-catch): it is counted
  }
}

Deadlines GuardedStrategy::on_store(const EntryView& entry, Instant now) {
  Deadlines deadlines;
  const bool good = succeeds("on_store", "the entry is not kept",
                             [&] { deadlines = strategy_->on_store(entry, now); });
  return good ? deadlines : Deadlines{.hard = now};
}

ReadDecision GuardedStrategy::on_soft_expired(const EntryView& entry, Instant now) {
  ReadDecision decision = ReadDecision::miss;
  succeeds("on_soft_expired", "the read is a miss",
           [&] { decision = strategy_->on_soft_expired(entry, now); });
  return decision;
}

void GuardedStrategy::on_event(const Event& event, InvalidationPlan& plan) {
  InvalidationPlan own;
  const bool good = succeeds("on_event", "nothing is invalidated for it",
                             [&] { strategy_->on_event(event, own); });
  if (good) plan.append(std::move(own));
}

void GuardedStrategy::on_attach(StrategyHost& host) {
  host_.store(&host, std::memory_order_release);
  strategy_->on_attach(host);
}

void GuardedStrategy::on_timer(TimerId timer, StrategyHost& host) {
  succeeds("on_timer", "the timer is over", [&] { strategy_->on_timer(timer, host); });
}

std::vector<StrategyCounter> GuardedStrategy::counters() const {
  std::vector<StrategyCounter> ordered;
  try {
    for (const StrategyCounter& counter : strategy_->counters())
      add_counter(ordered, counter.name, counter.value);
  } catch (...) {
    ordered.clear();
  }
  return ordered;
}

std::uint64_t GuardedStrategy::failures() const noexcept {
  return thrown_.load(std::memory_order_relaxed) + strategy_->failures();
}

StrategyStatistics GuardedStrategy::statistics() const { return {name_, failures(), counters()}; }

void BlockStrategies::add_to(NamespaceStatistics& statistics) const {
  for (const GuardedStrategy* part : parts) {
    statistics.strategies.push_back(part->statistics());
    statistics.strategy_failures += statistics.strategies.back().failures;
  }
}

BlockStrategies make_strategies(const config::BlockModel& model,
                                const StrategyCollaborators& with) {
  BlockStrategies made;
  std::vector<std::unique_ptr<Strategy>> parts;
  for (const config::StrategyPart& part : model.strategies) {
    auto guarded =
        std::make_unique<GuardedStrategy>(part.type->name(), part.type->make(part.options, with));
    made.parts.push_back(guarded.get());
    parts.push_back(std::move(guarded));
  }
  made.whole = parts.size() == 1 ? std::move(parts.front())
                                 : std::make_unique<HybridStrategy>(std::move(parts));
  return made;
}

void add_strategies(const NamespaceStatistics& block, NamespaceStatistics& total) {
  for (const StrategyStatistics& one : block.strategies) {
    auto at = std::find_if(total.strategies.begin(), total.strategies.end(),
                           [&one](const auto& sum) { return sum.name == one.name; });
    if (at == total.strategies.end())
      at = total.strategies.insert(at, StrategyStatistics{one.name, 0, {}});
    at->failures += one.failures;
    for (const StrategyCounter& counter : one.counters)
      add_counter(at->counters, counter.name, counter.value);
  }
}

}  // namespace freshet::detail
