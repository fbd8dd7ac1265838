// ManualExecutor: tasks that a test runs by hand, on its own thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/executor.hpp"

namespace freshet::testing {

/// Queues tasks until a test runs them. Delayed tasks become ready when `clock` has reached their time. Thread-safe.
/// What a task throws reaches whoever runs it.
class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(std::shared_ptr<const Clock> clock) noexcept : clock_(std::move(clock)) {}

  void post(Task task) override FRESHET_EXCLUDES(mutex_) {
    detail::rt::Lock lock(mutex_);
    ready_.push_back(std::move(task));
  }

  void post_after(Duration delay, Task task) override FRESHET_EXCLUDES(mutex_) {
    detail::rt::Lock lock(mutex_);
    delayed_.emplace(later(clock_->now(), delay), std::move(task));
  }

  /// Runs the oldest ready task. False if none is ready.
  bool run_one() FRESHET_EXCLUDES(mutex_) {
    Task task;
    {
      detail::rt::Lock lock(mutex_);
      const Instant now = clock_->now();
      while (!delayed_.empty() && delayed_.begin()->first <= now) {
        ready_.push_back(std::move(delayed_.begin()->second));
        delayed_.erase(delayed_.begin());
      }
      if (ready_.empty()) return false;
      task = std::move(ready_.front());
      ready_.pop_front();
    }
    task();
    return true;
  }

  /// Runs what is ready until nothing is, or `limit` tasks have run. Returns how many ran.
  std::size_t run_ready(std::size_t limit = 100'000) {
    std::size_t ran = 0;
    while (ran < limit && run_one()) ++ran;
    return ran;
  }

  /// When the next delayed task becomes ready; nullopt if none is delayed.
  std::optional<Instant> next_due() const FRESHET_EXCLUDES(mutex_) {
    detail::rt::Lock lock(mutex_);
    if (delayed_.empty()) return std::nullopt;
    return delayed_.begin()->first;
  }

  /// Tasks waiting, ready or not.
  std::size_t pending() const FRESHET_EXCLUDES(mutex_) {
    detail::rt::Lock lock(mutex_);
    return ready_.size() + delayed_.size();
  }

 private:
  std::shared_ptr<const Clock> clock_;
  mutable detail::rt::Mutex mutex_;
  std::deque<Task> ready_ FRESHET_GUARDED_BY(mutex_);
  std::multimap<Instant, Task> delayed_ FRESHET_GUARDED_BY(mutex_);
};

}  // namespace freshet::testing
