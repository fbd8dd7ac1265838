#include "refresh/background_work.hpp"

#include <utility>

#include "freshet/detail/scopes.hpp"

namespace freshet::detail {
namespace {

// How many tasks of any BackgroundWork run on this thread, one inside the other: what stop() must
// not wait for.
std::size_t& own_depth() {
  struct Tag;
  return rt::thread_local_value<std::size_t, Tag>();
}

}  // namespace

BackgroundWork::BackgroundWork(const std::shared_ptr<Executor>& executor)
    : executor_(executor), gate_(std::make_shared<Gate>()) {}

Executor::Task BackgroundWork::guarded(std::shared_ptr<Gate> gate, std::function<void()> task) {
  return [gate = std::move(gate), task = std::move(task)] {
    {
      rt::Lock lock(gate->mutex);
      if (gate->stopped) return;
      ++gate->running;
    }
    ++own_depth();
    const ScopesGuard outside{Scopes{}};  // should the executor run it on a thread of ours
    try {
      task();
    } catch (...) {  // NOLINT(bugprone-empty-catch): tasks report by other means
    }
    --own_depth();
    rt::Lock lock(gate->mutex);
    --gate->running;
    gate->idle.notify_all();
  };
}

bool BackgroundWork::post(std::function<void()> task) {
  return post_after(Duration::zero(), std::move(task));
}

bool BackgroundWork::post_after(Duration delay, std::function<void()> task) {
  {
    rt::Lock lock(gate_->mutex);
    if (gate_->stopped) return false;
  }
  const auto executor = executor_.lock();
  if (!executor) return false;
  try {
    if (delay > Duration::zero()) {
      executor->post_after(delay, guarded(gate_, std::move(task)));
    } else {
      executor->post(guarded(gate_, std::move(task)));
    }
  } catch (...) {  // no memory for it
    return false;
  }
  return true;
}

void BackgroundWork::stop() {
  rt::Lock lock(gate_->mutex);
  gate_->stopped = true;
  while (gate_->running > own_depth()) gate_->idle.wait(gate_->mutex);
}

}  // namespace freshet::detail
