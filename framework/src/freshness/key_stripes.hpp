// KeyStripes: a sequence per stripe of keys, moved by every put, removal and invalidation of one of its keys.
//
// A load or lease notes the sequence when it starts; its fill compares under the lock of the key's shard, under which
// writers of the key also bump. Keys share stripes: a neighbour's write may refuse a fill, which costs a load and is
// never wrong. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

class KeyStripes {
 public:
  /// `stripes` is a power of two.
  explicit KeyStripes(std::size_t stripes) : sequences_(stripes) {}

  /// acquire: pairs with bump(). Whoever starts after a writer of the key has returned sees its bump.
  std::uint64_t sequence(std::uint64_t key_hash) const noexcept {
    return sequences_[index(key_hash)].load(std::memory_order_acquire);
  }

  /// Call with the lock of the key's shard held. Stripes cross shards, hence the atomic addition.
  void bump(std::uint64_t key_hash) noexcept {
    sequences_[index(key_hash)].fetch_add(1, std::memory_order_acq_rel);
  }

 private:
  std::size_t index(std::uint64_t key_hash) const noexcept {
    return key_hash & (sequences_.size() - 1);
  }

  std::vector<rt::Atomic<std::uint64_t>> sequences_;
};

}  // namespace freshet::detail
