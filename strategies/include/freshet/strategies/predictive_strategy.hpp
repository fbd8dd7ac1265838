// PredictiveStrategy: what is read often is loaded again before it expires, so that nobody waits.
//
// `strategy: predictive`, which brings ttl along: it goes by the hard deadline that the strategies
// before it gave. At `refresh_at` of its lifetime an entry is loaded again in the background, read at
// that moment or not, if
//   - it was read at least `threshold` times since it was stored, counted exactly; or
//   - it was read at least once since, and its key is one of the `hot_keys` that are read most in its
//     block, with at least `threshold` reads: by the analytics' summary, which goes on counting where
//     a refreshed entry begins at zero. The summary samples and ages by reads (AnalyticsOptions); its
//     count less its error is what has to reach the threshold.
// What is neither is let go and expires: so is a key that nobody read for a lifetime, at once, and one
// that is read less than others, once it has left the hottest. Without analytics, or with a key that
// they do not track, the first alone counts. Where more is due than the budget allows, the first go
// before the second, and the most-read entries first.
#pragma once

#include <cstdint>
#include <memory>

#include "freshet/option_table.hpp"
#include "freshet/strategy.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet {

struct PredictiveOptions {
  std::uint64_t threshold = 10;                  // [1, 65535] reads, counted exactly
  double refresh_at = 0.8;                       // (0, 1) of the lifetime
  std::uint64_t hot_keys = 100;                  // >= 1: the block's most-read keys, kept warm
  std::uint64_t max_refreshes_per_second = 200;  // >= 1
  std::uint64_t max_refreshes_at_once = 16;      // >= 1
};

/// Thread-safe.
class PredictiveStrategy final : public Strategy {
 public:
  explicit PredictiveStrategy(const PredictiveOptions& options) noexcept : options_(options) {}

  void on_attach(StrategyHost& host) override;
  Deadlines on_store(const EntryView& entry, Instant now) override;
  ReadDecision on_soft_expired(const EntryView& entry, Instant now) override;

 private:
  const PredictiveOptions options_;
};

/// `predictive: {threshold, refresh_at, hot_keys, max_refreshes_per_second, max_refreshes_at_once}`.
OptionTable<PredictiveOptions> predictive_option_table();

std::unique_ptr<Strategy> make_predictive_strategy(const PredictiveOptions& options,
                                                   const StrategyCollaborators& with);

}  // namespace freshet
