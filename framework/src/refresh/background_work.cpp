#include "refresh/background_work.hpp"

#include <utility>

namespace freshet::detail {
namespace {

// What a task throws goes no further: tasks report by other means.
Executor::Task silent(std::function<void()> task) {
  return [task = std::move(task)] {
    try {
      task();
    } catch (...) {  // NOLINT(bugprone-empty-catch): see above
    }
  };
}

}  // namespace

bool BackgroundWork::post(std::function<void()> task) {
  return post_after(Duration::zero(), std::move(task));
}

bool BackgroundWork::post_after(Duration delay, std::function<void()> task) {
  if (!gate_.is_open()) return false;
  const auto executor = executor_.lock();
  if (!executor) return false;
  try {
    Executor::Task guarded = gate_.wrap(silent(std::move(task)));
    if (delay > Duration::zero()) {
      executor->post_after(delay, std::move(guarded));
    } else {
      executor->post(std::move(guarded));
    }
  } catch (...) {  // no memory for it
    return false;
  }
  return true;
}

}  // namespace freshet::detail
