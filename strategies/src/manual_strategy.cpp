// ManualStrategy: no deadline but those that caller and loader ask for.
#include "freshet/strategies/manual_strategy.hpp"

#include <algorithm>

namespace freshet {

Deadlines ManualStrategy::on_store(const EntryView& entry, Instant now) {
  std::optional<Duration> lifetime = entry.requested_ttl;
  if (entry.loader_ttl)
    lifetime = lifetime ? std::min(*lifetime, *entry.loader_ttl) : *entry.loader_ttl;
  if (!lifetime) return {};
  return {.soft = kNever, .hard = later(now, std::max(*lifetime, Duration::zero()))};
}

ReadDecision ManualStrategy::on_soft_expired(const EntryView&, Instant) {
  return ReadDecision::serve;
}

OptionTable<ManualOptions> manual_option_table() { return {}; }

std::unique_ptr<Strategy> make_manual_strategy(const ManualOptions&, const StrategyCollaborators&) {
  return std::make_unique<ManualStrategy>();
}

}  // namespace freshet
