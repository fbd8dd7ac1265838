// BlockCounters: the counters of one policy block, striped so that threads do not meet on one line.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/statistics.hpp"
#include "runtime/thread_slot.hpp"

namespace freshet::detail {

/// A name for each row of the table of metrics.
enum class Metric : std::uint8_t {
#define FRESHET_METRIC(name, kind, unit, help) name,
#include "freshet/detail/metrics.inc"
#undef FRESHET_METRIC
};

inline constexpr std::size_t kMetrics = 0
#define FRESHET_METRIC(name, kind, unit, help) +1
#include "freshet/detail/metrics.inc"
#undef FRESHET_METRIC
    ;

/// Thread-safe. Gauges in it stay zero: who knows them fills them in.
class BlockCounters {
 public:
  void add(Metric metric, std::uint64_t amount = 1) noexcept {
    add_from(thread_slot(), metric, amount);
  }
  /// The same for a caller that has its thread's slot already.
  void add_from(std::size_t slot, Metric metric, std::uint64_t amount = 1) noexcept {
    // relaxed: each number is exact by itself; no order among them is promised.
    stripes_[slot % kStripes].values[static_cast<std::size_t>(metric)].fetch_add(
        amount, std::memory_order_relaxed);
  }

  /// Adds every counter to the matching member of `statistics`. O(stripes x metrics).
  void add_to(NamespaceStatistics& statistics) const noexcept {
    const std::span<const MetricInfo> table = metric_table();
    for (const Stripe& stripe : stripes_) {
      for (std::size_t i = 0; i < kMetrics; ++i) {
        statistics.*table[i].value += stripe.values[i].load(std::memory_order_relaxed);
      }
    }
  }

 private:
  static constexpr std::size_t kStripes = std::min<std::size_t>(8, rt::kThreadStripes);
  struct alignas(64) Stripe {
    std::array<rt::Atomic<std::uint64_t>, kMetrics> values{};
  };
  std::array<Stripe, kStripes> stripes_{};
};

}  // namespace freshet::detail
