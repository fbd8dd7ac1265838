// Gets, puts, loads, leases and every kind of invalidation at once, for ThreadSanitizer, each read judged.
//
// Every key has an origin: a version that only grows. A writer moves the version on, invalidates, and then announces the
// version as a floor. A reader notes the floor before it reads: what it gets must not be older (guarantee G1). The clock is
// set by hand, so nothing but invalidation keeps values true.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

constexpr int kKeys = 4;
constexpr int kSteps = 60'000;  // per thread

class CacheStressTest : public CacheFixture {
 protected:
  struct alignas(64) Origin {
    std::atomic<int> version{1};
    std::atomic<int> floor{0};  // every read that starts from here on must find at least this
  };

  static std::string key(int k) { return "key" + std::to_string(k); }
  static EntryOptions options(int k) { return {.tags = {"all", k % 2 == 0 ? "even" : "odd"}}; }

  // What a loader does: asks the origin, and takes its time.
  int fetch(int k, std::mt19937& random) {
    const int version = origins_[static_cast<std::size_t>(k)].version;
    if (random() % 2 == 0) std::this_thread::yield();
    return version;
  }

  void raise_floor(int k, int version) {
    int seen = origins_[static_cast<std::size_t>(k)].floor;
    while (seen < version &&
           !origins_[static_cast<std::size_t>(k)].floor.compare_exchange_weak(seen, version)) {
    }
  }

  // Moves the versions of all keys that `hits` on, then invalidates them by `invalidate`, then announces.
  template <class Hits, class Invalidate>
  void write(Hits hits, Invalidate invalidate) {
    std::array<int, kKeys> versions{};
    for (int k = 0; k < kKeys; ++k) {
      if (hits(k))
        versions[static_cast<std::size_t>(k)] = ++origins_[static_cast<std::size_t>(k)].version;
    }
    invalidate();
    for (int k = 0; k < kKeys; ++k) {
      if (hits(k)) raise_floor(k, versions[static_cast<std::size_t>(k)]);
    }
  }

  void write_something(std::mt19937& random) {
    const int k = static_cast<int>(random() % kKeys);
    switch (random() % 6) {
      case 0:
        return write([k](int i) { return i == k; },
                     [&] { invalidator_->invalidate(key(k), "profiles"); });
      case 1:
        return write([](int i) { return i % 2 == 0; },
                     [&] { invalidator_->invalidate_tag("even"); });
      case 2:
        return write([](int) { return true; },
                     [&] { invalidator_->invalidate_namespace("profiles"); });
      case 3:
        return write([](int) { return true; }, [&] { invalidator_->invalidate_all(); });
      case 4:
        return write(
            [k](int i) { return i == k || i % 2 == 1; },
            [&] {
              invalidator_->invalidate_many({Target::key(key(k), "profiles"), Target::tag("odd")});
            });
      default:
        return write([](int) { return true; }, [&] { invalidator_->invalidate_tag("all"); });
    }
  }

  void read_something(Cache<int>& cache, std::mt19937& random) {
    const int k = static_cast<int>(random() % kKeys);

    const int floor = origins_[static_cast<std::size_t>(k)].floor;
    Handle<int> handle;
    switch (random() % 8) {
      case 0:
        handle = cache.get(key(k));
        break;
      case 1: {
        const Lease lease = cache.lease(key(k));
        const int fetched = fetch(k, random);
        cache.put(key(k), fetched, lease, options(k));
        break;
      }
      case 2: {
        const std::vector<std::string> keys{key(k), key((k + 1) % kKeys)};
        handle = cache.get_many(keys,
                                [&](std::span<const std::string_view> missing) {
                                  std::vector<std::optional<int>> values;
                                  for (std::string_view name : missing) {
                                    values.emplace_back(fetch(name.back() - '0', random));
                                  }
                                  return values;
                                },
                                {.tags = {"all", "even", "odd"}})[0];
        break;
      }
      default:
        handle = cache.get_or_load(key(k),
                                   [&](LoadContext& load) {
                                     load.tag(k % 2 == 0 ? "even" : "odd");
                                     return fetch(k, random);
                                   },
                                   {.tags = {"all"}});
    }
    if (handle && *handle < floor) ++stale_reads_;
    if (handle) ++reads_;
  }

  void run(std::string_view policy) {
    use(policy);
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([this, t] {
        std::mt19937 random(t + 1);
        Cache<int> cache = invalidator_->cache<int>("profiles");
        for (int step = 0; step < kSteps; ++step) {
          if (random() % 16 == 0) {
            write_something(random);
          } else if (random() % 256 == 0) {
            invalidator_->sweep(2);
            invalidator_->tag(key(0), "profiles", {"late" + std::to_string(random() % 3)});
          } else {
            read_something(cache, random);
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(stale_reads_, 0);
    EXPECT_GT(reads_, kSteps);
    const Statistics stats = invalidator_->stats();
    EXPECT_GT(stats.total.hits, 0u);
    invalidator_->invalidate_all();
    invalidator_->sweep();
    EXPECT_EQ(invalidator_->stats().total.entries, 0u);
    EXPECT_EQ(invalidator_->stats().total.tags, 0u) << "a label that nobody holds is still live";
  }

  std::array<Origin, kKeys> origins_;
  std::atomic<int> stale_reads_{0};
  std::atomic<int> reads_{0};
};

TEST_F(CacheStressTest, NoReadIsStaleWhileEverythingIsInvalidated) {
  run("freshet: 1\nnamespaces: {profiles: {strategy: manual}}");
}

TEST_F(CacheStressTest, NorWhileEntriesAreEvicted) {
  run("freshet: 1\nnamespaces: {profiles: {strategy: manual, capacity: {entries: 2}, eviction: "
      "s3fifo}}");
}

TEST_F(CacheStressTest, NorUnderLru) {
  run("freshet: 1\nnamespaces: {profiles: {strategy: manual, capacity: {entries: 2}, eviction: "
      "lru}}");
}

}  // namespace
}  // namespace freshet::testing
