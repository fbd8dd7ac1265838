// What a label costs an entry in memory: 100,000 entries with K tags that all of them carry against as many with none, by
// what malloc has handed out. The labels themselves are few.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <stdexcept>

#include "micro/bench_cache.hpp"

namespace freshet::bench {
namespace {

constexpr std::size_t kEntries = 100'000;

enum class Filled { by_put, by_load, by_loader };

void fill(BenchCache& cache, Filled how, const EntryOptions& options) {
  const auto loader = [&](LoadContext& context) {
    if (how == Filled::by_loader) {
      for (const std::string& tag : options.tags) context.tag(tag);
    }
    return std::uint64_t{1};
  };
  const EntryOptions named = how == Filled::by_load ? options : EntryOptions{};
  for (std::size_t i = 0; i < kEntries; ++i) {
    const std::string key = fmt::format("item:{}", i);
    if (how == Filled::by_put) {
      cache.things.put(key, 1, options);
    } else {
      cache.things.get_or_load(key, loader, named);
    }
  }
}

/// Bytes that malloc hands out for the entries, its own headers included.
double bytes_for(Filled how, std::int64_t tags) {
  EntryOptions options;
  for (std::int64_t i = 0; i < tags; ++i) options.tags.push_back(fmt::format("tag:{}", i));
  // It makes room for four times what it fills itself with.
  BenchCache cache(kEntries / 3, without_background());
  cache.invalidator.invalidate_all();
  cache.invalidator.settle();
  const struct mallinfo2 before = ::mallinfo2();
  fill(cache, how, options);
  const struct mallinfo2 after = ::mallinfo2();
  const double in_heap = static_cast<double>(after.uordblks) - static_cast<double>(before.uordblks);
  const double mapped = static_cast<double>(after.hblkhd) - static_cast<double>(before.hblkhd);
  if (cache.invalidator.stats().total.entries != kEntries) throw std::runtime_error("evicted");
  return in_heap + mapped;
}

void label_memory(benchmark::State& state, Filled how) {
  const std::int64_t tags = state.range(0);
  for (auto _ : state) {
    const double without = bytes_for(how, 0);
    const double with = bytes_for(how, tags);
    state.counters["bytes_per_entry"] = without / kEntries;
    state.counters["bytes_per_label"] =
        (with - without) / static_cast<double>(kEntries) / static_cast<double>(tags);
  }
}
BENCHMARK_CAPTURE(label_memory, put, Filled::by_put)
    ->ArgName("labels")
    ->Arg(1)
    ->Arg(4)
    ->Arg(16)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(label_memory, load, Filled::by_load)
    ->ArgName("labels")
    ->Arg(1)
    ->Arg(4)
    ->Arg(16)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(label_memory, named_by_the_loader, Filled::by_loader)
    ->ArgName("labels")
    ->Arg(1)
    ->Arg(4)
    ->Arg(16)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freshet::bench
