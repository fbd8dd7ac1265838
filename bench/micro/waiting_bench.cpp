// What readers wait for: a loader of 5 ms behind keys that are read by a Zipf distribution, under four policies.
//
// waiting/ttl, soft, early, predictive: four clients ask for 1,000 keys, 20,000 times a second together, for ten seconds after
// four of warming up. Lifetimes are 2 s, so that even the rarest key is read a few times in one: prediction has something to
// go by. `soft` serves the old value from 1.8 s on, `early` is the plugin early_refresh, `predictive` loads again at 1.8 s what was read.
// Counters: the 50th, 99th and 99.9th percentile of what one call took, and loads per 1,000 calls. A call during which the
// kernel took the core from its thread is left out; `preempted` is their number per 1,000.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>
#include <thread>
#include <vector>

#include "micro/bench_cache.hpp"

namespace freshet::bench {
namespace {

using namespace std::chrono_literals;
using Watch = std::chrono::steady_clock;

constexpr std::size_t kKeys = 1'000;
constexpr double kExponent = 0.99;
constexpr int kClients = 4;
constexpr int kBurst = 25;    // calls in a row
constexpr auto kPause = 5ms;  // between the beginnings of two bursts of a client
constexpr auto kLoad = 5ms;
constexpr auto kWarmingUp = 4s;
constexpr auto kMeasured = 10s;

class Zipf {
 public:
  Zipf() {
    double sum = 0;
    for (std::size_t i = 1; i <= kKeys; ++i)
      sums_.push_back(sum += std::pow(static_cast<double>(i), -kExponent));
  }
  template <class Random>
  std::size_t draw(Random& random) const {
    std::uniform_real_distribution<double> anywhere(0, sums_.back());
    return static_cast<std::size_t>(
        std::upper_bound(sums_.begin(), sums_.end() - 1, anywhere(random)) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

struct Calls {
  std::vector<float> microseconds;
  std::uint64_t all = 0;
  std::uint64_t preempted = 0;
};

std::int64_t preemptions() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

/// Asks until `end`; keeps what was asked from `from` on.
template <class Load>
Calls ask(const Cache<std::uint64_t>& cache, const std::vector<std::string>& keys, const Zipf& zipf,
          unsigned seed, Watch::time_point from, Watch::time_point end, const Load& load) {
  Calls calls;
  std::minstd_rand random(seed);
  for (auto next = Watch::now(); next < end; next += kPause) {
    std::this_thread::sleep_until(next);
    for (int i = 0; i < kBurst; ++i) {
      const std::string& key = keys[zipf.draw(random)];
      const std::int64_t before = preemptions();
      const auto began = Watch::now();
      benchmark::DoNotOptimize(cache.get_or_load(key, load));
      const std::chrono::duration<float, std::micro> took = Watch::now() - began;
      if (began < from) continue;
      ++calls.all;
      if (preemptions() == before) {
        calls.microseconds.push_back(took.count());
      } else {
        ++calls.preempted;
      }
    }
  }
  return calls;
}

double quantile(std::vector<float>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void waiting(benchmark::State& state, const std::string& block) {
  const std::vector<std::string> keys = keys_of(kKeys);
  const Zipf zipf;
  for (auto _ : state) {
    std::atomic<std::uint64_t> loads{0};
    const auto load = [&loads] {
      std::this_thread::sleep_for(kLoad);
      return ++loads;
    };
    Components components;
    components.executor = make_thread_pool_executor(8);
    CacheInvalidator invalidator = CacheInvalidator::from_yaml(
        fmt::format(
            "freshet: 1\nplugins: [{{path: \"{}\"}}]\nnamespaces:\n  things: {{{}, ttl: 2s}}\n",
            (std::filesystem::path(FRESHET_PLUGIN_DIR) / "libearly_refresh.so").string(), block),
        components);
    const auto cache = invalidator.cache<std::uint64_t>("things");
    cache.bind_loader([&load](std::string_view) { return load(); });
    const auto from = Watch::now() + kWarmingUp;
    std::vector<Calls> of_clients(kClients);
    std::vector<std::thread> clients;
    for (unsigned i = 0; i < kClients; ++i) {
      clients.emplace_back(
          [&, i] { of_clients[i] = ask(cache, keys, zipf, i + 1, from, from + kMeasured, load); });
    }
    std::this_thread::sleep_until(from);
    const std::uint64_t loads_before = loads;
    for (std::thread& client : clients) client.join();
    const double loaded = static_cast<double>(loads - loads_before);
    invalidator.close();
    Calls sum;
    for (const Calls& one : of_clients) {
      sum.microseconds.insert(sum.microseconds.end(), one.microseconds.begin(),
                              one.microseconds.end());
      sum.all += one.all;
      sum.preempted += one.preempted;
    }
    std::sort(sum.microseconds.begin(), sum.microseconds.end());
    state.counters["p50_us"] = quantile(sum.microseconds, 0.5);
    state.counters["p99_us"] = quantile(sum.microseconds, 0.99);
    state.counters["p999_us"] = quantile(sum.microseconds, 0.999);
    state.counters["loads_per_1000"] = 1'000 * loaded / static_cast<double>(sum.all);
    state.counters["preempted_per_1000"] =
        1'000 * static_cast<double>(sum.preempted) / static_cast<double>(sum.all);
  }
}

BENCHMARK_CAPTURE(waiting, ttl, "strategy: ttl")
    ->Iterations(1)
    ->Unit(benchmark::kSecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(waiting, soft, "strategy: ttl, soft_ttl: 1800ms")
    ->Iterations(1)
    ->Unit(benchmark::kSecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(waiting, early,
                  "strategy: [ttl, early_refresh], early_refresh: {ttl: 2s, beta: 40}")
    ->Iterations(1)
    ->Unit(benchmark::kSecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(waiting, predictive,
                  "strategy: predictive, predictive: {threshold: 1, refresh_at: 90%, "
                  "max_refreshes_per_second: 2_000, max_refreshes_at_once: 100}")
    ->Iterations(1)
    ->Unit(benchmark::kSecond)
    ->UseRealTime();

}  // namespace
}  // namespace freshet::bench
