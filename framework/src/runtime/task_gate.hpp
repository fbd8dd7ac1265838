// TaskGate: tasks that wait in an executor and use an owner who may go before they run.
//
// A task let through the gate runs only while the gate is open; shut() waits for those under way, so that afterwards the
// owner's members may go. A task may shut its own gate: it does not wait for itself. Thread-safe.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/executor.hpp"

namespace freshet::detail {

class TaskGate {
 public:
  TaskGate() : state_(std::make_shared<State>()) {}
  ~TaskGate() { shut(); }
  TaskGate(const TaskGate&) = delete;
  TaskGate& operator=(const TaskGate&) = delete;

  /// `work`, or nothing once the gate is shut.
  Executor::Task wrap(Executor::Task work) const {
    return [state = state_, work = std::move(work)] { run(*state, work); };
  }

  /// Waits for tasks under way on other threads; none starts afterwards. Calling it again does nothing.
  void shut();

 private:
  struct State {
    rt::Mutex mutex;
    rt::CondVar idle;
    bool open FRESHET_GUARDED_BY(mutex) = true;
    std::vector<rt::ThreadId> running FRESHET_GUARDED_BY(mutex);
  };
  static void run(State& state, const Executor::Task& work);

  std::shared_ptr<State> state_;
};

}  // namespace freshet::detail
