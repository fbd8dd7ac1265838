// EvictionPolicy: which entry of a shard goes when room is needed. One per shard, used under the shard's lock.
//
// It hears of no hit: hits leave a count or a stamp in the entry (access_recorder.hpp), and a policy settles them when it
// looks at the entry, which is when the entry is next to leave.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>

#include "freshet/policy.hpp"
#include "store/access_recorder.hpp"
#include "store/entry.hpp"

namespace freshet::detail {

/// Which limit is short: policies that split their room do so by it.
enum class Pressure : std::uint8_t { entries, bytes };

/// How many entries one eviction looks at before it takes the next in turn, hit or not. Every entry of a shard may have been
/// hit since the last eviction, and an insertion must not settle them all while others wait for the lock.
constexpr int kMostLooks = 256;

/// Keeps every entry of its shard in an order of its own. Confined to the shard's lock. Allocates nothing for an entry; what
/// it fails to allocate for itself costs hints and nothing else.
class EvictionPolicy {
 public:
  virtual ~EvictionPolicy() = default;

  /// A new entry, of a name with that hash, is about to be inserted; evict() may be called before it is, and it may not be inserted
  /// after all.
  virtual void before_insert(Entry& entry, std::uint64_t hash) noexcept {
    (void)entry;
    (void)hash;
  }
  virtual void on_insert(Entry& entry) noexcept = 0;
  /// `replacement` takes the place of `old`, which is forgotten: a write to a resident key is an access.
  virtual void on_replace(Entry& old, Entry& replacement) noexcept = 0;
  /// The entry leaves for another reason than eviction and leaves no trace.
  virtual void on_remove(Entry& entry) noexcept = 0;
  /// Chooses an entry and forgets it. The policy must hold at least one. Looks at kMostLooks entries at most.
  virtual Entry& evict(Pressure pressure) noexcept = 0;
};

/// The policy for one shard of the given capacity, which reads what `accesses` notes and outlives it not.
std::unique_ptr<EvictionPolicy> make_eviction_policy(Eviction kind, const Capacity& shard_capacity,
                                                     AccessRecorder& accesses);

/// A queue of entries, newest first.
struct QueuedEntry {
  using node_traits = QueueNode::Traits;
  using node_ptr = QueueNode*;
  using const_node_ptr = const QueueNode*;
  using value_type = Entry;
  using pointer = Entry*;
  using const_pointer = const Entry*;
  static constexpr boost::intrusive::link_mode_type link_mode = boost::intrusive::normal_link;
  static node_ptr to_node_ptr(Entry& entry) noexcept { return &entry.queued; }
  static const_node_ptr to_node_ptr(const Entry& entry) noexcept { return &entry.queued; }
  static pointer to_value_ptr(node_ptr node) noexcept {
    return &static_cast<Entry&>(EntryLinks::of(*node));
  }
  static const_pointer to_value_ptr(const_node_ptr node) noexcept {
    return to_value_ptr(const_cast<node_ptr>(node));
  }
};
using EvictionList = boost::intrusive::list<Entry, boost::intrusive::value_traits<QueuedEntry>>;

}  // namespace freshet::detail
