// Memoized functions and invalidating writers against calls that are under way, staged.
#include <gmock/gmock.h>

#include <atomic>
#include <latch>
#include <thread>

#include "freshet/invalidating_writer.hpp"
#include "freshet/memoized.hpp"
#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

class MemoizedRacesTest : public CacheFixture {
 protected:
  MemoizedRacesTest() { use("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n"); }
  Cache<int> p() { return invalidator_->cache<int>("p"); }

  std::atomic<int> origin_{1};
  std::atomic<int> calls_{0};
};

TEST_F(MemoizedRacesTest, ARunUnderWayThatItsKeyWasInvalidatedInIsReturnedAndNotKept) {
  std::optional<Memoized<int(int)>> read;
  read.emplace(p().memoize("read:{}", [&](int id) {
    const int value = origin_;
    if (++calls_ == 1) read->invalidate(id);
    return value;
  }));
  EXPECT_EQ(*(*read)(1), 1);
  EXPECT_FALSE(p().contains("read:1"));
}

TEST_F(MemoizedRacesTest, ARunUnderWayWhileTheFunctionIsClearedIsReturnedAndNotKept) {
  const auto read = p().memoize("read:{}", [&](int) { return origin_.load(); });
  PausePoint pause("load_done_before_fill", [&] { read.clear(); });
  EXPECT_EQ(*read(1), 1);
  EXPECT_TRUE(pause.reached());
  EXPECT_FALSE(p().contains("read:1"));
}

TEST_F(MemoizedRacesTest, ARunThatReadBeforeAWriteIsNotKeptAfterIt) {
  const auto read = p().memoize("read:{}", [&](int) { return origin_.load(); });
  const auto write = invalidator_->invalidating(read, [&](int, int value) { origin_ = value; });
  PausePoint pause("load_done_before_fill", [&] { write(1, 2); });
  EXPECT_EQ(*read(1), 1) << "it began before the write";
  EXPECT_TRUE(pause.reached());
  EXPECT_EQ(*read(1), 2);
}

// The run begins and ends while the write is under way, with the value from before; by any order but `before` it is gone.
TEST_F(MemoizedRacesTest, ARunDuringAWriteIsNotServedAfterIt) {
  for (Order order : {Order::around, Order::after}) {
    const auto read = p().memoize("read:{}", [&](int) { return origin_.load(); });
    const auto write = invalidator_->invalidating(read,
                                                  [&](int id, int value) {
                                                    EXPECT_NE(*read(id), value);
                                                    origin_ = value;
                                                  },
                                                  {.order = order});
    const int next = origin_ + 1;
    write(1, next);
    EXPECT_EQ(*read(1), next);
  }
}

// The write fails after it has changed the origin, and a run that read before it ends only then.
TEST_F(MemoizedRacesTest, AWriteThatThrowsLeavesNoRunFromBeforeItBehind) {
  const auto read = p().memoize("read:{}", [&](int) { return origin_.load(); });
  const auto write = invalidator_->invalidating(read, [&](int, int value) {
    origin_ = value;
    throw std::runtime_error("connection lost");
  });
  PausePoint pause("load_done_before_fill", [&] { EXPECT_THROW(write(1, 2), std::runtime_error); });
  EXPECT_EQ(*read(1), 1);
  EXPECT_EQ(*read(1), 2);
}

TEST_F(MemoizedRacesTest, CallsAtTheSameTimeShareOneRun) {
  constexpr int kCallers = 4;
  const auto read = p().memoize("read:{}", [&](int id) {
    while (total(&NamespaceStatistics::misses) < kCallers) std::this_thread::yield();
    return ++calls_, id;
  });
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) callers.emplace_back([&] { EXPECT_EQ(*read(5), 5); });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(calls_, 1);
}

TEST_F(MemoizedRacesTest, ClearOfAFunctionLeavesARunOfAnotherAlone) {
  const auto other = p().memoize("other:{}", [](int id) { return id; });
  const auto read = p().memoize("read:{}", [&](int id) { return other.clear(), id; });
  read(1);
  EXPECT_TRUE(p().contains("read:1"));
}

}  // namespace
}  // namespace freshet::testing
