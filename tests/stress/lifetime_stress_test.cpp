// Who reads while the cache goes: handles need nothing of it, and a view keeps it until the last one has gone.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "freshet/freshet.hpp"
#include "support/counted_value.hpp"
#include "support/sanitizers.hpp"

namespace freshet::testing {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = kSanitized ? 20 : 50;
constexpr int kKeys = 100;

class LifetimeStressTest : public ::testing::Test {
 protected:
  // With an executor and a sweeper of its own, which go with it.
  LifetimeStressTest() { make_cache(); }

  void make_cache() {
    invalidator_.emplace(CacheInvalidator::from_yaml(
        "freshet: 1\nnamespaces:\n"
        "  orders: {strategy: ttl, ttl: 1h, soft_ttl: 30m, tags: [order]}\n"
        "  \"user_*\": {strategy: ttl, ttl: 1h, capacity: {entries: 60}}"));
    orders_.emplace(invalidator_->cache<CountedValue>("orders"));
    users_.emplace(invalidator_->cache<CountedValue>("user_eu"));
  }
  void drop_cache() {
    orders_.reset();
    users_.reset();
    invalidator_.reset();
  }

  static std::string key(int k) { return "key" + std::to_string(k); }
  // Orders depend on users, and every third carries a tag that was added later.
  void fill() {
    for (int k = 0; k < kKeys; ++k) {
      users_->put(key(k), CountedValue(k), {.tags = {"user", "t" + std::to_string(k)}});
      orders_->put(key(k), CountedValue(k), {.depends_on = {"user_eu/" + key(k)}});
      if (k % 3 == 0) invalidator_->tag(key(k), "orders", {"late"});
    }
  }

  struct Held {
    int k;
    Handle<CountedValue> handle;
  };
  std::vector<Held> hold() {
    std::vector<Held> held;
    for (int k = 0; k < kKeys; ++k) {
      if (auto handle = orders_->get(key(k))) held.push_back({k, std::move(handle)});
      if (auto handle = users_->get(key(k))) held.push_back({k, std::move(handle)});
    }
    return held;
  }
  void check(const std::vector<Held>& held) {
    for (const auto& [k, handle] : held) {
      if (!handle->is_of(k)) ++wrong_;
    }
  }

  /// Reads and writes through a view of its own for `calls` calls. Returns how many reads hit.
  int use(Cache<CountedValue>& cache, std::mt19937& random, int calls) {
    int hits = 0;
    for (int i = 0; i < calls; ++i) {
      const int k = static_cast<int>(random() % kKeys);
      if (i % 8 == 0) {
        cache.put(key(k), CountedValue(k), {.tags = {"user"}});
      } else if (i % 2 == 0) {
        const auto visitor = [&](const CountedValue& value) { wrong_ += value.is_of(k) ? 0 : 1; };
        hits += cache.visit(key(k), visitor) ? 1 : 0;
      } else if (const Handle<CountedValue> handle = cache.get(key(k))) {
        wrong_ += handle->is_of(k) ? 0 : 1;
        ++hits;
      }
    }
    return hits;
  }

  std::optional<CacheInvalidator> invalidator_;
  std::optional<Cache<CountedValue>> orders_;
  std::optional<Cache<CountedValue>> users_;
  std::atomic<int> wrong_{0};
};

TEST_F(LifetimeStressTest, HandlesAreReadWhileTheCacheGoesAndLetGoOfAfterwards) {
  for (int round = 0; round < kRounds; ++round) {
    const int before = CountedValue::alive();
    make_cache();
    fill();
    std::vector<Held> held = hold();
    ASSERT_GT(held.size(), kKeys);
    invalidator_->invalidate_tag("late");  // and some of them have left before
    std::atomic<bool> gone{false};
    std::atomic<int> reads_afterwards{0};
    std::barrier begin(kThreads + 1);
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t, mine = held]() mutable {
        begin.arrive_and_wait();
        while (!gone) check(mine);
        check(mine);
        ++reads_afterwards;
        while (!mine.empty()) {  // each thread lets go in another order
          std::swap(mine[mine.size() * (t + 1) / (kThreads + 1)], mine.back());
          mine.pop_back();
        }
      });
    }
    held.clear();
    begin.arrive_and_wait();
    drop_cache();
    EXPECT_GT(CountedValue::alive(), before) << "the threads hold them";
    gone = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(reads_afterwards, kThreads);
    ASSERT_EQ(CountedValue::alive(), before) << "the last handle frees its value";
  }
  EXPECT_EQ(wrong_, 0);
}

TEST_F(LifetimeStressTest, AViewKeepsTheCacheAndTheLastOneFreesItOnWhateverThread) {
  for (int round = 0; round < kRounds; ++round) {
    const int before = CountedValue::alive();
    make_cache();
    fill();
    std::atomic<bool> gone{false};
    std::atomic<int> hits_afterwards{0};
    std::barrier begin(kThreads + 1);
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t, mine = std::optional(*users_)]() mutable {
        std::mt19937 random(t);
        begin.arrive_and_wait();
        while (!gone) use(*mine, random, 8);
        hits_afterwards += use(*mine, random, 50 + static_cast<int>(random() % 50));
        mine.reset();
      });
    }
    begin.arrive_and_wait();
    drop_cache();
    gone = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(hits_afterwards, kThreads) << "the views went on";
    ASSERT_EQ(CountedValue::alive(), before) << "nothing is left of the cache";
  }
  EXPECT_EQ(wrong_, 0);
}

TEST_F(LifetimeStressTest, AfterACloseUnderReadersTheyMissAndOnlyTheirHandlesKeepValues) {
  for (int round = 0; round < kRounds; ++round) {
    const int before = CountedValue::alive();
    make_cache();
    fill();
    const std::vector<Held> held = hold();
    std::atomic<bool> closed{false};
    std::atomic<int> hits_afterwards{0};
    std::barrier begin(kThreads + 1);
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t, mine = *users_]() mutable {
        std::mt19937 random(t);
        begin.arrive_and_wait();
        while (!closed) use(mine, random, 8);
        hits_afterwards += use(mine, random, 50);
      });
    }
    begin.arrive_and_wait();
    invalidator_->close();
    closed = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(hits_afterwards, 0);
    check(held);
    invalidator_->stats();  // reclaims
    ASSERT_EQ(CountedValue::alive() - before, static_cast<int>(held.size()));
    drop_cache();
    check(held);
  }
  EXPECT_EQ(wrong_, 0);
}

}  // namespace
}  // namespace freshet::testing
