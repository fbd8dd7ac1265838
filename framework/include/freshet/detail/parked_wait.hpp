// ParkedWait: a coroutine that waits for a load made elsewhere. ParkedWaits: those of one execution context.
//
// A load may end on any thread, at any time, also while the context that a waiting coroutine lives in is being destroyed. So the context
// knows what waits: shutting it down takes the handlers back, whose coroutines go with it, and from then on nothing is posted to it.
// Coro says what a handler is and how it is posted (coro_steps.hpp).
//
// States of a ParkedWait: new -> parked (park) -> resumed (wake); or new -> woken (wake) -> resumed (park); closed from each.
// Locks: that of the ParkedWaits, never with another; that of a wait, under which a handler is posted: an executor's post runs nothing
// of the handler, and who closes must not overtake it.
#pragma once

#include <memory>
#include <set>
#include <utility>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/detail/stepped_read.hpp"

namespace freshet::detail {

template <class Coro>
class ParkedWait final : public Wakeup {
 public:
  using Handler = typename Coro::Handler;

  void wake() noexcept override FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    is_woken_ = true;
    if (handler_) Coro::post(std::move(*std::exchange(handler_, nullptr)));
  }
  void park(Handler handler) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    if (is_woken_) {
      Coro::post(std::move(handler));
    } else if (!is_closed_) {
      handler_ = std::make_unique<Handler>(std::move(handler));
    }
  }
  /// Lets the coroutine go. Nothing is posted from then on.
  void close() noexcept FRESHET_EXCLUDES(mutex_) {
    std::unique_ptr<Handler> gone;  // after the lock
    rt::Lock lock(mutex_);
    is_closed_ = true;
    gone = std::move(handler_);
  }

 private:
  rt::Mutex mutex_;
  std::unique_ptr<Handler> handler_ FRESHET_GUARDED_BY(mutex_);
  bool is_woken_ FRESHET_GUARDED_BY(mutex_) = false;
  bool is_closed_ FRESHET_GUARDED_BY(mutex_) = false;
};

/// Thread-safe.
template <class Coro>
class ParkedWaits {
 public:
  using Wait = ParkedWait<Coro>;

  void add(std::shared_ptr<Wait> wait) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    waits_.insert(std::move(wait));
  }
  void remove(const std::shared_ptr<Wait>& wait) noexcept FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    waits_.erase(wait);
  }
  /// The context is going, and runs nothing any more.
  void close() noexcept FRESHET_EXCLUDES(mutex_) {
    std::set<std::shared_ptr<Wait>> waits;
    {
      rt::Lock lock(mutex_);
      waits.swap(waits_);
    }
    for (const auto& wait : waits) wait->close();
  }

 private:
  rt::Mutex mutex_;
  std::set<std::shared_ptr<Wait>> waits_ FRESHET_GUARDED_BY(mutex_);
};

/// A wait that its context knows of. Lives in the coroutine that waits.
template <class Coro>
class ParkedWaitScope {
 public:
  explicit ParkedWaitScope(ParkedWaits<Coro>& waits)
      : waits_(waits), wait_(std::make_shared<ParkedWait<Coro>>()) {
    waits_.add(wait_);
  }
  /// Waits for a wake() that is still posting: who goes on may let the context end that it posts to.
  ~ParkedWaitScope() {
    waits_.remove(wait_);
    wait_->close();
  }
  ParkedWaitScope(const ParkedWaitScope&) = delete;
  ParkedWaitScope& operator=(const ParkedWaitScope&) = delete;

  const std::shared_ptr<ParkedWait<Coro>>& wait() const noexcept { return wait_; }

 private:
  ParkedWaits<Coro>& waits_;
  const std::shared_ptr<ParkedWait<Coro>> wait_;
};

}  // namespace freshet::detail
