// BackgroundTask: something that an executor repeats until its owner goes.
//
// Its destructor waits for a run under way and lets no later one start, so that the work may use its owner's members:
// declare it last. Thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "freshet/executor.hpp"
#include "runtime/task_gate.hpp"

namespace freshet::detail {

class BackgroundTask {
 public:
  /// Runs `work` every `interval` from `interval` on. What `work` throws ends that run and is swallowed; it
  /// must not destroy the task.
  BackgroundTask(std::shared_ptr<Executor> executor, Duration interval, std::function<void()> work);
  ~BackgroundTask() { stop(); }
  BackgroundTask(const BackgroundTask&) = delete;
  BackgroundTask& operator=(const BackgroundTask&) = delete;

  /// Waits for a run under way on another thread; none starts afterwards. Calling it again does nothing.
  void stop() { state_->gate.shut(); }

  /// What the runs go through.
  TaskGate& gate() noexcept { return state_->gate; }

 private:
  struct State {
    std::weak_ptr<Executor> executor;  // weak: a task that waits in the executor must not keep it
    Duration interval{};
    std::function<void()> work;
    TaskGate gate;
  };
  static void schedule(const std::shared_ptr<State>& state);
  static void run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace freshet::detail
