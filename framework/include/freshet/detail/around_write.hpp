// around_write: runs a write with an invalidation before it, after it or both, whether it returns or throws.
#pragma once

#include <type_traits>
#include <utility>

#include "freshet/detail/deferred.hpp"
#include "freshet/write_order.hpp"

namespace freshet::detail {

/// Whether a write that answers this has happened when it returns; says what to write instead.
template <class Result>
consteval bool require_done() {
  static_assert(
      !kIsDeferred<Result>,
      "Freshet: this write returns before it has happened: what it makes is a future or a "
      "coroutine, which would go on after both invalidations. Wait for it inside the "
      "writer, as future.get() does, or co_await freshet::async_mutate(invalidator, "
      "targets, writer), of freshet/coro.hpp");
  return !kIsDeferred<Result>;
}

/// Answers what `write` answers, a reference or nothing included, and throws what it throws. Throws what `invalidate` throws:
/// before the write nothing has been written then; after it, the write has happened and what it made stale may be cached.
template <class Invalidate, class Write>
std::invoke_result_t<Write&> around_write(Order order, Invalidate&& invalidate, Write&& write) {
  using Result = std::invoke_result_t<Write&>;
  static_cast<void>(require_done<Result>());
  if (order != Order::after) invalidate();
  const auto invalidate_after = [&] {
    if (order != Order::before) invalidate();
  };
  const auto guarded = [&]() -> Result {
    try {
      return write();
    } catch (...) {
      invalidate_after();
      throw;
    }
  };
  if constexpr (std::is_void_v<Result>) {
    guarded();
    invalidate_after();
  } else {
    Result result = guarded();
    invalidate_after();
    if constexpr (std::is_reference_v<Result>) {
      return static_cast<Result>(result);
    } else {
      return result;
    }
  }
}

}  // namespace freshet::detail
