// Loads in the background beside reads, puts and invalidations, on real threads, for ThreadSanitizer: what is removed is never served
// again, however it was on its way; and the budget holds whoever starts the loads.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "freshet/freshet.hpp"
#include "support/audit.hpp"
#include "support/log_recorder.hpp"

namespace freshet::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kKeys = 64;
constexpr std::size_t kBudget = 60;
constexpr std::size_t kAtOnce = 8;
constexpr std::size_t kLoads = 3 * kBudget;  // of some seconds

std::string key(int i) { return "k" + std::to_string(i % kKeys); }

TEST(RefillStressTest, WhatIsRemovedIsNotServedAgainAndTheBudgetHolds) {
  Components components{.executor = make_thread_pool_executor(3),
                        .logger = std::make_shared<LogRecorder>()};
  auto invalidator = CacheInvalidator::from_yaml(
      "freshet: 1\nnamespaces:\n  p: {ttl: 1h, tags: [t], recompute: {expired: true, "
      "max_per_second: 60, max_at_once: 8}}\nanalytics: {sample_one_in: 1}\n",
      components);
  auto view = invalidator.cache<int>("p");
  std::atomic<int> origin{1};  // what a load that begins now makes at least
  std::atomic<int> floor{0};   // what a read that begins now may find at least
  std::atomic<bool> stop{false};
  std::atomic<int> below{0};
  detail::rt::Mutex mutex;
  std::vector<Instant> begun;
  const auto clock = make_system_clock();
  view.bind_loader([&](std::string_view) {
    {
      detail::rt::Lock lock(mutex);
      begun.push_back(clock->now());
    }
    return origin.load();
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; !stop; ++i) {
        const int least = floor;
        const auto value = view.get(key(i));
        if (value && *value < least) ++below;
        if (i % 97 == 0) invalidator.warm({{key(i), "p"}, {key(i + 1), "p"}});
        if (i % 1'000 == 0) static_cast<void>(invalidator.warming());
      }
    });
  }
  const auto loads = [&] {
    detail::rt::Lock lock(mutex);
    return begun.size();
  };
  for (int round = 0; round < 60 || loads() < kLoads; ++round) {
    for (int i = 0; i < kKeys; i += 3) view.put(key(i), origin);
    invalidator.invalidate_tag("t", {.mode = Mode::expire});
    for (int i = 0; i < 20'000; ++i) view.get(key(i));  // some of it is loaded meanwhile
    const int next = ++origin;
    invalidator.invalidate_namespace("p", {.rewarm = {.hot = 8, .keys = {{key(round), "p"}}}});
    floor = next;
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  invalidator.close();
  EXPECT_EQ(below, 0);
  std::sort(begun.begin(), begun.end());
  // A load begins a little after its place in the budget was taken, on its thread: those under way may do so in the next second.
  constexpr std::size_t kMost = kBudget + kAtOnce;
  for (std::size_t i = kMost; i < begun.size(); ++i) ASSERT_GE(begun[i] - begun[i - kMost], 1s);
}

}  // namespace
}  // namespace freshet::testing
