// InPlaceExecutor: runs every task at once, on the thread that posts it. For Components::load_executor in tests.
#pragma once

#include <utility>

#include "freshet/executor.hpp"

namespace freshet::testing {

/// With it a load that has a time-out runs on the thread of its call, to its end, and is never late: a test needs no thread. What a
/// slow origin does to your code is seen with the default executor, a ManualClock, and a thread that calls
/// (docs/guides/when-a-load-fails.md). What a task throws is swallowed.
class InPlaceExecutor final : public Executor {
 public:
  void post(Task task) override {
    try {
      task();
    } catch (
        ...) {  // NOLINT(bugprone-empty-catch): as in any executor, tasks report by other means
    }
  }

  /// At once, whatever the delay.
  void post_after(Duration, Task task) override { post(std::move(task)); }
};

}  // namespace freshet::testing
