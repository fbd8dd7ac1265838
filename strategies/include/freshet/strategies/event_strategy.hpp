// EventStrategy: an entry is good until a domain event says otherwise. `strategy: event`.
//
// What an event invalidates stands in the policy's `events:`. Nothing else expires the entry, unless
// the block gives a ttl as well, or caller or loader ask for a lifetime.
#pragma once

#include <memory>

#include "freshet/option_table.hpp"
#include "freshet/strategy.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet {

struct EventOptions {};

/// Thread-safe.
class EventStrategy final : public Strategy {
 public:
  Deadlines on_store(const EntryView& entry, Instant now) override;
  ReadDecision on_soft_expired(const EntryView& entry, Instant now) override;
};

/// No options.
OptionTable<EventOptions> event_option_table();

std::unique_ptr<Strategy> make_event_strategy(const EventOptions& options,
                                              const StrategyCollaborators& with);

}  // namespace freshet
