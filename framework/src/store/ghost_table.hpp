// GhostTable: which keys left a queue lately, in 16 bytes for each that it remembers.
//
// A set-associative table of fingerprints with the time at which each was added, counted in additions. A key is remembered
// while fewer than `window` were added after it, as in the paper of S3-FIFO. A bucket has 8 slots, a cache line, and 4 of
// them are in use on average; when all are, the oldest makes way (0.8 % of the additions when keys are spread evenly). Two
// keys of one bucket share a fingerprint of 32 bits once in four billion: then one is taken for the other.
// Allocates when it grows and forgets all then; without memory it goes on as it is. Confined to the shard's lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace freshet::detail {

class GhostTable {
 public:
  /// Makes room for `window` keys, if there is less than half of that.
  void fit(std::uint64_t window) noexcept;
  void add(std::uint64_t hash) noexcept;
  /// Whether the key is among the last `window` that were added; forgets it.
  bool take(std::uint64_t hash, std::uint64_t window) noexcept;

 private:
  struct Slot {
    std::uint32_t fingerprint = 0;
    std::uint32_t added = 0;  // 0: empty
  };
  struct alignas(64) Bucket {
    std::array<Slot, 8> slots{};
  };

  Bucket& bucket_of(std::uint64_t hash) noexcept;
  std::uint32_t age(const Slot& slot) const noexcept { return added_ - slot.added; }

  std::unique_ptr<Bucket[]> buckets_;
  std::size_t count_ = 0;    // of buckets
  std::uint32_t added_ = 0;  // additions so far; wraps
};

}  // namespace freshet::detail
