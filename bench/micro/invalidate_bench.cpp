// What invalidate_tag costs when ten entries carry the tag and when a million do: the same, as a label is raised and
// nothing is walked. Entries are put back outside of the time that is measured, and the sweeper does not run.
#include <benchmark/benchmark.h>

#include <memory>

#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"
#include "micro/bench_cache.hpp"

namespace freshet::bench {
namespace {

constexpr std::size_t kEntries = 1'000'000;

Components without_background() {
  Components components;
  const auto clock = std::make_shared<testing::ManualClock>();
  components.clock = clock;
  components.executor = std::make_shared<testing::ManualExecutor>(clock);
  return components;
}

/// A million entries in the cache either way, so that only the number of carriers differs.
void invalidate_tag(benchmark::State& state) {
  BenchCache cache(kEntries, without_background());
  const auto carriers = static_cast<std::size_t>(state.range(0));
  const EntryOptions tagged{.tags = {"carried"}};
  std::uint64_t made_stale = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (std::size_t i = 0; i < carriers; ++i) cache.things.put(cache.keys[i], i, tagged);
    state.ResumeTiming();
    made_stale += cache.invalidator.invalidate_tag("carried").count;
  }
  if (made_stale != carriers * state.iterations()) state.SkipWithError("wrong count");
}
BENCHMARK(invalidate_tag)->Arg(10)->Arg(kEntries)->Iterations(20)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace freshet::bench
