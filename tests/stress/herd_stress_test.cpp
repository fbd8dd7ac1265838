// A herd: 64 threads read 10,000 hot keys while one call takes all of them. Each key is loaded once more, whoever asks; where what
// has expired may be served, no reader waits for a load.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "freshet/freshet.hpp"
#include "support/sanitizers.hpp"

namespace freshet::testing {
namespace {

constexpr std::size_t kThreads = 64;
constexpr std::size_t kKeys = kSanitized ? 1'000 : 10'000;

class HerdStressTest : public ::testing::Test {
 protected:
  HerdStressTest() {
    Components components;
    components.executor = make_thread_pool_executor(2);
    invalidator_ = std::make_unique<CacheInvalidator>(CacheInvalidator::from_yaml(R"(
freshet: 1
namespaces:
  pages: {strategy: manual, tags: [all]}
  shown:
    strategy: [ttl, predictive]
    ttl: 10h
    soft_ttl: 9h
    tags: [all]
    predictive: {threshold: 60_000, max_refreshes_per_second: 1_000_000, max_refreshes_at_once: 10_000}
)",
                                                                                  components));
    for (std::size_t i = 0; i < kKeys; ++i) keys_.push_back("page:" + std::to_string(i));
  }

  // Every thread reads all keys, each in its own order, until all have been loaded `loads` times, and then once more. `call` comes
  // in the midst of it.
  void stampede(const Cache<int>& cache, int loads, const std::function<void()>& call) {
    std::atomic<std::size_t> reading{0};
    std::atomic<bool> called{false};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        std::vector<std::size_t> order(kKeys);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::shuffle(order.begin(), order.end(), std::mt19937(static_cast<unsigned>(i)));
        const auto read_all = [&] {
          for (const std::size_t key : order) read(cache, key);
        };
        ++reading;
        auto& loaded = loaded_keys_[static_cast<std::size_t>(loads)];
        while (!called) read_all();
        read_all();
        for (std::size_t seen = loaded; seen < kKeys; seen = loaded) loaded.wait(seen);
        read_all();
      });
    }
    while (reading < kThreads) std::this_thread::yield();
    call();
    called = true;
    for (std::thread& thread : threads) thread.join();
  }

  void read(const Cache<int>& cache, std::size_t key) {
    const auto reader = std::this_thread::get_id();
    const auto handle = cache.get_or_load(keys_[key], [this, key, reader] {
      if (std::this_thread::get_id() == reader) ++waited_;
      const int loads = ++loads_[key];
      if (static_cast<std::size_t>(loads) < loaded_keys_.size()) {
        auto& keys = loaded_keys_[static_cast<std::size_t>(loads)];
        if (++keys == kKeys) keys.notify_all();
      }
      std::this_thread::yield();
      return loads;
    });
    if (handle.origin() != Origin::l1) ++missed_;
  }

  std::size_t loads() const {
    return std::accumulate(loads_.begin(), loads_.end(), std::size_t{0},
                           [](std::size_t sum, const auto& loads) {
                             return sum + static_cast<std::size_t>(loads.load());
                           });
  }

  std::unique_ptr<CacheInvalidator> invalidator_;
  std::vector<std::string> keys_;
  std::array<std::atomic<int>, 10'000> loads_{};
  std::array<std::atomic<std::size_t>, 4> loaded_keys_{};  // how many keys were loaded so often
  std::atomic<std::size_t> waited_{0};                     // loads on the thread of their reader
  std::atomic<std::size_t> missed_{0};
};

TEST_F(HerdStressTest, ACacheThatIsEmptyLoadsEachKeyOnce) {
  stampede(invalidator_->cache<int>("pages"), 1, [] {});
  EXPECT_EQ(loads(), kKeys);
}

// A load that began before the call, of a reader that had not seen it, cannot be kept: at most one for each thread.
TEST_F(HerdStressTest, WhatIsRemovedIsLoadedOnceMore) {
  const auto pages = invalidator_->cache<int>("pages");
  stampede(pages, 1, [] {});
  stampede(pages, 2, [&] { invalidator_->invalidate_tag("all"); });
  EXPECT_GE(loads(), 2 * kKeys);
  EXPECT_LE(loads(), 2 * kKeys + kThreads);
}

TEST_F(HerdStressTest, WhatExpiresIsRefreshedOnceAndNoReaderWaits) {
  const auto shown = invalidator_->cache<int>("shown");
  stampede(shown, 1, [] {});
  EXPECT_EQ(loads(), kKeys);
  waited_ = missed_ = 0;
  stampede(shown, 2, [&] { invalidator_->invalidate_tag("all", {.mode = Mode::expire}); });
  EXPECT_EQ(loads(), 2 * kKeys) << "each is refreshed once, in the background";
  EXPECT_EQ(waited_, 0u);
  EXPECT_EQ(missed_, 0u);
}

}  // namespace
}  // namespace freshet::testing
