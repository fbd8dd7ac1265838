#include "runtime/task_gate.hpp"

#include "freshet/detail/scopes.hpp"

namespace freshet::detail {

std::size_t TaskGate::State::running_elsewhere() const {
  const rt::ThreadId self = rt::current_thread();
  std::size_t count = 0;
  for (const Running* task = running; task != nullptr; task = task->next) {
    if (task->thread != self && !task->is_shutting) ++count;
  }
  return count;
}

void TaskGate::State::set_shutting(bool shutting) {
  const rt::ThreadId self = rt::current_thread();
  for (Running* task = running; task != nullptr; task = task->next) {
    if (task->thread == self) task->is_shutting = shutting;
  }
}

// False once the gate is shut.
bool TaskGate::State::enter(Running& task) {
  rt::Lock lock(mutex);
  if (!open) return false;
  task.next = running;
  running = &task;
  return true;
}

void TaskGate::State::leave(Running& task) {
  rt::Lock lock(mutex);
  Running** place = &running;
  while (*place != &task) place = &(*place)->next;
  *place = task.next;
  idle.notify_all();
}

Executor::Task TaskGate::wrap(Executor::Task work) const {
  return [posted = std::make_shared<Posted>(state_, std::move(work))] { posted->run(); };
}

void TaskGate::bar() noexcept {
  rt::Lock lock(state_->mutex);
  state_->open = false;
}

void TaskGate::shut() {
  rt::Lock lock(state_->mutex);
  state_->open = false;
  state_->set_shutting(true);
  state_->idle.notify_all();
  while (state_->running_elsewhere() > 0) state_->idle.wait(state_->mutex);
  state_->set_shutting(false);
}

void TaskGate::shut_until(const Clock& clock, Instant until) {
  rt::Lock lock(state_->mutex);
  state_->open = false;
  state_->set_shutting(true);
  state_->idle.notify_all();
  while (state_->running_elsewhere() > 0 && clock.now() < until)
    clock.wait_until(state_->idle, state_->mutex, until);
  state_->set_shutting(false);
}

bool TaskGate::is_open() const {
  rt::Lock lock(state_->mutex);
  return state_->open;
}

bool TaskGate::is_on_this_thread() const {
  const rt::ThreadId self = rt::current_thread();
  rt::Lock lock(state_->mutex);
  for (const Running* task = state_->running; task != nullptr; task = task->next) {
    if (task->thread == self) return true;
  }
  return false;
}

std::size_t TaskGate::running() const {
  rt::Lock lock(state_->mutex);
  return state_->running_elsewhere();
}

std::size_t TaskGate::waiting() const {
  rt::Lock lock(state_->mutex);
  return state_->waiting;
}

TaskGate::Posted::Posted(std::shared_ptr<State> gate, Executor::Task task)
    : state(std::move(gate)), work(std::move(task)) {
  rt::Lock lock(state->mutex);
  ++state->waiting;
}

TaskGate::Posted::~Posted() {
  rt::Lock lock(state->mutex);
  if (!begun) --state->waiting;
}

void TaskGate::Posted::run() {
  {
    rt::Lock lock(state->mutex);
    if (begun) return;
    begun = true;
    --state->waiting;
  }
  Running here{rt::current_thread()};
  if (!state->enter(here)) return;
  try {
    const ScopesGuard outside{Scopes{}};          // should the executor run it on a thread of ours
    const Executor::Task task = std::move(work);  // goes before the gate lets the owner go
    task();
  } catch (...) {
    state->leave(here);
    throw;
  }
  state->leave(here);
}

}  // namespace freshet::detail
