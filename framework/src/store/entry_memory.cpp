#include "store/entry_memory.hpp"

#include <sys/mman.h>

#include <new>
#include <utility>

#include "runtime/thread_slot.hpp"

namespace freshet::detail {

EntryMemory& EntryMemory::of_all_caches() noexcept {
  static EntryMemory& memory = *new EntryMemory;
  return memory;
}

EntryMemory::~EntryMemory() {
  rt::Lock lock(chunk_mutex_);
  while (newest_ != nullptr)
    ::operator delete (std::exchange(newest_, newest_->before), std::align_val_t{kChunk});
}

void* EntryMemory::allocate(std::size_t size, std::size_t alignment) {
  if (!is_pooled(size, alignment)) return ::operator new (size, std::align_val_t{alignment});
  const std::size_t index = index_of(size, alignment);
  FreeList& own = mine(index);
  {
    rt::Lock lock(own.mutex);
    if (own.first != nullptr) return std::exchange(own.first, own.first->next);
  }
  FreeBlock* const chain = more(own, index);
  if (chain->next == nullptr) return chain;
  FreeBlock* last = chain->next;
  while (last->next != nullptr) last = last->next;
  rt::Lock lock(own.mutex);
  last->next = std::exchange(own.first, chain->next);
  return chain;
}

void EntryMemory::release(void* block, std::size_t size, std::size_t alignment) noexcept {
  if (!is_pooled(size, alignment)) return ::operator delete (block, std::align_val_t{alignment});
  FreeList& own = mine(index_of(size, alignment));
  rt::Lock lock(own.mutex);
  own.first = ::new (block) FreeBlock{own.first};
}

// A thread that is ending has no number: it takes part in the first's.
EntryMemory::FreeList& EntryMemory::mine(std::size_t index) noexcept {
  const std::size_t slot = thread_slot();
  Lists& lists = lists_[slot == rt::kNoThreadNumber ? 0 : slot % rt::kThreadStripes];
  return lists[index];
}

EntryMemory::FreeBlock* EntryMemory::more(const FreeList& own, std::size_t index) {
  for (Lists& lists : lists_) {
    if (&lists[index] == &own) continue;
    if (FreeBlock* const chain = take_some(lists[index])) return chain;
  }
  const std::size_t whole = (index + 1) * kStep;
  char* const blocks = cut(kAtOnce * whole);
  FreeBlock* chain = nullptr;
  for (std::size_t i = kAtOnce; i > 0; --i)
    chain = ::new (blocks + (i - 1) * whole) FreeBlock{chain};
  return chain;
}

EntryMemory::FreeBlock* EntryMemory::take_some(FreeList& list) noexcept {
  rt::Lock lock(list.mutex);
  if (list.first == nullptr) return nullptr;
  FreeBlock* const chain = list.first;
  FreeBlock* last = chain;
  for (std::size_t count = 1; count < kAtOnce && last->next != nullptr; ++count) last = last->next;
  list.first = std::exchange(last->next, nullptr);
  return chain;
}

char* EntryMemory::cut(std::size_t bytes) {
  rt::Lock lock(chunk_mutex_);
  if (uncut_bytes_ < bytes) {
    void* const chunk = ::operator new (kChunk, std::align_val_t{kChunk});
    // A wish, before anything of it is touched: without it reads are slower, and nothing else.
    static_cast<void>(::madvise(chunk, kChunk, MADV_HUGEPAGE));
    newest_ = ::new (chunk) Chunk{newest_};
    uncut_ = static_cast<char*>(chunk) + sizeof(Chunk);
    uncut_bytes_ = kChunk - sizeof(Chunk);
  }
  uncut_bytes_ -= bytes;
  return std::exchange(uncut_, uncut_ + bytes);
}

}  // namespace freshet::detail
