// thread_slot(): a small number for the calling thread, so that counters can be striped without sharing a line.
#pragma once

#include <cstddef>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

/// Consecutive per thread in the order of first call. Stripes take it modulo their number. Never fails.
inline std::size_t thread_slot() noexcept { return rt::thread_number(); }

}  // namespace freshet::detail
