// The arena: where a run's memory comes from, in the place of the heap.
//
// operator new takes from a region at a fixed address that each run begins anew, so that equal runs see equal addresses:
// production code hashes some. Freed blocks are given out again, the newest first, which is what makes a pointer to something
// freed meet something else soon; their bytes are overwritten first. What is not given back at the end of a run has leaked.
// While no run is under way, or an ArenaPause lives, memory comes from the heap. Either is freed at any time.
// A program that links this has its operator new replaced. For one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace freshet::simulation {

/// From here to arena_end() allocations come from the arena.
void arena_begin();

/// What a run has left behind. The arena's memory is reused by the next arena_begin().
struct ArenaLeft {
  std::size_t blocks = 0;
  std::size_t bytes = 0;
  std::string sizes{};  // of some of them, in words
};
ArenaLeft arena_end();

/// While it lives, memory comes from the heap: for what the harness keeps over the end of a run. Nothing may switch meanwhile:
/// what other threads took would come from the heap as well.
class ArenaPause {
 public:
  ArenaPause() noexcept;
  ~ArenaPause();
  ArenaPause(const ArenaPause&) = delete;
  ArenaPause& operator=(const ArenaPause&) = delete;

  /// Whether one lives.
  static bool any() noexcept;

 private:
  bool was_on_;
};

/// While armed, allocations fail where the machine's faults say so. Not while an ArenaPause lives.
void arm_allocation_failures(bool armed) noexcept;

}  // namespace freshet::simulation
