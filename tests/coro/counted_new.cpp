// operator new that counts. In a file of its own, so that no compiler sees through it. The forms that do not throw are
// replaced with it: what a sanitizer's own form handed out, it would not see freed by this one.
#include "coro/counted_new.hpp"

#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t allocations = 0;
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
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

}  // namespace freshet::testing
