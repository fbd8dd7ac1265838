// CoroWaits: the coroutines of one execution context that wait for loads made elsewhere. CoroWait: one of them.
//
// A load may end on any thread, at any time, also while the context that a waiting coroutine lives in is being destroyed. So the context
// knows what waits: shutting it down takes the handlers back, whose coroutines go with it, and from then on nothing is posted to it.
//
// States of a CoroWait: new -> parked (park) -> resumed (wake); or new -> woken (wake) -> resumed (park); closed from each.
// Locks: that of the service, never with another; that of a wait, under which a handler is posted: an executor's post runs nothing
// of the handler, and who closes must not overtake it.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "freshet/detail/coro_support.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/detail/stepped_read.hpp"

namespace freshet::detail {

class CoroWait final : public Wakeup {
 public:
  using Handler = boost::asio::async_result<boost::asio::use_awaitable_t<>, void()>::handler_type;

  void wake() noexcept override FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    is_woken_ = true;
    if (handler_) boost::asio::post(std::move(*std::exchange(handler_, nullptr)));
  }
  void park(Handler handler) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    if (is_woken_) {
      boost::asio::post(std::move(handler));
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

class CoroWaits final : public boost::asio::execution_context::service {
 public:
  using key_type = CoroWaits;

  explicit CoroWaits(boost::asio::execution_context& context) : service(context) {}

  void add(std::shared_ptr<CoroWait> wait) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    waits_.insert(std::move(wait));
  }
  void remove(const std::shared_ptr<CoroWait>& wait) noexcept FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    waits_.erase(wait);
  }

 private:
  void shutdown() override FRESHET_EXCLUDES(mutex_) {
    std::set<std::shared_ptr<CoroWait>> waits;
    {
      rt::Lock lock(mutex_);
      waits.swap(waits_);
    }
    for (const auto& wait : waits) wait->close();
  }

  rt::Mutex mutex_;
  std::set<std::shared_ptr<CoroWait>> waits_ FRESHET_GUARDED_BY(mutex_);
};

/// A wait that its context knows of. Lives in the coroutine that waits.
class CoroWaitScope {
 public:
  explicit CoroWaitScope(const boost::asio::any_io_executor& executor)
      : service_(boost::asio::use_service<CoroWaits>(
            boost::asio::query(executor, boost::asio::execution::context))),
        wait_(std::make_shared<CoroWait>()) {
    service_.add(wait_);
  }
  ~CoroWaitScope() { service_.remove(wait_); }
  CoroWaitScope(const CoroWaitScope&) = delete;
  CoroWaitScope& operator=(const CoroWaitScope&) = delete;

  const std::shared_ptr<CoroWait>& wait() const noexcept { return wait_; }

 private:
  CoroWaits& service_;
  const std::shared_ptr<CoroWait> wait_;
};

}  // namespace freshet::detail
