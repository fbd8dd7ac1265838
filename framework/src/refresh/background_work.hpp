// BackgroundWork: tasks on an executor that use their owner's members, safely.
//
// A task runs only while the gate is open; stop() closes it and waits for those that run. So tasks
// may refer to whatever outlives this object, and nothing has to be shared for their sake: declare
// it last. Thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "freshet/executor.hpp"
#include "runtime/task_gate.hpp"

namespace freshet::detail {

class BackgroundWork {
 public:
  explicit BackgroundWork(const std::shared_ptr<Executor>& executor) : executor_(executor) {}
  ~BackgroundWork() { stop(); }
  BackgroundWork(const BackgroundWork&) = delete;
  BackgroundWork& operator=(const BackgroundWork&) = delete;

  /// False if stopped, or if the executor would not take it: then the task will not run.
  bool post(std::function<void()> task);
  bool post_after(Duration delay, std::function<void()> task);

  /// Waits for tasks under way, but not for one that runs on this very thread; none starts
  /// afterwards. Calling it again does nothing.
  void stop() { gate_.shut(); }

  /// What the tasks go through.
  TaskGate& gate() noexcept { return gate_; }

 private:
  std::weak_ptr<Executor> executor_;  // weak: whoever owns it decides when its threads end
  TaskGate gate_;
};

}  // namespace freshet::detail
