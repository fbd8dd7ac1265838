// What storing costs under each built-in strategy: a put over an entry that is there.
#include <benchmark/benchmark.h>

#include "micro/bench_cache.hpp"

namespace freshet::bench {
namespace {

void put(benchmark::State& state, std::string_view strategy) {
  BenchCache cache(4096, {}, strategy);
  std::size_t i = 0;
  for (auto _ : state) {
    cache.things.put(cache.key(i), i);
    ++i;
  }
}
BENCHMARK_CAPTURE(put, manual, "manual");
BENCHMARK_CAPTURE(put, ttl, "ttl");

void put_with_two_tags(benchmark::State& state) {
  BenchCache cache(4096);
  const EntryOptions options{.tags = {"users", "team:5"}};
  std::size_t i = 0;
  for (auto _ : state) {
    cache.things.put(cache.key(i), i, options);
    ++i;
  }
}
BENCHMARK(put_with_two_tags);

}  // namespace
}  // namespace freshet::bench
