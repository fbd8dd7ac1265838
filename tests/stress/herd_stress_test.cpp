// A herd: 64 threads that ask for the same keys in the same order, and while one call takes all of them. Each key is loaded once
// more, whoever asks; where what has expired may be served, no reader waits for a load.
//
// Nothing here goes by how fast anything is. On some keys all threads meet: their load ends when every thread has missed.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "freshet/freshet.hpp"
#include "support/sanitizers.hpp"

namespace freshet::testing {
namespace {

constexpr std::size_t kThreads = 64;
constexpr std::size_t kKeys = kSanitized ? 1'000 : 10'000;
constexpr std::size_t kMeetings = kSanitized ? 20 : 100;
constexpr std::size_t kFewer = kKeys / 5;  // for what takes longer for each key

class HerdStressTest : public ::testing::Test {
 protected:
  HerdStressTest() {
    Components components;
    components.executor = make_thread_pool_executor(2);
    invalidator_ = std::make_unique<CacheInvalidator>(CacheInvalidator::from_yaml(R"(
freshet: 1
namespaces:
  pages: {strategy: manual, tags: [all]}
  crowd: {strategy: manual, tags: [all]}
  shown:
    strategy: [ttl, predictive]
    ttl: 10h
    soft_ttl: 9h
    tags: [all]
    predictive: {threshold: 60_000, max_refreshes_per_second: 1_000_000, max_refreshes_at_once: 10_000}
  paced: {ttl: 10h, tags: [all], recompute: {expired: true, max_per_second: 2_000}}
analytics: {sample_one_in: 1}
)",
                                                                                  components));
    for (std::size_t i = 0; i < kKeys; ++i) keys_.push_back("page:" + std::to_string(i));
  }

  static void on_all_threads(const std::function<void()>& act) {
    std::latch together(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        act();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  // Once through the keys, the same way; every now and then they meet.
  void herd() {
    const auto pages = invalidator_->cache<int>("pages");
    const auto crowd = invalidator_->cache<int>("crowd");
    on_all_threads([&] {
      for (std::size_t key = 0; key < kFewer; ++key) {
        if (key % (kFewer / kMeetings) == 0) meet(crowd, key / (kFewer / kMeetings));
        read(pages, key);
      }
    });
    ++herds_;
  }

  void meet(const Cache<int>& crowd, std::size_t key) {
    const std::uint64_t all_have_missed = (herds_ * kMeetings + key + 1) * kThreads;
    crowd.get_or_load(keys_[key], [&] {
      // Nobody has a hit before this returns.
      while (statistics("crowd").misses < all_have_missed) std::this_thread::yield();
      return ++meetings_[key];
    });
  }

  // Every thread reads all keys until all have been loaded `loads` times, and then once more. `call` comes in the midst of it.
  void stampede(const Cache<int>& cache, int loads, const std::function<void()>& call) {
    std::atomic<std::size_t> reading{0};
    std::atomic<bool> called{false};
    std::thread caller([&] {
      while (reading < kThreads) std::this_thread::yield();
      call();
      called = true;
    });
    on_all_threads([&] {
      const auto read_all = [&] {
        for (std::size_t key = 0; key < kKeys; ++key) read(cache, key);
      };
      ++reading;
      auto& loaded = loaded_keys_[static_cast<std::size_t>(loads)];
      while (!called) read_all();
      read_all();
      for (std::size_t seen = loaded; seen < kKeys; seen = loaded) loaded.wait(seen);
      read_all();
    });
    caller.join();
  }

  void read(const Cache<int>& cache, std::size_t key) {
    const auto reader = std::this_thread::get_id();
    const auto handle = cache.get_or_load(keys_[key], [this, key, reader] {
      if (std::this_thread::get_id() == reader) ++waited_;
      return load(key);
    });
    if (handle.origin() != Origin::l1) ++missed_;
  }

  int load(std::size_t key) {
    raise_to(most_at_once_, ++running_[key]);
    const int loads = ++loads_[key];
    if (static_cast<std::size_t>(loads) < loaded_keys_.size()) {
      auto& keys = loaded_keys_[static_cast<std::size_t>(loads)];
      if (++keys == kKeys) keys.notify_all();
    }
    std::this_thread::yield();
    --running_[key];
    return loads;
  }

  static void raise_to(std::atomic<int>& most, int seen) {
    int known = most;
    while (known < seen && !most.compare_exchange_weak(known, seen)) {
    }
  }

  NamespaceStatistics statistics(std::string_view name) const {
    const auto all = invalidator_->stats().namespaces;
    return *std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
  }

  std::size_t loads() const {
    return std::accumulate(loads_.begin(), loads_.end(), std::size_t{0},
                           [](std::size_t sum, const auto& loads) {
                             return sum + static_cast<std::size_t>(loads.load());
                           });
  }
  /// How many keys were loaded another number of times than this.
  std::size_t keys_not_loaded(int times, std::size_t keys = kKeys) const {
    return static_cast<std::size_t>(
        std::count_if(loads_.begin(), loads_.begin() + static_cast<std::ptrdiff_t>(keys),
                      [&](const auto& loads) { return loads != times; }));
  }

  std::vector<std::string> keys_;
  std::array<std::atomic<int>, kKeys> loads_{};
  std::array<std::atomic<int>, kKeys> running_{};
  std::array<std::atomic<int>, kMeetings> meetings_{};
  std::atomic<int> most_at_once_{0};                       // loads of one key
  std::array<std::atomic<std::size_t>, 4> loaded_keys_{};  // how many keys were loaded so often
  std::atomic<std::size_t> waited_{0};                     // loads on the thread of their reader
  std::atomic<std::size_t> missed_{0};
  std::size_t herds_ = 0;
  std::unique_ptr<CacheInvalidator> invalidator_;  // goes first: its loaders use the others
};

TEST_F(HerdStressTest, AHerdLoadsEachKeyOnceAndOnceMoreWhenAllWasRemoved) {
  for (int times = 1; times <= 2; ++times) {
    herd();
    EXPECT_EQ(keys_not_loaded(times, kFewer), 0u);
    EXPECT_EQ(most_at_once_, 1);
    EXPECT_TRUE(std::all_of(meetings_.begin(), meetings_.end(),
                            [&](const auto& loads) { return loads == times; }));
    const auto meetings = static_cast<std::uint64_t>(times) * kMeetings;
    EXPECT_EQ(statistics("crowd").loads, meetings);
    EXPECT_EQ(statistics("crowd").shared_loads, meetings * (kThreads - 1))
        << "all but one of those who met are given what that one has loaded";
    invalidator_->invalidate_tag("all");
  }
}

// A load that began before the call, of a reader that had not seen it, cannot be kept, and is refused.
TEST_F(HerdStressTest, WhatIsRemovedIsLoadedOnceMore) {
  const auto pages = invalidator_->cache<int>("pages");
  stampede(pages, 1, [] {});
  EXPECT_EQ(keys_not_loaded(1), 0u) << "a cache that is empty loads each key once";
  EXPECT_EQ(most_at_once_, 1);
  stampede(pages, 2, [&] { invalidator_->invalidate_tag("all"); });
  for (std::size_t key = 0; key < kKeys; ++key) EXPECT_GE(loads_[key], 2) << key;
  EXPECT_EQ(loads(), 2 * kKeys + statistics("pages").refused_invalidated)
      << "one is kept for each key";
  EXPECT_LE(most_at_once_, 2) << "at most a second beside the first";
}

TEST_F(HerdStressTest, WhatExpiresIsRefreshedOnceAndNoReaderWaits) {
  const auto shown = invalidator_->cache<int>("shown");
  stampede(shown, 1, [] {});
  EXPECT_EQ(loads(), kKeys);
  waited_ = missed_ = 0;
  stampede(shown, 2, [&] { invalidator_->invalidate_tag("all", {.mode = Mode::expire}); });
  EXPECT_EQ(keys_not_loaded(2), 0u) << "each is refreshed once, in the background";
  EXPECT_EQ(most_at_once_, 1);
  EXPECT_EQ(waited_, 0u);
  EXPECT_EQ(missed_, 0u);
}

TEST_F(HerdStressTest, WithinABudgetNoReaderOfAHotKeyWaitsEither) {
  constexpr std::size_t kHot = 100;
  const auto paced = invalidator_->cache<int>("paced");
  std::atomic<std::size_t> loaded{0};
  std::atomic<std::size_t> stale{0};
  for (std::size_t key = 0; key < kFewer; ++key) paced.put(keys_[key], 0);
  for (std::size_t key = 0; key < kHot; ++key) paced.get(keys_[key]);
  paced.bind_loader([&](std::string_view name) {
    while (stale + missed_ == 0) std::this_thread::yield();  // the readers are here, and are served
    const int value = load(static_cast<std::size_t>(std::stoul(std::string(name.substr(5)))));
    ++loaded;
    return value;
  });
  EXPECT_EQ(invalidator_->invalidate_tag("all", {.mode = Mode::expire}).count, kFewer);
  on_all_threads([&] {
    while (loaded < kFewer) {
      for (std::size_t key = 0; key < kHot; ++key) {
        const auto reader = std::this_thread::get_id();
        const auto handle = paced.get_or_load(keys_[key], [&, key, reader] {
          if (std::this_thread::get_id() == reader) ++waited_;
          ++loaded;
          return load(key);
        });
        if (handle.origin() != Origin::l1) ++missed_;
        if (handle.staleness() == Staleness::expired) ++stale;
      }
      std::this_thread::yield();
    }
  });
  invalidator_->close();  // and what it loads has been counted
  EXPECT_EQ(waited_, 0u);
  EXPECT_EQ(missed_, 0u);
  EXPECT_EQ(keys_not_loaded(1, kFewer), 0u) << "each is loaded once";
  EXPECT_EQ(statistics("paced").recomputes, kFewer);
}

}  // namespace
}  // namespace freshet::testing
