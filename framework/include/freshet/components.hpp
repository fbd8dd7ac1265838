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
  std::shared_ptr<Clock> clock{};        // the system clock
  std::shared_ptr<Executor> executor{};  // a pool of one thread of the invalidator's own
  /// Where loads with a load_timeout run; a loader that hangs keeps one of its threads. Null: a pool of 16 threads of the
  /// invalidator's own, begun with the first such load. It must not run tasks that load through the cache.
  std::shared_ptr<Executor> load_executor{};
  std::shared_ptr<RandomSource> random{};          // seeded from the system
  std::shared_ptr<Logger> logger{};                // warnings and errors to standard error
  std::shared_ptr<StrategyRegistry> strategies{};  // the built-in strategies
  AnalyticsOptions analytics{};  // how closely reads are watched; `analytics:` wins
  WarningThresholds warnings{};  // from where on stats() warns; `warnings:` wins
};

}  // namespace freshet
