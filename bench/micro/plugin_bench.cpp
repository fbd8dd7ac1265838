// What a plugin's strategy costs beside a built-in one: a hit, and a put over an entry that is there.
//
// All are measured in one run, each of many repetitions in turn, so that what else the machine does meets all.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <string>

#include "micro/bench_cache.hpp"

namespace freshet::bench {
namespace {

constexpr std::size_t kEntries = 4096;
constexpr std::size_t kTurn = 20'000;

/// A block in code and its name in the figures.
struct Subject {
  const char* name;
  CacheInvalidator invalidator;
  Cache<std::uint64_t> cache;
  std::vector<double> times{};  // ns of each turn, for one call
};

std::filesystem::path plugin(const char* name) {
  return std::filesystem::path(FRESHET_PLUGIN_DIR) / (std::string("lib") + name + ".so");
}

template <class Options>
Subject subject(const char* name, Options options) {
  auto builder = CacheInvalidator::builder();
  builder.plugin(plugin("early_refresh")).plugin(plugin("sliding_ttl"));
  builder.cache("things", std::move(options), {.capacity = {.entries = 4 * kEntries + 4096}});
  CacheInvalidator invalidator = builder.build();
  auto cache = invalidator.cache<std::uint64_t>("things");
  return {name, std::move(invalidator), std::move(cache)};
}

std::array<Subject, 4> subjects() {
  using namespace std::chrono_literals;
  return {subject("ttl", TtlOptions{.ttl = 1h}),
          subject("ttl_idle", TtlOptions{.ttl = 1h, .idle_ttl = 10min}),
          subject("early_refresh",
                  PluginOptions{.strategy = "early_refresh", .parameters = {{"ttl", 1h}}}),
          subject("sliding_ttl", PluginOptions{.strategy = "sliding_ttl",
                                               .parameters = {{"idle", 10min}, {"max", 1h}}})};
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Lets the subjects take turns, each time another first. Counters: the median time of a call, in ns.
template <class Call>
void take_turns(benchmark::State& state, Call call) {
  using Watch = std::chrono::steady_clock;
  const std::vector<std::string> keys = keys_of(kEntries);
  std::array<Subject, 4> all = subjects();
  for (Subject& one : all) {
    for (const std::string& key : keys) one.cache.put(key, 1);
  }
  std::size_t first = 0;
  for (auto _ : state) {
    for (std::size_t at = 0; at < all.size(); ++at) {
      Subject& one = all[(first + at) % all.size()];
      const auto begin = Watch::now();
      for (std::size_t i = 0; i < kTurn; ++i)
        call(one.cache, keys[(i * 0x9E37'79B9'7F4A'7C15U >> 20) % keys.size()]);
      const std::chrono::duration<double, std::nano> spent = Watch::now() - begin;
      one.times.push_back(spent.count() / kTurn);
    }
    ++first;
  }
  for (Subject& one : all) state.counters[one.name] = median(one.times);
}

void plugin_hit(benchmark::State& state) {
  take_turns(state, [](Cache<std::uint64_t>& cache, const std::string& key) {
    benchmark::DoNotOptimize(cache.get(key));
  });
}
BENCHMARK(plugin_hit)->Iterations(200)->Unit(benchmark::kMillisecond);

void plugin_put(benchmark::State& state) {
  take_turns(state, [](Cache<std::uint64_t>& cache, const std::string& key) { cache.put(key, 2); });
}
BENCHMARK(plugin_put)->Iterations(200)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freshet::bench
