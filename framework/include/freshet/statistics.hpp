// Statistics: what happened, per policy block and in all, as a struct, as text and as JSON.
//
// The namespaces of a glob block are counted together under its name, so that the number of rows is bounded whatever
// names users bring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/rates.hpp"

namespace freshet {

/// A number that a strategy counts itself.
struct StrategyCounter {
  std::string name;  // at most kMaxStrategyCounterBytes
  std::uint64_t value = 0;
  friend bool operator==(const StrategyCounter&, const StrategyCounter&) = default;
};

inline constexpr std::size_t kMaxStrategyCounters = 64;  // of one strategy in one block
inline constexpr std::size_t kMaxStrategyCounterBytes = 64;

/// What one strategy says of itself. In the sum: of all blocks that name it.
struct StrategyStatistics {
  std::string name;                       // what `strategy:` calls it
  std::uint64_t failures = 0;             // calls that threw or failed
  std::vector<StrategyCounter> counters;  // ordered by name
  friend bool operator==(const StrategyStatistics&, const StrategyStatistics&) = default;
};

/// One policy block's numbers, or the sum over all.
struct NamespaceStatistics {
  std::string name;      // of the block; empty for the sum
  std::string strategy;  // empty for the sum

#define FRESHET_METRIC(name, kind, unit, help) std::uint64_t name = 0;
#include "freshet/detail/metrics.inc"
#undef FRESHET_METRIC

  std::vector<StrategyStatistics> strategies;  // in the order in which they are asked

  /// Invalidations: of its keys and namespaces for a block, of any kind for the sum.
  Rate invalidation_rate{};

  /// hits / (hits + misses); 0 before the first read.
  double hit_ratio() const noexcept {
    const std::uint64_t reads = hits + misses;
    return reads == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(reads);
  }
  std::uint64_t invalidations() const noexcept {
    return invalidations_key + invalidations_tag + invalidations_namespace + invalidations_all +
           invalidations_dependency + invalidations_prefix + invalidations_pattern +
           invalidations_all_of + invalidations_version + invalidations_predicate;
  }
  std::uint64_t entries_invalidated() const noexcept {
    return invalidated_by_key + invalidated_by_tag + invalidated_by_namespace + invalidated_by_all +
           invalidated_by_dependency + invalidated_by_prefix + invalidated_by_pattern +
           invalidated_by_all_of + invalidated_by_version + invalidated_by_predicate;
  }
};

/// A snapshot. Plain data.
struct Statistics {
  NamespaceStatistics total;
  std::vector<NamespaceStatistics> namespaces;  // in the order of the policy
  std::vector<Warning> warnings;                // by Components::warnings and the policy's

  /// An aligned table: a row per metric that is not zero anywhere, a column per block; likewise for what strategies count
  /// themselves, as `early_refresh.failures` and `early_refresh.NAME`; then a line per warning.
  std::string text() const;

  /// {"total": {…}, "namespaces": {"profiles": {…}}}, every metric under its name, hit_ratio and
  /// invalidation_rate besides, and "strategies": {"early_refresh": {"failures": 0, "counters": {…}}}; then "warnings": [{kind, namespace, tag, value, threshold, text}].
  std::string json() const;
};

enum class MetricKind : std::uint8_t { counter, gauge };

/// A row of the table of metrics.
struct MetricInfo {
  std::string_view name;
  MetricKind kind;
  std::string_view unit;
  std::string_view help;
  std::uint64_t NamespaceStatistics::*value;
};

/// Every metric, in the order of display.
std::span<const MetricInfo> metric_table() noexcept;

}  // namespace freshet
