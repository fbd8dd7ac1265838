// Debounce and batch.
#include "rules/deferrals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/identity.hpp"

namespace freshet::rules {

void append(Expanded& into, Expanded more) {
  if (more.chain.size() > into.chain.size()) into.chain = std::move(more.chain);
  into.plan.append(std::move(more.plan));
  for (PlannedAction& action : more.explained) into.explained.push_back(std::move(action));
}

bool Deferrals::defer(Expanded& expanded) {
  const Rule& rule = *expanded.rule;
  const std::string identity = Deferrals::identity(expanded);
  // A batch has one place for all that its rule does.
  std::string key = fmt::format("{}|", static_cast<const void*>(&rule));
  if (rule.debounce) key += identity;
  Expanded full;
  {
    detail::rt::Lock lock(mutex_);
    const Instant now = clock_->now();
    auto found = waiting_.find(key);
    if (found == waiting_.end()) {
      if (waiting_.size() >= kMaxWaiting) return false;
      found = waiting_.emplace(key, Waiting{.first = now, .serial = ++serial_}).first;
      start_timer(rule.debounce ? rule.debounce->quiet : rule.batch->within, key,
                  found->second.serial);
    }
    Waiting& waiting = found->second;
    waiting.last = now;
    ++waiting.events;
    waiting.expanded.engine = expanded.engine;
    merge(waiting, std::move(expanded), identity);
    if (!rule.batch || waiting.events < rule.batch->at_most) return true;
    full = std::move(waiting.expanded);
    waiting_.erase(found);
  }
  run_(std::move(full));
  return true;
}

std::size_t Deferrals::waiting() const {
  detail::rt::Lock lock(mutex_);
  return waiting_.size();
}

void Deferrals::drop(std::map<std::string, std::uint64_t>& dropped) {
  std::unordered_map<std::string, Waiting> waiting;  // goes after the lock
  detail::rt::Lock lock(mutex_);
  waiting.swap(waiting_);
  for (const auto& [key, rule] : waiting) dropped[rule.expanded.chain.back()] += rule.events;
}

std::string Deferrals::identity(const Expanded& expanded) {
  std::string identity;
  const InvalidationPlan& plan = expanded.plan;
  for (std::size_t i = 0; i < plan.targets().size(); ++i) {
    const Target& target = plan.targets()[i];
    identity += static_cast<char>('0' + static_cast<int>(target.kind));
    identity += plan.modes()[i] == Mode::expire ? 'x' : '-';
    add_text(identity, target.space);
    add_text(identity, target.name);
    for (const std::string& text : target.more) add_text(identity, text);
  }
  for (const RefreshRequest& refresh : plan.refreshes()) {
    identity += 'r';
    add_text(identity, refresh.name_space);
    add_text(identity, refresh.key);
  }
  for (const Event& event : plan.events()) {
    identity += 'e';
    add_event(identity, event);
  }
  if (plan.rewarm() != 0) identity += fmt::format("w{}", plan.rewarm());
  return identity;
}

void Deferrals::merge(Waiting& waiting, Expanded expanded, const std::string& identity) {
  if (!waiting.seen.insert(identity).second) {
    expanded = {.rule = expanded.rule, .chain = std::move(expanded.chain)};
  }
  waiting.expanded.rule = expanded.rule;
  append(waiting.expanded, std::move(expanded));
}

Instant Deferrals::due(const Waiting& waiting) {
  const Rule& rule = *waiting.expanded.rule;
  if (rule.batch) return later(waiting.first, rule.batch->within);
  return std::min(later(waiting.last, rule.debounce->quiet),
                  later(waiting.first, rule.debounce->at_most));
}

void Deferrals::start_timer(Duration delay, const std::string& key, std::uint64_t serial) {
  executor_->post_after(delay, gate_.wrap([this, key, serial] { on_timer(key, serial); }));
}

// Set for the earliest time at which something could be due; later events move that, and so the timer is set again.
void Deferrals::on_timer(const std::string& key, std::uint64_t serial) {
  Expanded ready;
  {
    detail::rt::Lock lock(mutex_);
    const auto found = waiting_.find(key);
    if (found == waiting_.end() || found->second.serial != serial) return;
    const Duration left = due(found->second) - clock_->now();
    if (left.count() > 0) return start_timer(left, key, serial);
    ready = std::move(found->second.expanded);
    waiting_.erase(found);
  }
  run_(std::move(ready));
}

}  // namespace freshet::rules
