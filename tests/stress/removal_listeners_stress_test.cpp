// Entries leave in every way on several threads while listeners come and go: one that stays is told of each removal once.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "freshet/freshet.hpp"

namespace freshet::testing {
namespace {

constexpr int kThreads = 3;
constexpr int kSteps = 20'000;  // per thread; more removals than may wait

std::uint64_t removed(const NamespaceStatistics& stats) {
  return stats.removed_explicit + stats.removed_replaced + stats.removed_expired +
         stats.removed_capacity + stats.removed_label + stats.removed_ban;
}

TEST(RemovalListenersStressTest, WhoStaysIsToldOfEachRemovalOnce) {
  Components components;
  components.executor = make_thread_pool_executor(2);
  std::optional<CacheInvalidator> invalidator = CacheInvalidator::from_yaml(
      "freshet: 1\nnamespaces: {a: {strategy: manual, capacity: {entries: 500}}}", components);
  std::optional<Cache<int>> cache = invalidator->cache<int>("a");
  std::atomic<std::uint64_t> told{0};
  std::atomic<std::uint64_t> wrong{0};
  const Connection stays =
      cache->on_removal([&](std::string_view key, const int& value, RemovalCause) {
        ++told;
        if (key != std::to_string(value)) ++wrong;
      });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kSteps; ++i) {
        const int k = (i * 7 + t) % 1000;
        cache->put(std::to_string(k), k, {.tags = {"t"}});
        if (i % 3 == 0) cache->invalidate(std::to_string((i * 5) % 1000));
        if (i % 500 == 0) invalidator->invalidate_tag("t");
        if (i % 700 == 0) invalidator->invalidate_matching("1*", "a");
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < 200; ++i) {
      const Connection passes =
          cache->on_removal([](std::string_view, const int&, RemovalCause) {});
      std::this_thread::yield();
    }
  });
  for (std::thread& thread : threads) thread.join();
  invalidator->close();
  const std::uint64_t left = removed(invalidator->stats().total);
  cache.reset();
  invalidator.reset();  // the engine goes, and tells what still waits
  EXPECT_EQ(told, left);
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(left, static_cast<std::uint64_t>(kThreads) * kSteps / 2);
}

}  // namespace
}  // namespace freshet::testing
