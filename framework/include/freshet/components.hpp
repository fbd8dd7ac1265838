// Components: what an invalidator takes from outside. Each has a working default; tests and users replace any.
#pragma once

#include <memory>

#include "freshet/analytics.hpp"
#include "freshet/clock.hpp"
#include "freshet/executor.hpp"
#include "freshet/logger.hpp"
#include "freshet/random_source.hpp"
#include "freshet/rates.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet {

/// Collaborators, shared between the invalidator and whoever passed them. A null member means the default.
struct Components {
  std::shared_ptr<Clock> clock{};                  // the system clock
  std::shared_ptr<Executor> executor{};            // a pool of one thread of the invalidator's own
  std::shared_ptr<RandomSource> random{};          // seeded from the system
  std::shared_ptr<Logger> logger{};                // warnings and errors to standard error
  std::shared_ptr<StrategyRegistry> strategies{};  // the built-in strategies
  AnalyticsOptions analytics{};  // how closely reads are watched; `analytics:` wins
  WarningThresholds warnings{};  // from where on stats() warns; `warnings:` wins
};

}  // namespace freshet
