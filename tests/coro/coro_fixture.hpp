// CoroFixture: a cache on a hand-set clock, an io_context that the test runs, and gates that coroutines wait at until it opens them.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "freshet/coro.hpp"
#include "support/cache_fixture.hpp"
#include "support/engine_access.hpp"

namespace freshet::testing {

namespace asio = boost::asio;

/// Coroutines wait here, on their own executor, until open(). Each is woken by a post to that executor. Opened before it is waited
/// for, it stays open. For io_contexts that one thread runs.
class Gate {
 public:
  asio::awaitable<void> wait() {
    if (is_open_) co_return;
    auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                      asio::steady_timer::time_point::max());
    waiting_.push_back(timer);
    boost::system::error_code cancelled;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
  void open() {
    is_open_ = true;
    for (const auto& timer : waiting_) {
      if (const auto waiting = timer.lock()) waiting->cancel();
    }
    waiting_.clear();
  }
  /// How many have come by so far.
  std::size_t waiting() const { return waiting_.size(); }

 private:
  bool is_open_ = false;
  std::vector<std::weak_ptr<asio::steady_timer>> waiting_;
};

class CoroFixture : public CacheFixture {
 protected:
  CoroFixture() {
    use(R"(
freshet: 1
namespaces:
  profiles: {strategy: manual}
  patient: {ttl: 1m, stale_if_error: 1h}
  absent: {ttl: 1h, negative_ttl: 1m}
)");
  }
  ~CoroFixture() override { io_.reset(); }

  Cache<int> cache(std::string_view name = "profiles") { return invalidator_->cache<int>(name); }

  /// What a read came to.
  struct Result {
    Handle<int> handle{};
    std::exception_ptr error{};
    bool is_over = false;
  };

  /// Starts a read on the io_context; it goes on whenever that is run.
  template <class Loader>
  std::shared_ptr<Result> start(std::string key, Loader loader, EntryOptions options = {},
                                std::string name = "profiles") {
    auto result = std::make_shared<Result>();
    asio::co_spawn(*io_,
                   read(cache(name), result, std::move(key), std::move(loader), std::move(options)),
                   asio::detached);
    return result;
  }
  /// Runs the io_context until it waits for something from outside.
  void run() {
    io_->restart();
    io_->poll();
  }
  std::size_t flights() { return EngineAccess::engine(*invalidator_).flights().size(); }

  std::unique_ptr<asio::io_context> io_ = std::make_unique<asio::io_context>();

 private:
  template <class Loader>
  static asio::awaitable<void> read(Cache<int> cache, std::shared_ptr<Result> result,
                                    std::string key, Loader loader, EntryOptions options) {
    try {
      result->handle = co_await cache.async_get_or_load(key, loader, options);
    } catch (...) {
      result->error = std::current_exception();
    }
    result->is_over = true;
  }
};

/// A loader that makes `value` at once.
inline auto makes(int value) {
  return [value]() -> asio::awaitable<int> { co_return value; };
}
/// One that makes it once the gate is open. Counts how often it was called.
inline auto makes_at(Gate& gate, int value, int* calls = nullptr) {
  return [&gate, value, calls]() -> asio::awaitable<int> {
    if (calls != nullptr) ++*calls;
    co_await gate.wait();
    co_return value;
  };
}

}  // namespace freshet::testing
