// What people do today, in the same run: 200,000 entries, of which so many carry a tag and have a prefix in common.
//
//   freshet_tag, freshet_prefix   one call of the cache
//   map_walk                      std::unordered_map of entries with tags: walk it and erase what carries the tag
//   redis_tag_set                 a set of keys per tag: SMEMBERS, then UNLINK of the keys and the set
//   redis_scan                    SCAN MATCH prefix:* COUNT 1000, then UNLINK of what it found
//
// The entries are put back outside of the time. The cache frees what the call made stale later, at the latest by its
// sweeper; freshet_tag_and_sweep includes that.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "micro/bench_cache.hpp"
#include "micro/redis_server.hpp"

namespace freshet::bench {
namespace {

constexpr std::size_t kEntries = 200'000;
const std::string kTag = "team:5";

std::string carrier_key(std::size_t i) { return fmt::format("carrier:{}", i); }

void put_carriers(BenchCache& cache, std::size_t carriers) {
  const EntryOptions tagged{.tags = {kTag}};
  for (std::size_t i = 0; i < carriers; ++i) cache.things.put(carrier_key(i), i, tagged);
}

template <class Call>
void with_freshet(benchmark::State& state, const Call& call) {
  const auto carriers = static_cast<std::size_t>(state.range(0));
  BenchCache cache(kEntries - carriers, without_background());
  for (auto _ : state) {
    state.PauseTiming();
    put_carriers(cache, carriers);
    state.ResumeTiming();
    call(cache);
    state.PauseTiming();
    if (cache.things.get(carrier_key(0))) state.SkipWithError("still there");
    cache.invalidator.settle();
    state.ResumeTiming();
  }
}

void freshet_tag(benchmark::State& state) {
  with_freshet(state, [](BenchCache& cache) { cache.invalidator.invalidate_tag(kTag); });
}
void freshet_prefix(benchmark::State& state) {
  with_freshet(state,
               [](BenchCache& cache) { cache.invalidator.invalidate_prefix("carrier", "things"); });
}
void freshet_tag_and_sweep(benchmark::State& state) {
  with_freshet(state, [](BenchCache& cache) {
    cache.invalidator.invalidate_tag(kTag);
    cache.invalidator.settle();
  });
}

void map_walk(benchmark::State& state) {
  const auto carriers = static_cast<std::size_t>(state.range(0));
  struct Entry {
    std::uint64_t value;
    std::vector<std::string> tags;
  };
  std::unordered_map<std::string, Entry> map;
  for (std::size_t i = carriers; i < kEntries; ++i) map[fmt::format("user:{}", i)] = {i, {"users"}};
  for (auto _ : state) {
    state.PauseTiming();
    for (std::size_t i = 0; i < carriers; ++i) map[carrier_key(i)] = {i, {kTag}};
    state.ResumeTiming();
    std::erase_if(map, [](const auto& item) {
      const std::vector<std::string>& tags = item.second.tags;
      return std::find(tags.begin(), tags.end(), kTag) != tags.end();
    });
  }
}

/// Sends the commands for 1,000 numbers at a time before it takes their replies.
template <class Commands>
void pipelined(RedisServer& redis, std::size_t first, std::size_t last, const Commands& commands) {
  while (first < last) {
    const std::size_t until = std::min(last, first + 1000);
    std::size_t sent = 0;
    for (; first < until; ++first) {
      for (const std::vector<std::string>& words : commands(first)) {
        redis.append(words);
        ++sent;
      }
    }
    for (; sent > 0; --sent) redis.reply();
  }
}

std::size_t unlink(RedisServer& redis, const std::vector<std::string>& keys) {
  for (std::size_t first = 0; first < keys.size(); first += 1000) {
    std::vector<std::string> words{"UNLINK"};
    for (std::size_t i = first; i < std::min(keys.size(), first + 1000); ++i)
      words.push_back(keys[i]);
    redis.call(words);
  }
  return keys.size();
}

std::size_t by_tag_set(RedisServer& redis) {
  const std::vector<std::string> keys = redis.call({"SMEMBERS", kTag});
  const std::size_t gone = unlink(redis, keys);
  redis.call({"UNLINK", kTag});
  return gone;
}

std::size_t by_scan(RedisServer& redis) {
  std::size_t gone = 0;
  std::string cursor = "0";
  do {
    std::vector<std::string> found =
        redis.call({"SCAN", cursor, "MATCH", "carrier:*", "COUNT", "1000"});
    if (found.empty()) return gone;  // the connection is lost
    cursor = found.front();
    found.erase(found.begin());
    gone += unlink(redis, found);
  } while (cursor != "0");
  return gone;
}

template <class Call>
void with_redis(benchmark::State& state, const Call& call) {
  RedisServer redis;
  if (const std::string why = redis.why(); !why.empty()) return state.SkipWithError(why.c_str());
  using Commands = std::vector<std::vector<std::string>>;
  const auto carriers = static_cast<std::size_t>(state.range(0));
  pipelined(redis, carriers, kEntries, [](std::size_t i) {
    return Commands{{"SET", fmt::format("user:{}", i), "1"}};
  });
  for (auto _ : state) {
    state.PauseTiming();
    pipelined(redis, 0, carriers, [](std::size_t i) {
      return Commands{{"SET", carrier_key(i), "1"}, {"SADD", kTag, carrier_key(i)}};
    });
    state.ResumeTiming();
    const std::size_t gone = call(redis);
    if (gone != carriers) state.SkipWithError("wrong count");
  }
}

void redis_tag_set(benchmark::State& state) { with_redis(state, by_tag_set); }
void redis_scan(benchmark::State& state) { with_redis(state, by_scan); }

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("carriers")->Arg(10)->Arg(1'000)->Arg(100'000);
  benchmark->Iterations(9)->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(freshet_tag)->Apply(sizes);
BENCHMARK(freshet_tag_and_sweep)->Apply(sizes);
BENCHMARK(map_walk)->Apply(sizes);
BENCHMARK(redis_tag_set)->Apply(sizes);
BENCHMARK(freshet_prefix)->Apply(sizes);
BENCHMARK(redis_scan)->Apply(sizes);

}  // namespace
}  // namespace freshet::bench
