// operator new that counts. In a file of its own, so that no compiler sees through it.
#include "coro/counted_new.hpp"

#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace freshet::testing {

std::size_t allocations_of_this_thread() noexcept { return allocations; }

}  // namespace freshet::testing
