// operator new that counts, and fails where a test says so. In a file of its own, so that no compiler sees through it. The forms that do not throw are
// replaced with it: what a sanitizer's own form handed out, it would not see freed by this one.
#include "coro/counted_new.hpp"

#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t allocations = 0;
thread_local std::size_t fails_at = 0;
}  // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (++allocations == fails_at) return nullptr;
  return std::malloc(size);
}
void* operator new(std::size_t size) {
  if (void* const memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace freshet::testing {

std::size_t allocations_of_this_thread() noexcept { return allocations; }

FailingAllocation::FailingAllocation(std::size_t nth) noexcept { fails_at = allocations + nth; }
FailingAllocation::~FailingAllocation() { fails_at = 0; }

}  // namespace freshet::testing
