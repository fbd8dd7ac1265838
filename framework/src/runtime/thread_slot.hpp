// thread_slot(): a small number for the calling thread, so that counters can be striped without sharing a line.
#pragma once

#include <cstddef>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

/// Consecutive per thread in the order of first call. Stripes take it modulo their number. Never fails.
inline std::size_t thread_slot() noexcept {
  static rt::Atomic<std::size_t> next{0};  // relaxed: only uniqueness matters
  struct Slot {
    std::size_t value = next.fetch_add(1, std::memory_order_relaxed);
  };
  return rt::thread_local_value<Slot, Slot>().value;
}

}  // namespace freshet::detail
