// What a memoized call costs beside get_or_load with a key that is ready: making the key, and looking at the function's tag.
#include <benchmark/benchmark.h>

#include "micro/bench_cache.hpp"

namespace freshet::bench {
namespace {

constexpr std::size_t kEntries = 4096;

BenchCache& filled() {
  static BenchCache cache(kEntries);
  return cache;
}

std::size_t scattered(std::size_t i) { return (i * 0x9E37'79B9'7F4A'7C15U >> 20) % kEntries; }

void ready_key(benchmark::State& state) {
  BenchCache& cache = filled();
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        cache.things.get_or_load(cache.keys[scattered(i++)], [] { return std::uint64_t{2}; }));
  }
}
BENCHMARK(ready_key)->Name("memoize/ready_key");

// What of the difference is the tag that clear() goes by.
void ready_key_with_a_tag(benchmark::State& state) {
  BenchCache& cache = filled();
  const EntryOptions options{.tags = {"memoized:things:user:{}"}};
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(cache.things.get_or_load(
        cache.keys[scattered(i++)], [] { return std::uint64_t{2}; }, options));
  }
}
BENCHMARK(ready_key_with_a_tag)->Name("memoize/ready_key_with_a_tag");

void memoized(benchmark::State& state) {
  const auto call =
      filled().things.memoize("user:{}", [](std::size_t n) -> std::uint64_t { return n; });
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(call(scattered(i++)));
}
BENCHMARK(memoized)->Name("memoize/memoized");

void memoized_by_two_arguments(benchmark::State& state) {
  static BenchCache cache(kEntries);  // with room for these results too
  const auto call = cache.things.memoize(
      "user:{}:{}", [](std::size_t n, std::string_view) -> std::uint64_t { return n; });
  for (std::size_t n = 0; n < kEntries; ++n) call(n, "profile");
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(call(scattered(i++), "profile"));
}
BENCHMARK(memoized_by_two_arguments)->Name("memoize/memoized_by_two_arguments");

}  // namespace
}  // namespace freshet::bench
