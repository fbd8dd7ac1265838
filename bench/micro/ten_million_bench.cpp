// What does not depend on how many entries carry a label, and what does: invalidations in a store of ten million entries,
// and sweeping it.
//
//   freshet_bench --benchmark_filter=at_scale
//
// invalidate_at_scale/KIND raises something that ten entries carry and something that ten million do, in turns, in one
// store; nobody looks at the entries meanwhile. Medians over the calls; `times` is the median of the ratios.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <ctime>
#include <functional>
#include <string>
#include <thread>

#include "micro/large_store.hpp"
#include "micro/turns.hpp"

namespace freshet::bench {
namespace {

using Call = std::function<Invalidated(CacheInvalidator&, const std::string& which)>;

void invalidate_at_scale(benchmark::State& state, const Call& call) {
  LargeStore& store = LargeStore::instance();
  if (store.content() == LargeStore::Content::nothing) store.fill();
  store.now_holds(LargeStore::Content::dead);
  Turns turns;
  std::uint64_t few = 0;
  std::uint64_t many = 0;
  for (auto _ : state) {
    turns.take([&] { few = call(store.invalidator, "few").count; },
               [&] { many = call(store.invalidator, "many").count; });
  }
  state.counters["carriers"] = static_cast<double>(many);
  state.counters["ns_few"] = 1e9 * turns.median_without();
  state.counters["ns_many"] = 1e9 * turns.median_with();
  state.counters["times"] = turns.ratio();
  if (many < store.carriers || few < kFewCarriers) state.SkipWithError("wrong count");
}

constexpr int kCalls = 2'001;

void sweep_at_scale(benchmark::State& state, bool dead) {
  LargeStore& store = LargeStore::instance();
  if (!dead || store.content() == LargeStore::Content::nothing) store.fill();
  for (auto _ : state) {
    // Which entry carries it, nobody can tell without a look at each.
    store.invalidator.invalidate_tag(dead ? "many" : "one");
    const double seconds = seconds_of([&] { store.invalidator.settle(); });
    state.SetIterationTime(seconds);
    state.counters["entries_per_second"] = static_cast<double>(store.carriers) / seconds;
  }
  if (dead) store.now_holds(LargeStore::Content::nothing);
  if (!dead) store.put_one();
}

// Before the store is full of dead entries.
BENCHMARK_CAPTURE(sweep_at_scale, alive, false)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

BENCHMARK_CAPTURE(invalidate_at_scale, tag,
                  [](CacheInvalidator& cache, const std::string& which) {
                    return cache.invalidate_tag(which);
                  })
    ->Iterations(kCalls)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(invalidate_at_scale, namespace,
                  [](CacheInvalidator& cache, const std::string& which) {
                    return cache.invalidate_namespace(which == "few" ? "n_few" : "n_many");
                  })
    ->Iterations(kCalls)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(invalidate_at_scale, dependents,
                  [](CacheInvalidator& cache, const std::string& which) {
                    return cache.invalidate_dependents(which == "few" ? "table:few" : "table:many");
                  })
    ->Iterations(kCalls)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(invalidate_at_scale, prefix,
                  [](CacheInvalidator& cache, const std::string& which) {
                    return cache.invalidate_prefix(which, "n_many");
                  })
    ->Iterations(kCalls)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(invalidate_at_scale, pattern,
                  [](CacheInvalidator& cache, const std::string& which) {
                    return cache.invalidate_matching(which + ":*", "n_many");
                  })
    ->Iterations(kCalls)
    ->Unit(benchmark::kMicrosecond);

BENCHMARK_CAPTURE(sweep_at_scale, dead, true)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

double cpu_seconds_of_process() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// The sweeper at work in the background, over a million entries that all died at once. This thread sleeps meanwhile, so
// that what the process uses is the sweeper's.
void background_sweep(benchmark::State& state) {
  constexpr std::size_t kEntries = 1'000'000;
  BenchCache cache(kEntries);
  for (auto _ : state) {
    const double cpu_before = cpu_seconds_of_process();
    cache.invalidator.invalidate_namespace("things");
    std::uint64_t left = kEntries;
    const double seconds = seconds_of([&] {
      while (left > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        left = cache.invalidator.stats().total.entries;
      }
    });
    state.SetIterationTime(seconds);
    state.counters["entries_per_second"] = static_cast<double>(kEntries) / seconds;
    state.counters["percent_of_a_core"] = 100 * (cpu_seconds_of_process() - cpu_before) / seconds;
  }
}
BENCHMARK(background_sweep)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);

// Clearing a namespace in which keys are depended on, in a cache where so many other labels are live.
void clear_with_labels(benchmark::State& state) {
  BenchCache cache(200'000, without_background());
  for (std::int64_t i = 0; i < state.range(0); ++i)
    cache.things.put(cache.keys[static_cast<std::size_t>(i)], 1,
                     {.tags = {fmt::format("own:{}", i)}});
  cache.things.put("page", 1, {.depends_on = {"user:1"}});
  for (auto _ : state) benchmark::DoNotOptimize(cache.invalidator.invalidate_namespace("things"));
}
BENCHMARK(clear_with_labels)->Arg(10)->Arg(100'000)->Iterations(200)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace freshet::bench
