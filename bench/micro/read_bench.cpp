// What a hit costs: get and get_or_load, by one thread and by two.
#include <benchmark/benchmark.h>

#include "micro/bench_cache.hpp"

namespace freshet::bench {
namespace {

constexpr std::size_t kEntries = 4096;

BenchCache& filled() {
  static BenchCache cache(kEntries);
  return cache;
}

void get_hit(benchmark::State& state) {
  BenchCache& cache = filled();
  auto i = static_cast<std::size_t>(state.thread_index()) * 7919;
  for (auto _ : state) benchmark::DoNotOptimize(cache.things.get(cache.key(i++)));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(get_hit)->Threads(1)->Threads(2)->UseRealTime();

void get_or_load_hit(benchmark::State& state) {
  BenchCache& cache = filled();
  auto i = static_cast<std::size_t>(state.thread_index()) * 7919;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        cache.things.get_or_load(cache.key(i++), [] { return std::uint64_t{2}; }));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(get_or_load_hit)->Threads(1)->Threads(2)->UseRealTime();

void get_miss(benchmark::State& state) {
  BenchCache& cache = filled();
  const std::vector<std::string> absent{"nobody:1", "nobody:2", "nobody:3", "nobody:4"};
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(cache.things.get(absent[i++ % absent.size()]));
}
BENCHMARK(get_miss);

}  // namespace
}  // namespace freshet::bench
