// How often this thread has allocated, in programs that link counted_new.cpp.
#pragma once

#include <cstddef>

namespace freshet::testing {

std::size_t allocations_of_this_thread() noexcept;

}  // namespace freshet::testing
