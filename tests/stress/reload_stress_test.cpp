// Reloads beside reads, loads, puts and events, for ThreadSanitizer.
//
// The policies differ in strategy, tags, rules and hold-off. Whatever is stored while they change, once a tag of the policy in
// force is invalidated nothing that was stored before is served: no entry escapes with the tags of a policy that is gone.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

constexpr int kKeys = 16;
constexpr int kRounds = 300;

class ReloadStressTest : public CacheFixture {
 protected:
  static std::string policy(int version) {
    const std::string tag = "v" + std::to_string(version);
    const char* strategy = version % 2 == 0 ? "ttl: 1h" : "strategy: [ttl, event], ttl: 2h";
    return "freshet: 1\nnamespaces: {n: {" + std::string(strategy) + ", tags: [" + tag + "]}}\n" +
           "events: {all: {max_per_second: " + std::to_string(1 + version) +
           ", rules: [{invalidate_tag: " + tag + "}]}}\n";
  }
};

TEST_F(ReloadStressTest, NoEntryEscapesWithTheTagsOfAPolicyThatIsGone) {
  use(policy(0));
  auto cache = invalidator_->cache<int>("n");
  std::atomic<int> origin{0};  // what a load or put that begins now stores at least
  std::atomic<int> floor{0};   // what a read that begins now must find at least
  std::atomic<bool> stop{false};
  std::atomic<int> stale{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; !stop; ++i) {
        const std::string key = std::to_string(i % kKeys);
        const int least = floor;
        const auto handle = cache.get_or_load(key, [&] { return origin.load(); });
        if (handle && *handle < least) ++stale;
        if (i % 7 == 0) {
          const Lease lease = cache.lease(key);
          cache.put(key, origin, lease);
        }
        if (i % 31 == 0) invalidator_->emit("all");
      }
    });
  }
  for (int version = 1; version <= kRounds; ++version) {
    invalidator_->reload_yaml(policy(version));
    const int next = ++origin;
    invalidator_->invalidate_tag("v" + std::to_string(version));
    floor = next;
    executor_->run_ready();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stale, 0);
  EXPECT_EQ(invalidator_->stats().total.reloads, static_cast<std::uint64_t>(kRounds));
}

TEST_F(ReloadStressTest, ReloadsAtTheSameTimeLeaveOnePolicyWhole) {
  use(policy(0));
  auto cache = invalidator_->cache<int>("n");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 50; ++i) invalidator_->reload_yaml(policy(t));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(invalidator_->stats().total.reloads, 200u);
  clock_->advance(1s);
  executor_->run_ready();
  cache.put("k", 1);
  int hits = 0;
  for (int t = 0; t < 4; ++t)
    hits += static_cast<int>(invalidator_->invalidate_tag("v" + std::to_string(t)).count);
  EXPECT_EQ(hits, 1);
  cache.put("k", 1);
  EXPECT_EQ(invalidator_->emit("all").invalidated.count, 1u) << "rules and block of one policy";
}

}  // namespace
}  // namespace freshet::testing
