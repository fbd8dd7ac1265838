#include "runtime/per_thread.hpp"

#include <gtest/gtest.h>

#include <barrier>
#include <cstddef>
#include <set>
#include <thread>
#include <vector>

namespace freshet::detail {
namespace {

struct Count {
  rt::Atomic<std::uint64_t> value{0};
};

std::uint64_t sum_of(const PerThread<Count>& counts) {
  std::uint64_t sum = 0;
  counts.for_each([&](const Count& count) { sum += count.value; });
  return sum;
}

TEST(PerThreadTest, EachThreadThatLivesHasItsOwn) {
  constexpr int kThreads = 40;  // more than the first chunks have
  PerThread<Count> counts;
  std::vector<Count*> own(kThreads);
  std::barrier all_have_one(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < own.size(); ++i) {
      threads.emplace_back([&, i] {
        own[i] = counts.mine();
        ++own[i]->value;
        all_have_one.arrive_and_wait();
      });
    }
  }
  EXPECT_EQ(std::set<Count*>(own.begin(), own.end()).size(), own.size());
  EXPECT_EQ(sum_of(counts), own.size());
}

TEST(PerThreadTest, AThousandThreadsOneAfterTheOtherShareAFewAndTheirSumStays) {
  PerThread<Count> counts;
  std::set<Count*> seen;
  for (int i = 0; i < 1000; ++i) {
    std::jthread([&] {
      Count* own = counts.mine();
      seen.insert(own);
      ++own->value;
    }).join();
  }
  EXPECT_LE(seen.size(), 2u);
  EXPECT_EQ(sum_of(counts), 1000u);
}

// Its number may be another thread's already.
TEST(PerThreadTest, AThreadWhoseLocalValuesAreGoingHasNone) {
  static PerThread<Count> counts;
  static bool asked = false;
  struct AsksAtTheEnd {
    bool made = false;
    ~AsksAtTheEnd() {
      asked = made;
      EXPECT_EQ(counts.mine(), nullptr);
    }
  };
  std::jthread([] {
    thread_local AsksAtTheEnd
        last;  // made before the thread has a number, so destroyed after it has none
    last.made = true;
    EXPECT_NE(counts.mine(), nullptr);
  }).join();
  EXPECT_TRUE(asked);
}

}  // namespace
}  // namespace freshet::detail
