// EvictionPolicy: which entry of a shard goes when room is needed. One per shard, used under the shard's lock.
#pragma once

#include <cstdint>
#include <memory>

#include "freshet/policy.hpp"
#include "store/entry.hpp"

namespace freshet::detail {

/// Which limit is short: policies that split their room do so by it.
enum class Pressure : std::uint8_t { entries, bytes };

/// Keeps every entry of its shard in an order of its own. Confined to the shard's lock. Calls cost O(1), evict() amortised.
class EvictionPolicy {
 public:
  virtual ~EvictionPolicy() = default;

  /// A new entry is about to be inserted; evict() may be called before it is.
  virtual void before_insert(Entry& entry) { (void)entry; }
  virtual void on_insert(Entry& entry) = 0;
  virtual void on_hit(Entry& entry) noexcept = 0;
  /// `replacement` takes the place of `old`, which is forgotten: a write to a resident key is an access.
  virtual void on_replace(Entry& old, Entry& replacement) noexcept = 0;
  /// The entry leaves for another reason than eviction and leaves no trace.
  virtual void on_remove(Entry& entry) noexcept = 0;
  /// Chooses an entry and forgets it. The policy must hold at least one.
  virtual Entry& evict(Pressure pressure) = 0;
};

/// The policy for one shard of the given capacity.
std::unique_ptr<EvictionPolicy> make_eviction_policy(Eviction kind, const Capacity& shard_capacity);

}  // namespace freshet::detail
