// HybridStrategy: asks its parts in order and merges what they say.
#include "freshet/strategies/hybrid_strategy.hpp"

#include <algorithm>
#include <utility>

namespace freshet {
namespace {

Duration shorter_idle(Duration a, Duration b) {
  if (a == Duration::zero() || b == Duration::zero()) return std::max(a, b);
  return std::min(a, b);
}

}  // namespace

Deadlines earliest(const Deadlines& a, const Deadlines& b) {
  Deadlines merged = a.refresh_at <= b.refresh_at ? a : b;
  merged.soft = std::min(a.soft, b.soft);
  merged.hard = std::min(a.hard, b.hard);
  merged.idle = shorter_idle(a.idle, b.idle);
  return merged;
}

// Timers of one part, told apart from the others' by the low bits of their id.
class HybridStrategy::PartHost final : public StrategyHost {
 public:
  PartHost(StrategyHost& host, TimerId part, TimerId parts)
      : host_(host), part_(part), parts_(parts) {}

  void start_timer(TimerId timer, Duration delay) override {
    host_.start_timer(timer * parts_ + part_, delay);
  }
  void request_refresh(std::string_view name_space, std::string_view key) override {
    host_.request_refresh(name_space, key);
  }
  std::vector<HotKey> hot_keys(std::size_t count) override { return host_.hot_keys(count); }
  void limit_refreshes(const RefreshLimits& limits) override { host_.limit_refreshes(limits); }
  void log(LogLevel level, std::string_view message) noexcept override {
    host_.log(level, message);
  }

 private:
  StrategyHost& host_;
  TimerId part_;
  TimerId parts_;
};

HybridStrategy::HybridStrategy(std::vector<std::unique_ptr<Strategy>> parts)
    : parts_(std::move(parts)) {}
HybridStrategy::~HybridStrategy() = default;

void HybridStrategy::on_attach(StrategyHost& host) {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    hosts_.push_back(std::make_unique<PartHost>(host, static_cast<TimerId>(i),
                                                static_cast<TimerId>(parts_.size())));
    parts_[i]->on_attach(*hosts_[i]);
  }
}

Deadlines HybridStrategy::on_store(const EntryView& entry, Instant now) {
  EntryView view = entry;
  Deadlines merged = entry.deadlines;
  for (const auto& part : parts_) {
    view.deadlines = merged;
    merged = earliest(merged, part->on_store(view, now));
  }
  return merged;
}

ReadDecision HybridStrategy::on_soft_expired(const EntryView& entry, Instant now) {
  ReadDecision strongest = ReadDecision::serve;
  for (const auto& part : parts_)
    strongest = std::max(strongest, part->on_soft_expired(entry, now));
  return strongest;
}

void HybridStrategy::on_event(const Event& event, InvalidationPlan& plan) {
  for (const auto& part : parts_) part->on_event(event, plan);
}

void HybridStrategy::on_timer(TimerId timer, StrategyHost&) {
  const std::size_t part = timer % parts_.size();
  parts_[part]->on_timer(timer / static_cast<TimerId>(parts_.size()), *hosts_[part]);
}

}  // namespace freshet
