// TaskGate: tasks that wait in an executor and use an owner who may go before they run.
//
// A task let through the gate runs only while the gate is open; shut() waits for those under way, so that afterwards the
// owner's members may go. A task may shut its own gate: it does not wait for itself, nor for others that are shutting it too and
// would wait for this one. Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/executor.hpp"

namespace freshet::detail {

class TaskGate {
 public:
  TaskGate() : state_(std::make_shared<State>()) {}
  ~TaskGate() { shut(); }
  TaskGate(const TaskGate&) = delete;
  TaskGate& operator=(const TaskGate&) = delete;

  /// `work`, or nothing once the gate is shut. To be run once.
  Executor::Task wrap(Executor::Task work) const;

  /// No task starts any more. Waits for nothing.
  void bar() noexcept;
  /// Waits for tasks under way on other threads; none starts afterwards. Calling it again does nothing.
  void shut();
  /// The same, until `until` at the latest.
  void shut_until(const Clock& clock, Instant until);

  bool is_open() const;
  /// Whether the calling thread runs a task of this gate.
  bool is_on_this_thread() const;
  /// Tasks under way on other threads; those that shut the gate at this moment do not count.
  std::size_t running() const;
  /// Tasks that an executor has and has not begun.
  std::size_t waiting() const;

 private:
  // On the stack of its thread: a task begins though there is no memory.
  struct Running {
    rt::ThreadId thread;
    Running* next = nullptr;
    bool is_shutting = false;
  };
  struct State {
    mutable rt::Mutex mutex;
    rt::CondVar idle;
    bool open FRESHET_GUARDED_BY(mutex) = true;
    std::size_t waiting FRESHET_GUARDED_BY(mutex) = 0;
    Running* running FRESHET_GUARDED_BY(mutex) = nullptr;

    std::size_t running_elsewhere() const FRESHET_REQUIRES(mutex);
    void set_shutting(bool shutting) FRESHET_REQUIRES(mutex);
    bool enter(Running& task) FRESHET_EXCLUDES(mutex);
    void leave(Running& task) FRESHET_EXCLUDES(mutex);
  };
  /// A task in the hands of an executor.
  struct Posted {
    std::shared_ptr<State> state;
    Executor::Task work;
    bool begun = false;

    Posted(std::shared_ptr<State> gate, Executor::Task task);
    Posted(const Posted&) = delete;
    Posted& operator=(const Posted&) = delete;
    ~Posted();
    void run();
  };

  std::shared_ptr<State> state_;
};

}  // namespace freshet::detail
