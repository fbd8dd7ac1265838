// What the analytics add to a hit: the same reads with the tracker off and on, once it has come to its final sampling.
//
// In instructions, which no neighbour disturbs: `instructions_of_a_hit/0` and `/256` under callgrind (bench/README.md).
// In time:
// Off and on take turns, two milliseconds each, so that whatever else the machine does meets both alike.
// `overhead_percent` is the median over the turns of how much longer the reads with the tracker took.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "micro/bench_cache.hpp"

namespace freshet::bench {
namespace {

constexpr std::size_t kEntries = 4096;
constexpr std::size_t kReadsPerTurn = 20'000;

/// One read in so many is counted; 0: the tracker is off.
Components watching(std::uint32_t one_in) {
  Components components;
  components.analytics.hot_keys = one_in != 0;
  if (one_in != 0) components.analytics.sample_one_in = one_in;
  return components;
}

double seconds_of_reads(BenchCache& cache, std::size_t first) {
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t i = first; i < first + kReadsPerTurn; ++i)
    benchmark::DoNotOptimize(cache.things.get(cache.key(i)));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

/// By name for callgrind's --toggle-collect: nothing but these reads is counted.
[[gnu::noinline]] void counted_reads(BenchCache& cache, std::size_t reads) {
  for (std::size_t i = 0; i < reads; ++i) benchmark::DoNotOptimize(cache.things.get(cache.key(i)));
}

void instructions_of_a_hit(benchmark::State& state) {
  const auto one_in = static_cast<std::uint32_t>(state.range(0));
  BenchCache cache(kEntries, watching(one_in));
  for (std::size_t i = 0; i < 20'000 * one_in; ++i) cache.things.get(cache.key(i));
  for (auto _ : state) counted_reads(cache, 1'000'000);
  state.SetItemsProcessed(1'000'000);
}
BENCHMARK(instructions_of_a_hit)
    ->Arg(0)
    ->Arg(AnalyticsOptions{}.sample_one_in)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void analytics_on_a_hit(benchmark::State& state) {
  const auto one_in = static_cast<std::uint32_t>(state.range(0));
  BenchCache off(kEntries, watching(0));
  BenchCache on(kEntries, watching(one_in));
  for (std::size_t i = 0; i < 20'000 * one_in; ++i) on.things.get(on.key(i));
  std::vector<double> ratios;
  double seconds_off = 0;
  double seconds_on = 0;
  std::size_t turn = 0;
  for (auto _ : state) {
    const std::size_t first = turn * kReadsPerTurn;
    const bool off_first = turn++ % 2 == 0;
    const double before = seconds_of_reads(off_first ? off : on, first);
    const double after = seconds_of_reads(off_first ? on : off, first);
    const double with = off_first ? after : before;
    const double without = off_first ? before : after;
    ratios.push_back(with / without);
    seconds_on += with;
    seconds_off += without;
  }
  std::nth_element(ratios.begin(), ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2),
                   ratios.end());
  const double reads = static_cast<double>(turn * kReadsPerTurn);
  state.counters["overhead_percent"] = 100 * (ratios[ratios.size() / 2] - 1);
  state.counters["ns_off"] = 1e9 * seconds_off / reads;
  state.counters["ns_on"] = 1e9 * seconds_on / reads;
}
BENCHMARK(analytics_on_a_hit)
    ->Arg(0)  // off against off: what the measurement itself is good for
    ->Arg(64)
    ->Arg(AnalyticsOptions{}.sample_one_in)
    ->Arg(1024)
    ->Iterations(400)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace freshet::bench
