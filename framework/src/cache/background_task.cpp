#include "cache/background_task.hpp"

#include <utility>

#include "freshet/detail/scopes.hpp"

namespace freshet::detail {

BackgroundTask::BackgroundTask(std::shared_ptr<Executor> executor, Duration interval,
                               std::function<void()> work)
    : state_(std::make_shared<State>()) {
  state_->executor = executor;
  state_->interval = interval;
  state_->work = std::move(work);
  schedule(state_);
}

void BackgroundTask::stop() {
  rt::Lock lock(state_->mutex);
  state_->stopped = true;
  while (state_->running) state_->idle.wait(state_->mutex);
}

void BackgroundTask::schedule(const std::shared_ptr<State>& state) {
  if (const auto executor = state->executor.lock()) {
    executor->post_after(state->interval, [state] { run(state); });
  }
}

void BackgroundTask::run(const std::shared_ptr<State>& state) {
  {
    rt::Lock lock(state->mutex);
    if (state->stopped) return;
    state->running = true;
  }
  try {
    const ScopesGuard outside{Scopes{}};  // should the executor run it on a thread of ours
    state->work();
  } catch (...) {  // NOLINT(bugprone-empty-catch): it had no memory this time
  }
  rt::Lock lock(state->mutex);
  try {
    // Before `running` falls: once stop() has returned, nothing of ours may hold the executor, whose owner then drops it.
    if (!state->stopped) schedule(state);
    // NOLINTNEXTLINE(bugprone-empty-catch): the executor takes no more tasks; stop() must return all the same
  } catch (...) {
  }
  state->running = false;
  state->idle.notify_all();
}

}  // namespace freshet::detail
