// How often this thread has allocated, in programs that link counted_new.cpp, and one that is to fail.
#pragma once

#include <cstddef>

namespace freshet::testing {

std::size_t allocations_of_this_thread() noexcept;

/// While it lives, the nth allocation of this thread from here on fails. One at a time.
class FailingAllocation {
 public:
  explicit FailingAllocation(std::size_t nth) noexcept;
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
};

}  // namespace freshet::testing
