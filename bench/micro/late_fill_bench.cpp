// How many loads are answered and not kept though nothing was invalidated that they carry: a thousand times a second a tag
// is invalidated that nobody carries, while 64 threads make loads of 50 ms.
//
// Labels that are absent share floors. A load that names its tags before it begins pins them; one whose loader names them
// meets the floors of what was raised meanwhile.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "freshet/freshet.hpp"

namespace freshet::bench {
namespace {

constexpr int kThreads = 64;
constexpr auto kLoadTime = std::chrono::milliseconds(50);
constexpr auto kRunTime = std::chrono::seconds(3);

enum class Named { by_the_call, by_the_loader };

std::vector<std::string> tags_of(int thread, int load) {
  return {"all", fmt::format("thread:{}", thread), fmt::format("group:{}", load % 10),
          fmt::format("own:{}:{}", thread, load)};
}

void load_until(const std::atomic<bool>& stopping, const Cache<int>& cache, int thread,
                Named named) {
  for (int load = 0; !stopping; ++load) {
    const std::vector<std::string> tags = tags_of(thread, load);
    const std::string key = fmt::format("{}:{}", thread, load);
    if (named == Named::by_the_call) {
      const auto loader = [] {
        std::this_thread::sleep_for(kLoadTime);
        return 1;
      };
      cache.get_or_load(key, loader, {.tags = tags});
    } else {
      const auto loader = [&](LoadContext& context) {
        std::this_thread::sleep_for(kLoadTime);
        for (const std::string& tag : tags) context.tag(tag);
        return 1;
      };
      cache.get_or_load(key, loader);
    }
  }
}

void fills_under_absent_raises(benchmark::State& state, Named named) {
  CacheInvalidator invalidator = CacheInvalidator::from_yaml(
      "freshet: 1\nnamespaces: {things: {strategy: manual, capacity: {entries: 1000000}}}\n");
  const Cache<int> cache = invalidator.cache<int>("things");
  std::size_t raises = 0;
  for (auto _ : state) {
    std::atomic<bool> stopping{false};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] { load_until(stopping, cache, thread, named); });
    const auto end = std::chrono::steady_clock::now() + kRunTime;
    for (auto next = std::chrono::steady_clock::now(); next < end; ++raises) {
      invalidator.invalidate_tag(fmt::format("absent:{}", raises));
      next += std::chrono::milliseconds(1);
      std::this_thread::sleep_until(next);
    }
    stopping = true;
    for (std::thread& thread : threads) thread.join();
  }
  const NamespaceStatistics total = invalidator.stats().total;
  state.counters["loads"] = static_cast<double>(total.loads);
  state.counters["raises"] = static_cast<double>(raises);
  state.counters["kept_percent"] = 100 *
                                   static_cast<double>(total.loads - total.refused_invalidated) /
                                   static_cast<double>(total.loads);
}
BENCHMARK_CAPTURE(fills_under_absent_raises, named_by_the_call, Named::by_the_call)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fills_under_absent_raises, named_by_the_loader, Named::by_the_loader)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freshet::bench
