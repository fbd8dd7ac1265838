#include "simulation/runtime/arena.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

#include "simulation/runtime/machine.hpp"

namespace freshet::simulation {
namespace {

constexpr std::uintptr_t kAddress = 0x2000'0000'0000;
constexpr std::size_t kBytes = std::size_t{256} << 20;
constexpr std::size_t kUnit = 16;
constexpr std::size_t kClasses =
    256;  // of free blocks, by size in units; larger ones are not reused
constexpr unsigned char kFreed = 0xDD;

// Before each block. Its size and alignment are the block's.
struct Header {
  std::uint32_t units;
  std::uint32_t live;
  Header* next;
};
static_assert(sizeof(Header) == kUnit);

struct Arena {
  char* base = nullptr;
  char* end = nullptr;
  char* next = nullptr;
  bool on = false;
  bool fails = false;
  int pauses = 0;
  std::size_t blocks = 0;
  std::size_t bytes = 0;
  std::array<Header*, kClasses> free{};
};
Arena arena;  // constant-initialised: static constructors allocate before this file's would run

bool owns(const void* memory) noexcept { return memory >= arena.base && memory < arena.end; }

void* take(std::size_t bytes, std::size_t alignment) {
  const std::size_t units = bytes == 0 ? 1 : (bytes + kUnit - 1) / kUnit;
  Header* header = nullptr;
  if (alignment <= kUnit && units < kClasses && arena.free[units] != nullptr) {
    header = arena.free[units];
    arena.free[units] = header->next;
  } else {
    auto address = reinterpret_cast<std::uintptr_t>(arena.next) + sizeof(Header);
    address = (address + alignment - 1) & ~(alignment - 1);
    if (address + units * kUnit > reinterpret_cast<std::uintptr_t>(arena.end))
      throw std::bad_alloc();
    header = reinterpret_cast<Header*>(address - sizeof(Header));
    arena.next = reinterpret_cast<char*>(address + units * kUnit);
    header->units = static_cast<std::uint32_t>(units);
    std::memset(header + 1, kFreed, units * kUnit);  // not what another run has left there
  }
  header->live = 1;
  ++arena.blocks;
  arena.bytes += units * kUnit;
  return header + 1;
}

void give_back(void* memory) noexcept {
  Header* header = static_cast<Header*>(memory) - 1;
  if (header->live != 1) {
    std::fputs("simulation: a block of memory was freed twice\n", stderr);
    std::abort();
  }
  header->live = 0;
  --arena.blocks;
  arena.bytes -= header->units * kUnit;
  std::memset(memory, kFreed, header->units * kUnit);
  if (header->units < kClasses) {
    header->next = arena.free[header->units];
    arena.free[header->units] = header;
  }
}

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (arena.on) {
    if (arena.fails && Machine::here().happens(Machine::here().faults().failed_allocation))
      throw std::bad_alloc();
    return take(bytes, alignment < kUnit ? kUnit : alignment);
  }
  void* memory = alignment <= kUnit
                     ? std::malloc(bytes == 0 ? 1 : bytes)
                     : std::aligned_alloc(alignment, (bytes + alignment - 1) & ~(alignment - 1));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  if (owns(memory)) {
    give_back(memory);
  } else {
    std::free(memory);
  }
}

}  // namespace

void arena_begin() {
  if (arena.base == nullptr) {
    void* wanted = reinterpret_cast<void*>(kAddress);  // NOLINT(performance-no-int-to-ptr)
    void* memory = ::mmap(wanted, kBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory != wanted) throw std::bad_alloc();
    arena.base = static_cast<char*>(memory);
    arena.end = arena.base + kBytes;
  }
  arena.next = arena.base;
  arena.free = {};
  arena.blocks = arena.bytes = 0;
  arena.on = true;
}

ArenaLeft arena_end() {
  arena.on = false;
  ArenaLeft left{.blocks = arena.blocks, .bytes = arena.bytes};
  if (left.blocks == 0) return left;
  int shown = 0;
  for (char* at = arena.base; at < arena.next && shown < 8;) {
    const auto* header = reinterpret_cast<const Header*>(at);
    if (header->units == 0) {  // a gap before an aligned block
      at += kUnit;
      continue;
    }
    if (header->live == 1) {
      left.sizes += fmt::format("{}{}", shown++ == 0 ? "" : ", ", header->units * kUnit);
    }
    at += sizeof(Header) + header->units * kUnit;
  }
  return left;
}

ArenaPause::ArenaPause() noexcept : was_on_(arena.on) {
  arena.on = false;
  ++arena.pauses;
}
ArenaPause::~ArenaPause() {
  arena.on = was_on_;
  --arena.pauses;
}
bool ArenaPause::any() noexcept { return arena.pauses != 0; }

void arm_allocation_failures(bool armed) noexcept { arena.fails = armed; }

}  // namespace freshet::simulation

// NOLINTBEGIN(misc-new-delete-overloads)
void* operator new(std::size_t bytes) { return freshet::simulation::allocate(bytes, 1); }
void* operator new[](std::size_t bytes) { return freshet::simulation::allocate(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return freshet::simulation::allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return freshet::simulation::allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { freshet::simulation::release(memory); }
void operator delete[](void* memory) noexcept { freshet::simulation::release(memory); }
void operator delete(void* memory, std::size_t) noexcept { freshet::simulation::release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { freshet::simulation::release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept {
  freshet::simulation::release(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  freshet::simulation::release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  freshet::simulation::release(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  freshet::simulation::release(memory);
}
// NOLINTEND(misc-new-delete-overloads)
