// What labels add to a hit: while nothing is invalidated, while a thousand labels in use are each second, and while a
// thousand are that nobody carries.
//
// labels_on_a_hit/K   hits of entries with K tags against hits of entries with none, in turns; /0 is the noise. Two caches of each
//                     are filled in the order none, some, some, none: what was filled later lies otherwise in memory
// reads_under_raises  reads of one thread while another raises a tag per millisecond against reads while it rests, in
//                     turns of 150 ms; what the raises take is put back by the reader
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "micro/bench_cache.hpp"
#include "micro/turns.hpp"

namespace freshet::bench {
namespace {

constexpr std::size_t kReadsPerTurn = 20'000;

EntryOptions with_tags(std::int64_t count) {
  EntryOptions options;
  for (std::int64_t i = 0; i < count; ++i) options.tags.push_back(fmt::format("tag:{}", i));
  return options;
}

void read(BenchCache& cache, std::size_t first) {
  for (std::size_t i = first; i < first + kReadsPerTurn; ++i)
    benchmark::DoNotOptimize(cache.things.get(cache.key(i)));
}

void labels_on_a_hit(benchmark::State& state) {
  const auto entries = static_cast<std::size_t>(state.range(1));
  const EntryOptions tags = with_tags(state.range(0));
  BenchCache first_none(entries, without_background());
  BenchCache first_some(entries, without_background(), "manual", tags);
  BenchCache second_some(entries, without_background(), "manual", tags);
  BenchCache second_none(entries, without_background());
  Turns turns;
  std::size_t first = 0;
  const auto read_both = [&](BenchCache& one, BenchCache& other) {
    read(one, first);
    read(other, first);
  };
  for (auto _ : state) {
    turns.take([&] { read_both(first_none, second_none); },
               [&] { read_both(first_some, second_some); });
    first += kReadsPerTurn;
  }
  constexpr double kNanoseconds = 1e9 / (2 * kReadsPerTurn);
  state.counters["overhead_percent"] = turns.overhead_percent();
  state.counters["ns_without"] = kNanoseconds * turns.median_without();
  state.counters["ns_with"] = kNanoseconds * turns.median_with();
}
BENCHMARK(labels_on_a_hit)
    ->ArgNames({"labels", "entries"})
    ->ArgsProduct({{0, 1, 4, 16}, {4'096, 100'000}})
    ->Iterations(300)
    ->Unit(benchmark::kMicrosecond);

enum class Raised { in_use, nobodys };

/// Four tags: that of all, of a hundred groups, of a thousand teams, and one of its own.
EntryOptions tags_of(std::size_t i) {
  return {.tags = {"all", fmt::format("group:{}", i % 100), fmt::format("team:{}", i % 1000),
                   fmt::format("own:{}", i)}};
}

/// Raises one tag per millisecond while it is switched on: one that a single entry carries, or one that nobody does.
class Raiser {
 public:
  Raiser(CacheInvalidator& invalidator, std::size_t entries, Raised raised)
      : invalidator_(invalidator), entries_(entries), raised_(raised), thread_([this] { run(); }) {}
  ~Raiser() {
    stopping_ = true;
    thread_.join();
  }
  void switch_on(bool on) noexcept { on_ = on; }
  std::size_t raises() const noexcept { return raises_; }

 private:
  void run() {
    auto next = std::chrono::steady_clock::now();
    while (!stopping_) {
      next += std::chrono::milliseconds(1);
      std::this_thread::sleep_until(next);
      if (!on_) {
        next = std::chrono::steady_clock::now();
        continue;
      }
      const std::size_t i = raises_ * 7919 % entries_;
      invalidator_.invalidate_tag(
          fmt::format("{}:{}", raised_ == Raised::in_use ? "own" : "absent", i));
      ++raises_;
    }
  }

  CacheInvalidator& invalidator_;
  const std::size_t entries_;
  const Raised raised_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> on_{false};
  std::atomic<std::size_t> raises_{0};
  std::thread thread_;
};

/// Reads for some time, all entries alike; what is missing is put back. Returns seconds per read.
double seconds_per_read(BenchCache& cache, std::size_t& i, std::chrono::milliseconds time) {
  const std::size_t first = i;
  const auto began = std::chrono::steady_clock::now();
  const auto end = began + time;
  auto now = began;
  while (now < end) {
    for (int batch = 0; batch < 256; ++batch, ++i) {
      const std::string& key = cache.key(i);
      if (cache.things.get(key)) continue;
      cache.things.put(key, 1, tags_of(std::stoul(key.substr(key.find(':') + 1))));
    }
    now = std::chrono::steady_clock::now();
  }
  return std::chrono::duration<double>(now - began).count() / static_cast<double>(i - first);
}

void reads_under_raises(benchmark::State& state, Raised raised) {
  using std::chrono::milliseconds;
  constexpr milliseconds kSettling{30};  // all entries are looked at again once
  constexpr milliseconds kTurn{150};
  const auto entries = static_cast<std::size_t>(state.range(0));
  BenchCache cache(entries);
  for (std::size_t i = 0; i < entries; ++i) cache.things.put(cache.keys[i], 1, tags_of(i));
  Raiser raiser(cache.invalidator, entries, raised);
  std::size_t i = 0;
  const auto turn = [&](bool raising) {
    raiser.switch_on(raising);
    seconds_per_read(cache, i, kSettling);
    return seconds_per_read(cache, i, kTurn);
  };
  std::vector<double> slower;
  std::vector<double> quiet;
  std::vector<double> disturbed;
  double seconds_raising = 0;
  for (auto _ : state) {
    quiet.push_back(turn(false));
    seconds_raising += seconds_of([&] { disturbed.push_back(turn(true)); });
    slower.push_back(disturbed.back() / quiet.back());
  }
  raiser.switch_on(false);
  state.counters["throughput_lost_percent"] = 100 * (1 - 1 / median(slower));
  state.counters["ns_quiet"] = 1e9 * median(quiet);
  state.counters["ns_raising"] = 1e9 * median(disturbed);
  state.counters["raises_per_second"] = static_cast<double>(raiser.raises()) / seconds_raising;
}
BENCHMARK_CAPTURE(reads_under_raises, in_use, Raised::in_use)
    ->ArgName("entries")
    ->Arg(100'000)
    ->Arg(120'000)  // of so many no call looks at each to count
    ->Iterations(20)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(reads_under_raises, nobodys, Raised::nobodys)
    ->ArgName("entries")
    ->Arg(100'000)
    ->Iterations(20)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freshet::bench
