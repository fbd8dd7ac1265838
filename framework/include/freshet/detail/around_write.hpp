// around_write: runs a write with an invalidation before it, after it or both, whether it returns or throws.
#pragma once

#include <type_traits>
#include <utility>

#include "freshet/write_order.hpp"

namespace freshet::detail {

/// Answers what `write` answers, a reference or nothing included, and throws what it throws. Throws what `invalidate` throws:
/// before the write nothing has been written then; after it, the write has happened and what it made stale may be cached.
template <class Invalidate, class Write>
std::invoke_result_t<Write&> around_write(Order order, Invalidate&& invalidate, Write&& write) {
  using Result = std::invoke_result_t<Write&>;
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
