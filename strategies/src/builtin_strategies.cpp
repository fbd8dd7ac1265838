// The strategies that come with the library, a line each.
#include "freshet/strategies/event_strategy.hpp"
#include "freshet/strategies/manual_strategy.hpp"
#include "freshet/strategies/predictive_strategy.hpp"
#include "freshet/strategies/ttl_strategy.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet {

void register_builtin_strategies(StrategyRegistry& registry) {
  registry.add<TtlOptions>("ttl", ttl_option_table(), make_ttl_strategy, OptionPlacement::in_block);
  registry.add<ManualOptions>("manual", manual_option_table(), make_manual_strategy,
                              OptionPlacement::in_block);
  registry.add<EventOptions>("event", event_option_table(), make_event_strategy,
                             OptionPlacement::in_block);
  registry.add<PredictiveOptions>("predictive", predictive_option_table(), make_predictive_strategy,
                                  OptionPlacement::in_section);
}

}  // namespace freshet
