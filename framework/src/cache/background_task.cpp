#include "cache/background_task.hpp"

#include <utility>

namespace freshet::detail {

BackgroundTask::BackgroundTask(std::shared_ptr<Executor> executor, Duration interval,
                               std::function<void()> work)
    : state_(std::make_shared<State>()) {
  state_->executor = executor;
  state_->interval = interval;
  state_->work = std::move(work);
  schedule(state_);
}

void BackgroundTask::schedule(const std::shared_ptr<State>& state) {
  if (const auto executor = state->executor.lock())
    executor->post_after(state->interval, state->gate.wrap([state] { run(state); }));
}

// Within the gate: once stop() has returned, nothing of ours holds the executor, whose owner then drops it.
void BackgroundTask::run(const std::shared_ptr<State>& state) {
  try {
    state->work();
  } catch (...) {  // NOLINT(bugprone-empty-catch): it had no memory this time
  }
  try {
    if (state->gate.is_open()) schedule(state);
    // NOLINTNEXTLINE(bugprone-empty-catch): the executor takes no more tasks; stop() must return all the same
  } catch (...) {
  }
}

}  // namespace freshet::detail
