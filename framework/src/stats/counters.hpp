// BlockCounters: the counters of one policy block, for each thread its own, so that counting is a load and a store.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/statistics.hpp"
#include "runtime/per_thread.hpp"

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
    add_from(rt::thread_number(), metric, amount);
  }
  /// The same for who has asked for its thread's number already.
  void add_from(std::size_t thread, Metric metric, std::uint64_t amount = 1) noexcept {
    const auto index = static_cast<std::size_t>(metric);
    // relaxed: each number is exact by itself; no order among them is promised. Only this thread writes its own.
    if (Values* own = own_.mine(thread)) {
      rt::Atomic<std::uint64_t>& value = (*own)[index];
      value.store(value.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    } else {
      shared_[index].fetch_add(amount, std::memory_order_relaxed);
    }
  }

  /// Adds every counter to the matching member of `statistics`. O(threads x metrics).
  void add_to(NamespaceStatistics& statistics) const noexcept {
    add(shared_, statistics);
    own_.for_each([&](const Values& values) { add(values, statistics); });
  }

 private:
  using Values = std::array<rt::Atomic<std::uint64_t>, kMetrics>;

  static void add(const Values& values, NamespaceStatistics& statistics) noexcept {
    const std::span<const MetricInfo> table = metric_table();
    for (std::size_t i = 0; i < kMetrics; ++i)
      statistics.*table[i].value += values[i].load(std::memory_order_relaxed);
  }

  PerThread<Values> own_;
  Values shared_{};  // of threads that have none of their own
};

}  // namespace freshet::detail
