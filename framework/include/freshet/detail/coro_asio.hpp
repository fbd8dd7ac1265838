// AsioCoro: what the coroutines that take the steps of a read (coro_steps.hpp) are made of with Boost.Asio.
// CoroWaits: those of an execution context that wait for loads made elsewhere.
#pragma once

#include <exception>
#include <memory>
#include <utility>

#include "freshet/detail/coro_support.hpp"
#include "freshet/detail/parked_wait.hpp"
#include "freshet/detail/scoped_executor.hpp"

namespace freshet::detail {

struct AsioCoro {
  template <class Value>
  using Awaitable = boost::asio::awaitable<Value>;
  using Executor = boost::asio::any_io_executor;
  using Handler = boost::asio::async_result<boost::asio::use_awaitable_t<>, void()>::handler_type;
  static constexpr boost::asio::this_coro::executor_t executor{};

  static void post(Handler handler) { boost::asio::post(std::move(handler)); }
  template <class Take>
  static Awaitable<void> suspended(Take take) {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        std::move(take), boost::asio::use_awaitable);
  }
  static void spawn(const Executor& executor, Awaitable<void> coroutine) {
    boost::asio::co_spawn(executor, std::move(coroutine), boost::asio::detached);
  }
  static Executor scoped(const Executor& executor, Scopes scopes) {
    return ScopedExecutor(executor, std::make_shared<const Scopes>(std::move(scopes)));
  }
  static ParkedWaits<AsioCoro>& waits_of(const Executor& executor);
  static bool is_cancellation(const std::exception_ptr& error) noexcept;
};

class CoroWaits final : public boost::asio::execution_context::service {
 public:
  using key_type = CoroWaits;

  explicit CoroWaits(boost::asio::execution_context& context) : service(context) {}

  ParkedWaits<AsioCoro>& waits() noexcept { return waits_; }

 private:
  void shutdown() override { waits_.close(); }

  ParkedWaits<AsioCoro> waits_;
};

inline ParkedWaits<AsioCoro>& AsioCoro::waits_of(const Executor& executor) {
  return boost::asio::use_service<CoroWaits>(
             boost::asio::query(executor, boost::asio::execution::context))
      .waits();
}

inline bool AsioCoro::is_cancellation(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& failure) {
    return failure.code() == boost::asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace freshet::detail
