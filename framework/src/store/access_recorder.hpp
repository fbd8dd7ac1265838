// AccessRecorder: what a hit leaves in its entry for the eviction policy. One per shard.
//
// A hit holds no lock and calls no policy: it writes to the entry that it has found anyway, and the policy reads that when it
// next looks at the entry, under the shard's lock. What is written depends on the kind of policy alone:
//   s3fifo, sieve  a count of hits, up to 3 and up to 1: the hits of a hot entry only read it
//   lru            a stamp: between which two insertions it was hit last
//   tinylfu        both, the count up to 15
// Two hits at once may count as one, and a hit may be lost beside a policy that looks: hints, all of them.
#pragma once

#include "freshet/policy.hpp"
#include "store/entry.hpp"

namespace freshet::detail {

/// Whether a policy of that kind keeps its entries in orders by recency (recency_order.hpp).
constexpr bool orders_by_recency(Eviction kind) noexcept {
  return kind == Eviction::lru || kind == Eviction::tinylfu;
}

class AccessRecorder {
 public:
  explicit AccessRecorder(Eviction kind) noexcept
      : most_(most_counted(kind)), stamps_(orders_by_recency(kind)) {}

  /// A hit. Thread-safe; at most two relaxed loads and stores, all of the entry's and one load of the shard's.
  void note(Entry& entry) const noexcept {
    if (most_ != 0) count(entry);
    if (!stamps_) return;
    const std::uint32_t stamp = since_last_write();
    rt::Atomic<std::uint32_t>& noted = entry.recency().access_stamp;
    if (noted.load(std::memory_order_relaxed) != stamp)
      noted.store(stamp, std::memory_order_relaxed);
  }

  /// Adds a hit to the count alone.
  void count(Entry& entry) const noexcept {
    const std::uint8_t hits = entry.access_count.load(std::memory_order_relaxed);
    if (hits < most_)
      entry.access_count.store(static_cast<std::uint8_t>(hits + 1), std::memory_order_relaxed);
  }

  /// The stamp of an entry that is written now, newer than any before. Under the shard's lock.
  std::uint32_t next_write() noexcept {
    const std::uint32_t stamp = writes_.load(std::memory_order_relaxed) + 2;
    writes_.store(stamp, std::memory_order_relaxed);
    return stamp;
  }

  /// The stamp of the hits between the last write and the next: newer than the one, older than the other.
  std::uint32_t since_last_write() const noexcept {
    return writes_.load(std::memory_order_relaxed) + 1;
  }

 private:
  static std::uint8_t most_counted(Eviction kind) noexcept {
    switch (kind) {
      case Eviction::s3fifo:
        return 3;
      case Eviction::sieve:
        return 1;
      case Eviction::lru:
        return 0;
      case Eviction::tinylfu:
        return 15;
    }
    return 0;
  }

  const std::uint8_t most_;
  const bool stamps_;
  rt::Atomic<std::uint32_t> writes_{
      0};  // even. relaxed: a hit that reads an old one counts as a little older
};

/// Whether `a` is newer than `b`. Right as long as fewer than a billion insertions lie between them.
inline bool is_newer(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b) > 0;
}

}  // namespace freshet::detail
