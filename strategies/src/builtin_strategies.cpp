// The strategies that come with the library, a line each.
#include "freshet/strategies/manual_strategy.hpp"
#include "freshet/strategies/ttl_strategy.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet {

void register_builtin_strategies(StrategyRegistry& registry) {
  registry.add<TtlOptions>("ttl", ttl_option_table(), make_ttl_strategy, OptionPlacement::in_block);
  registry.add<ManualOptions>("manual", manual_option_table(), make_manual_strategy,
                              OptionPlacement::in_block);
}

}  // namespace freshet
