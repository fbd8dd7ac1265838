// A thousand threads that come, read and go, beside one that writes: what they read is what was put, and nothing stays of them.
//
// Each reads once more while its thread-local values are being destroyed, when it has no number any more and takes the lock.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "runtime/per_thread.hpp"
#include "support/cache_fixture.hpp"
#include "support/counted_value.hpp"

namespace freshet::testing {
namespace {

constexpr int kBatches = 20;
constexpr int kAtOnce = 50;
// In any test of this program: numbers and places are the process's.
constexpr int kMostAtOnce = 64;
constexpr int kReads = 200;  // per thread
constexpr int kKeys = 400;   // twice what the cache holds
constexpr int kHeld = 8;     // handles that a thread keeps at a time

class ReaderThreadsStressTest : public CacheFixture {
 protected:
  static std::string key(int k) { return "key" + std::to_string(k); }

  void look(const Cache<CountedValue>& cache, int k, Handle<CountedValue>& handle, bool by_visit) {
    bool right = true;
    bool hit = false;
    if (by_visit) {
      hit = cache.visit(key(k), [&](const CountedValue& value) { right = value.is_of(k); });
    } else {
      handle = cache.get(key(k));
      hit = static_cast<bool>(handle);
      right = !hit || handle->is_of(k);
    }
    if (!right) ++wrong_;
    ++(hit ? hits_ : misses_);
  }

  // What the thread's last act is.
  struct LastLook {
    ReaderThreadsStressTest* test = nullptr;
    const Cache<CountedValue>* cache = nullptr;
    int k = 0;
    ~LastLook() {
      Handle<CountedValue> handle;
      test->look(*cache, k, handle, false);
      test->look(*cache, k, handle, true);
      ++test->last_looks_;
    }
  };

  void read(const Cache<CountedValue>& cache, unsigned seed) {
    // Before the thread has a number, so that it goes after that.
    thread_local LastLook last;
    std::mt19937 random(seed);
    last.test = this;
    last.cache = &cache;
    last.k = static_cast<int>(random() % kKeys);
    std::vector<std::pair<int, Handle<CountedValue>>> held(kHeld);
    for (int i = 0; i < kReads; ++i) {
      const int k = static_cast<int>(random() % kKeys);
      auto& [of, handle] = held[static_cast<std::size_t>(i % kHeld)];
      if (handle && !handle->is_of(of)) ++wrong_;
      of = k;
      look(cache, k, handle, i % 2 == 0);
      if (i % 16 == 0) std::this_thread::yield();
    }
    for (const auto& [of, handle] : held) {
      if (handle && !handle->is_of(of)) ++wrong_;
    }
    note_number();
  }

  // What every part of the cache finds its per-thread places by.
  void note_number() {
    const std::size_t number = detail::rt::thread_number();
    std::size_t seen = highest_number_;
    while (seen < number && !highest_number_.compare_exchange_weak(seen, number)) {
    }
    places_.mine();
  }
  std::size_t places() const {
    std::size_t count = 0;
    places_.for_each([&](int) { ++count; });
    return count;
  }

  void write_until_told(const Cache<CountedValue>& cache) {
    std::mt19937 random(1);
    while (!done_) {
      const int k = static_cast<int>(random() % kKeys);
      switch (random() % 16) {
        case 0:
          cache.invalidate(key(k));
          break;
        case 1:
          invalidator_->sweep(64);
          break;
        case 2:
          if (random() % 64 == 0) invalidator_->invalidate_tag(k % 2 == 0 ? "even" : "odd");
          break;
        case 3:
          clock_->advance(10ms);
          break;
        default:
          cache.put(key(k), CountedValue(k), {.tags = {k % 2 == 0 ? "even" : "odd"}});
      }
    }
  }

  std::atomic<int> wrong_{0};
  std::atomic<int> hits_{0};
  std::atomic<int> misses_{0};
  std::atomic<int> last_looks_{0};
  std::atomic<bool> done_{false};
  std::atomic<std::size_t> highest_number_{0};
  detail::PerThread<int> places_;
};

TEST_F(ReaderThreadsStressTest, AThousandThreadsReadWhatWasPutAndLeaveNothingBehind) {
  const int before = CountedValue::alive();
  use("freshet: 1\nnamespaces: {profiles: {strategy: ttl, ttl: 200ms, capacity: {entries: 200}}}");
  const Cache<CountedValue> cache = invalidator_->cache<CountedValue>("profiles");
  std::thread writer([&] { write_until_told(cache); });
  for (int batch = 0; batch < kBatches; ++batch) {
    std::vector<std::thread> readers;
    for (int i = 0; i < kAtOnce; ++i) {
      readers.emplace_back(
          [&, seed = static_cast<unsigned>(batch * kAtOnce + i)] { read(cache, seed); });
    }
    for (std::thread& reader : readers) reader.join();
  }
  done_ = true;
  writer.join();

  EXPECT_EQ(wrong_, 0);
  EXPECT_EQ(last_looks_, kBatches * kAtOnce);
  EXPECT_GT(hits_, kBatches * kAtOnce) << "the threads have read";
  EXPECT_GT(misses_, kBatches * kAtOnce) << "the writer has taken out";
  const NamespaceStatistics total = invalidator_->stats().total;
  EXPECT_EQ(total.hits + total.misses, static_cast<std::uint64_t>(hits_ + misses_));
  for (const std::uint64_t removed :
       {total.removed_explicit, total.removed_replaced, total.removed_expired,
        total.removed_capacity, total.removed_label}) {
    EXPECT_GT(removed, 0u) << "the writer has done it all";
  }

  invalidator_->settle();
  EXPECT_EQ(CountedValue::alive() - before, static_cast<int>(invalidator_->stats().total.entries))
      << "what left is reclaimed";
  invalidator_->invalidate_all();
  invalidator_->settle();
  EXPECT_EQ(CountedValue::alive(), before);
  EXPECT_EQ(invalidator_->stats().total.tags, 0u);

  EXPECT_LE(highest_number_, kMostAtOnce + 10u) << "numbers are given again";
  EXPECT_LE(places(), 2u * (kMostAtOnce + 10u)) << "and with them the places of the threads";
}

}  // namespace
}  // namespace freshet::testing
