// PredictiveStrategy: turns its options into a refresh point and a budget; the store counts the reads.
#include "freshet/strategies/predictive_strategy.hpp"

#include <limits>

namespace freshet {

void PredictiveStrategy::on_attach(StrategyHost& host) {
  host.limit_refreshes({.per_second = options_.max_refreshes_per_second,
                        .at_once = options_.max_refreshes_at_once,
                        .warm_keys = options_.hot_keys});
}

Deadlines PredictiveStrategy::on_store(const EntryView& entry, Instant now) {
  const Instant hard = entry.deadlines.hard;  // of the strategies before this one
  Deadlines deadlines;
  if (hard == kNever || hard <= now) return deadlines;
  const auto ahead = static_cast<double>((hard - now).count()) * options_.refresh_at;
  deadlines.refresh_at = now + Duration(static_cast<Duration::rep>(ahead));
  deadlines.refresh_from_accesses = static_cast<std::uint16_t>(options_.threshold);
  return deadlines;
}

ReadDecision PredictiveStrategy::on_soft_expired(const EntryView&, Instant) {
  return ReadDecision::serve;
}

OptionTable<PredictiveOptions> predictive_option_table() {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint16_t>::max();
  OptionTable<PredictiveOptions> table;
  table.add("threshold", &PredictiveOptions::threshold,
            count_kind({.at_least = 1, .at_most = kMost}),
            "reads from which an entry is loaded again ahead of its deadline");
  table.add("refresh_at", &PredictiveOptions::refresh_at,
            percentage_kind({.above = 0.0, .below = 1.0}),
            "share of its lifetime after which that happens");
  table.add("hot_keys", &PredictiveOptions::hot_keys, count_kind({.at_least = 1}),
            "most-read keys of the block that are loaded again even if this entry alone was read "
            "less often, but at least once");
  table.add("max_refreshes_per_second", &PredictiveOptions::max_refreshes_per_second,
            count_kind({.at_least = 1}), "loads in the background per second");
  table.add("max_refreshes_at_once", &PredictiveOptions::max_refreshes_at_once,
            count_kind({.at_least = 1}), "loads in the background at the same time");
  return table;
}

std::unique_ptr<Strategy> make_predictive_strategy(const PredictiveOptions& options,
                                                   const StrategyCollaborators&) {
  return std::make_unique<PredictiveStrategy>(options);
}

}  // namespace freshet
