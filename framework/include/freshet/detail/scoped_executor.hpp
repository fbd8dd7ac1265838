// ScopedExecutor: an executor that opens scopes around whatever it runs, so that a loader that is a coroutine stands in the same load,
// request context, bypass and transaction after each co_await, on whatever thread that is.
//
// It hands everything on to the executor that it was made of, and compares equal to what runs on the same with the same scopes.
// What keeps it after the load, as a timer that a loader left behind, keeps the scopes too; they count for nothing any more.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "freshet/detail/coro_support.hpp"
#include "freshet/detail/scopes.hpp"

namespace freshet::detail {

class ScopedExecutor {
  using Inner = boost::asio::any_io_executor;

 public:
  ScopedExecutor(Inner inner, std::shared_ptr<const Scopes> scopes) noexcept
      : inner_(std::move(inner)), scopes_(std::move(scopes)) {}

  template <class Function>
  void execute(Function&& function) const {
    inner_.execute(Scoped<std::decay_t<Function>>{scopes_, std::forward<Function>(function)});
  }

  template <class Property>
  requires(boost::asio::can_query<const Inner&, Property>::value) auto query(
      const Property& property) const -> decltype(auto) {
    return boost::asio::query(inner_, property);
  }
  template <class Property>
  requires(boost::asio::can_require<const Inner&, Property>::value) ScopedExecutor
      require(const Property& property)
  const { return {boost::asio::require(inner_, property), scopes_}; }
  template <class Property>
  requires(boost::asio::can_prefer<const Inner&, Property>::value) ScopedExecutor
      prefer(const Property& property)
  const { return {boost::asio::prefer(inner_, property), scopes_}; }

  friend bool operator==(const ScopedExecutor& a, const ScopedExecutor& b) noexcept {
    return a.inner_ == b.inner_ && a.scopes_ == b.scopes_;
  }
  friend bool operator!=(const ScopedExecutor& a, const ScopedExecutor& b) noexcept {
    return !(a == b);
  }

 private:
  template <class Function>
  struct Scoped {
    std::shared_ptr<const Scopes> scopes;
    Function function;
    void operator()() {
      const ScopesGuard open(*scopes);
      std::move(function)();
    }
  };

  Inner inner_;
  std::shared_ptr<const Scopes> scopes_;
};

}  // namespace freshet::detail
