// HybridStrategy: several strategies as one. What `strategy: [ttl, event, predictive]` makes, and the
// word `hybrid`.
//
// The earliest deadline wins, the strongest read decision wins (a miss over a refresh over a serve),
// events go to all. When an entry is stored, each sees the deadlines that those before it gave.
#pragma once

#include <any>
#include <memory>
#include <vector>

#include "freshet/strategies/event_strategy.hpp"
#include "freshet/strategies/predictive_strategy.hpp"
#include "freshet/strategies/ttl_strategy.hpp"
#include "freshet/strategy.hpp"

namespace freshet {

/// The word `hybrid` in code: a lifetime as a safety net, events, and refresh of what is hot.
struct HybridOptions {
  TtlOptions ttl{};
  EventOptions event{};
  PredictiveOptions predictive{};

  /// The options of each, for CacheInvalidatorBuilder::cache.
  std::vector<std::any> parts() const { return {ttl, event, predictive}; }
};

/// Thread-safe if its parts are.
class HybridStrategy final : public Strategy {
 public:
  explicit HybridStrategy(std::vector<std::unique_ptr<Strategy>> parts);
  ~HybridStrategy() override;

  void on_attach(StrategyHost& host) override;
  Deadlines on_store(const EntryView& entry, Instant now) override;
  ReadDecision on_soft_expired(const EntryView& entry, Instant now) override;
  void on_event(const Event& event, InvalidationPlan& plan) override;
  void on_timer(TimerId timer, StrategyHost& host) override;

 private:
  class PartHost;

  std::vector<std::unique_ptr<PartHost>> hosts_;  // each part has timers of its own; outlive them
  std::vector<std::unique_ptr<Strategy>> parts_;
};

/// The earlier of each deadline; the refresh point and its threshold go together.
Deadlines earliest(const Deadlines& a, const Deadlines& b);

}  // namespace freshet
