// TaskGate: what runs behind it, who is waited for, and who is not.
#include "runtime/task_gate.hpp"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <thread>

#include "freshet/testing/manual_clock.hpp"

namespace freshet::detail {
namespace {

using namespace std::chrono_literals;

TEST(TaskGateTest, ATaskRunsOnceAndOnlyWhileTheGateIsOpen) {
  TaskGate gate;
  int runs = 0;
  const Executor::Task first = gate.wrap([&] { ++runs; });
  const Executor::Task late = gate.wrap([&] { ++runs; });
  EXPECT_EQ(gate.waiting(), 2u);
  first();
  first();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(gate.waiting(), 1u);
  gate.shut();
  late();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(gate.waiting(), 0u);
}

TEST(TaskGateTest, ATaskThatIsDroppedWaitsNoMore) {
  TaskGate gate;
  {
    const Executor::Task dropped = gate.wrap([] {});
  }
  EXPECT_EQ(gate.waiting(), 0u);
}

TEST(TaskGateTest, ATaskThatThrowsIsOver) {
  TaskGate gate;
  const Executor::Task task = gate.wrap([] { throw std::runtime_error("no"); });
  EXPECT_THROW(task(), std::runtime_error);
  EXPECT_EQ(gate.running(), 0u);
  gate.shut();
}

TEST(TaskGateTest, ATaskMayShutItsOwnGate) {
  TaskGate gate;
  bool was_inside = false;
  gate.wrap([&] {
    was_inside = gate.is_on_this_thread();
    gate.shut();
  })();
  EXPECT_TRUE(was_inside);
  EXPECT_FALSE(gate.is_on_this_thread());
}

// Each of them waits for the tasks of the other thread, which is the other one.
TEST(TaskGateTest, TwoTasksMayShutTheirGateAtOnce) {
  TaskGate gate;
  std::promise<void> first_runs;
  std::promise<void> second_runs;
  const auto shut_beside = [&gate](std::promise<void>& mine, std::promise<void>& others) {
    return gate.wrap([&] {
      mine.set_value();
      others.get_future().wait();
      gate.shut();
    });
  };
  std::thread other(shut_beside(first_runs, second_runs));
  shut_beside(second_runs, first_runs)();
  other.join();
}

TEST(TaskGateTest, AWaitWithALimitEndsWithIt) {
  testing::ManualClock clock;
  TaskGate gate;
  std::promise<void> runs;
  std::promise<void> goes_on;
  std::thread task(gate.wrap([&] {
    runs.set_value();
    goes_on.get_future().wait();
  }));
  runs.get_future().wait();
  std::thread shuts([&, until = later(clock.now(), 5s)] { gate.shut_until(clock, until); });
  clock.await_waiters(1);
  clock.advance(5s);
  shuts.join();
  EXPECT_EQ(gate.running(), 1u);
  EXPECT_FALSE(gate.is_open());
  goes_on.set_value();
  task.join();
  gate.shut_until(clock, kNever);
  EXPECT_EQ(gate.running(), 0u);
}

}  // namespace
}  // namespace freshet::detail
