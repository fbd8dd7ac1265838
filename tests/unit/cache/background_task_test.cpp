#include "cache/background_task.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <utility>

#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"

namespace freshet::detail {
namespace {

using namespace std::chrono_literals;

class BackgroundTaskTest : public ::testing::Test {
 protected:
  void run_for(Duration span) {
    clock_->advance(span);
    executor_->run_ready();
  }

  std::shared_ptr<testing::ManualClock> clock_ = std::make_shared<testing::ManualClock>();
  std::shared_ptr<testing::ManualExecutor> executor_ =
      std::make_shared<testing::ManualExecutor>(clock_);
};

TEST_F(BackgroundTaskTest, WorkIsRepeatedUntilItIsStopped) {
  int runs = 0;
  BackgroundTask task(executor_, 10ms, [&] { ++runs; });
  run_for(10ms);
  run_for(10ms);
  EXPECT_EQ(runs, 2);
  task.stop();
  run_for(10ms);
  EXPECT_EQ(runs, 2);
}

// Found by freshet_simulation --workload memory: a sweep that found no memory left its owner waiting for it for ever.
TEST_F(BackgroundTaskTest, ARunThatFoundNoMemoryIsFollowedByTheNextAndStrandsNobody) {
  int runs = 0;
  BackgroundTask task(executor_, 10ms, [&] {
    if (++runs == 1) throw std::bad_alloc();
  });
  EXPECT_NO_THROW(run_for(10ms));
  EXPECT_NO_THROW(run_for(10ms));
  EXPECT_EQ(runs, 2);
  task.stop();
}

class FullExecutor final : public Executor {
 public:
  void post(Task) override { throw std::bad_alloc(); }
  void post_after(Duration, Task task) override {
    if (first_) throw std::bad_alloc();
    first_ = std::move(task);
  }
  void run() const { first_(); }

 private:
  Task first_;
};

TEST_F(BackgroundTaskTest, AnExecutorThatTakesNoMoreTasksStrandsNobody) {
  const auto full = std::make_shared<FullExecutor>();
  int runs = 0;
  BackgroundTask task(full, 10ms, [&] { ++runs; });
  EXPECT_NO_THROW(full->run());
  EXPECT_EQ(runs, 1);
  task.stop();
}

}  // namespace
}  // namespace freshet::detail
