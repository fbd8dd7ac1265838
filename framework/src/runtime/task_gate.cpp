#include "runtime/task_gate.hpp"

#include <algorithm>

#include "freshet/detail/scopes.hpp"

namespace freshet::detail {

void TaskGate::shut() {
  rt::Lock lock(state_->mutex);
  state_->open = false;
  const rt::ThreadId self = rt::current_thread();
  while (state_->running.size() > static_cast<std::size_t>(std::count(
                                      state_->running.begin(), state_->running.end(), self))) {
    state_->idle.wait(state_->mutex);
  }
}

void TaskGate::run(State& state, const Executor::Task& work) {
  const rt::ThreadId self = rt::current_thread();
  {
    rt::Lock lock(state.mutex);
    if (!state.open) return;
    state.running.push_back(self);
  }
  const auto leave = [&state, self] {
    rt::Lock lock(state.mutex);
    state.running.erase(std::find(state.running.begin(), state.running.end(), self));
    state.idle.notify_all();
  };
  try {
    const ScopesGuard outside{Scopes{}};  // should the executor run it on a thread of ours
    work();
  } catch (...) {
    leave();
    throw;
  }
  leave();
}

}  // namespace freshet::detail
