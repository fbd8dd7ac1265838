// Executor: the only thing that starts threads. Injected, so that tests run tasks by hand.
#pragma once

#include <functional>
#include <memory>

#include "freshet/clock.hpp"

namespace freshet {

/// Runs tasks later, somewhere else. Implementations are thread-safe.
class Executor {
 public:
  using Task = std::function<void()>;

  virtual ~Executor() = default;

  /// Runs `task` soon, on no thread of the caller's. What it throws is swallowed: tasks report by other means.
  virtual void post(Task task) = 0;

  /// Runs `task` once `delay` has passed on this executor's clock.
  virtual void post_after(Duration delay, Task task) = 0;
};

/// A fixed pool of `threads` (at least 1) on the system clock. Its destructor drops what has not started and waits for
/// what has; it must not be destroyed by a task of its own.
std::shared_ptr<Executor> make_thread_pool_executor(unsigned threads);

}  // namespace freshet
