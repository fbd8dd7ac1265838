// EventStrategy: no deadline but those that caller and loader ask for; events do the rest.
#include "freshet/strategies/event_strategy.hpp"

#include "freshet/strategies/manual_strategy.hpp"

namespace freshet {

Deadlines EventStrategy::on_store(const EntryView& entry, Instant now) {
  return ManualStrategy().on_store(entry, now);
}

ReadDecision EventStrategy::on_soft_expired(const EntryView&, Instant) {
  return ReadDecision::serve;
}

OptionTable<EventOptions> event_option_table() { return {}; }

std::unique_ptr<Strategy> make_event_strategy(const EventOptions&, const StrategyCollaborators&) {
  return std::make_unique<EventStrategy>();
}

}  // namespace freshet
