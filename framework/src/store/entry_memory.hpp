// EntryMemory: the memory that entries are made of, for all caches of the process.
//
// Blocks of some sizes, cut from chunks of 2 MiB that the kernel may map with one page each, so that reads spread over a million
// entries miss few translations. Each thread has lists of free blocks of its own, as long as there are no more threads than
// rt::kThreadStripes; one that has run out takes some of another's before it cuts new ones.
// Memory: what was cut for one size stays for that size, and nothing goes back to the system: it is the most that was needed at once
// of each size. Larger blocks than kLargest, stricter alignments than kStrictest, and all where rt::kPoolsEntries is false, come from
// operator new.
// Thread-safe. Its locks are the last that are taken.
#pragma once

#include <array>
#include <cstddef>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

class EntryMemory {
 public:
  static constexpr std::size_t kStep = 8;  // bytes between two sizes
  static constexpr std::size_t kStrictest =
      16;  // alignment: that of the sizes which are a multiple of it
  static constexpr std::size_t kLargest = 2048;

  EntryMemory() = default;
  /// There must be no block left in use.
  ~EntryMemory();
  EntryMemory(const EntryMemory&) = delete;
  EntryMemory& operator=(const EntryMemory&) = delete;

  /// Never destroyed: handles may outlive everything.
  static EntryMemory& of_all_caches() noexcept;

  /// A block of `size` bytes, not zero, aligned as said. O(1). Throws std::bad_alloc.
  void* allocate(std::size_t size, std::size_t alignment);
  /// Takes back a block of that size and alignment, from any thread. O(1).
  void release(void* block, std::size_t size, std::size_t alignment) noexcept;

 private:
  static constexpr std::size_t kSizes = kLargest / kStep;
  static constexpr std::size_t kChunk = std::size_t{2} << 20;
  static constexpr std::size_t kAtOnce = 32;  // blocks that are cut, or taken from another list
  static_assert(kStep * kAtOnce % kStrictest == 0, "or a cut would leave what is uncut misaligned");

  struct FreeBlock {
    FreeBlock* next;
  };
  struct alignas(64) FreeList {
    rt::Mutex mutex;
    FreeBlock* first FRESHET_GUARDED_BY(mutex) = nullptr;
  };
  using Lists = std::array<FreeList, kSizes>;
  struct alignas(kStrictest) Chunk {  // at the beginning of each
    Chunk* before;
  };

  static bool is_pooled(std::size_t size, std::size_t alignment) noexcept {
    return rt::kPoolsEntries && size <= kLargest && alignment <= kStrictest;
  }
  static std::size_t index_of(std::size_t size, std::size_t alignment) noexcept {
    const std::size_t last = (alignment <= kStep ? kStep : kStrictest) - 1;
    return ((size + last) & ~last) / kStep - 1;
  }
  /// The calling thread's list of that index.
  FreeList& mine(std::size_t index) noexcept;

  /// A chain of blocks for a list that is empty: of another thread, or fresh ones. Throws std::bad_alloc.
  FreeBlock* more(const FreeList& own, std::size_t index);
  static FreeBlock* take_some(FreeList& list) noexcept FRESHET_EXCLUDES(list.mutex);
  char* cut(std::size_t bytes) FRESHET_EXCLUDES(chunk_mutex_);

  std::array<Lists, rt::kThreadStripes> lists_;
  rt::Mutex chunk_mutex_;
  Chunk* newest_ FRESHET_GUARDED_BY(chunk_mutex_) = nullptr;
  char* uncut_ FRESHET_GUARDED_BY(chunk_mutex_) = nullptr;
  std::size_t uncut_bytes_ FRESHET_GUARDED_BY(chunk_mutex_) = 0;
};

}  // namespace freshet::detail
