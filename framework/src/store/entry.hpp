// Entry: one cached value with everything that belongs to it, in one allocation: this header, the value, the key, the
// labels.
//
// From the moment it is published only the fields marked "shard" change, under the lock of the shard that holds it, and
// the carrier's own. Handles and the table share ownership; the last to let go frees it.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "freshet/detail/entry_ref.hpp"
#include "freshet/detail/value_type.hpp"
#include "freshness/carrier.hpp"
#include "store/eviction_node.hpp"
#include "store/removal.hpp"

namespace freshet::detail {

/// Names an entry of a store: the live label of its namespace, its key, and the hash of both. Borrowed.
struct KeyRef {
  const Label* space;
  std::string_view key;
  std::uint64_t hash;

  KeyRef(const Label& space, std::string_view key) noexcept;
  KeyRef(const Label& label, std::string_view name, std::uint64_t name_hash) noexcept
      : space(&label), key(name), hash(name_hash) {}
};

struct SweepTag;
struct DeadlineTag;
struct RefreshTag;
using SweepHook = boost::intrusive::list_base_hook<boost::intrusive::tag<SweepTag>>;
using DeadlineHook = boost::intrusive::set_base_hook<boost::intrusive::tag<DeadlineTag>,
                                                     boost::intrusive::optimize_size<true>>;

using RefreshHook = boost::intrusive::set_base_hook<boost::intrusive::tag<RefreshTag>,
                                                    boost::intrusive::optimize_size<true>>;

class Entry final : public EntryBase,
                    public EvictionNode,
                    public SweepHook,
                    public DeadlineHook,
                    public RefreshHook {
 public:
  /// Makes an entry that nobody knows yet; moves `value` into it, and then `labels`: the namespace first. Throws what the move or
  /// the allocation throws; then `value` is as the move left it and nothing else has changed.
  static EntryRef create(const KeyRef& key, std::vector<LabelRef> labels, Revision birth,
                         Instant now, const Deadlines& deadlines, ErasedValue value);

  /// What the caller asked for, for a refresh to ask again: a lifetime, and how many of the labels
  /// are the policy's and the caller's; those after them are the loader's own.
  struct Request {
    std::optional<Duration> ttl{};
    std::size_t labels = 0;
  };
  /// Only before the entry is published.
  void set_request(const Request& request) noexcept { request_ = request; }
  const Request& request() const noexcept { return request_; }

  /// Whether its loader read something stale through Freshet, directly or through another load: answered and not kept, and
  /// so is what is made of it. The setter only before the entry is published.
  void set_made_of_stale(bool made_of_stale) noexcept { made_of_stale_ = made_of_stale; }
  bool made_of_stale() const noexcept { return made_of_stale_; }

  std::string_view key() const noexcept { return {key_, key_size_}; }
  std::uint64_t hash() const noexcept { return hash_; }
  const ValueType& type() const noexcept { return *type_; }
  /// Whether policy lets it be served when it is stale by time or by an expiry: it has a soft deadline.
  bool serves_stale() const noexcept { return deadlines().soft != kNever; }
  /// Of key and value; of the key alone where T has no SizeOf.
  std::uint64_t bytes() const noexcept { return bytes_; }
  Carrier& carrier() noexcept { return carrier_; }
  const Carrier& carrier() const noexcept { return carrier_; }
  /// Names it; the label of its namespace lives as long as the entry does.
  KeyRef name() const noexcept { return {*carrier_.name_space(), key(), hash_}; }
  bool named(const KeyRef& key) const noexcept {
    return hash_ == key.hash && carrier_.name_space() == key.space && this->key() == key.key;
  }

  // Claims the one refresh of this entry: whoever exchanges it to true. acq_rel, though nothing else
  // travels with it: it is not on the hit path.
  rt::Atomic<bool> refreshing{false};

  // A hash of the labels that the caller named last; zero for none. relaxed: whoever misses a change looks again.
  rt::Atomic<std::uint64_t> declared{0};

  // What hits leave for the eviction policy (access_recorder.hpp). relaxed: nothing travels with them, and a hit that is lost
  // between the policy's look and its reset is one that was not counted.
  rt::Atomic<std::uint8_t> access_count{0};
  rt::Atomic<std::uint32_t> access_stamp{0};

  // shard: the eviction policy's, the sweeper's, and the chain of entries that have just left the table.
  std::uint8_t queue = 0;
  std::uint32_t place = 0;  // the stamp that the entry stands at in a RecencyOrder
  std::uint32_t sweep_pass = 0;
  std::uint16_t reads = 0;       // saturates; what predictive refresh counts by
  Instant last_read{};           // for idle expiry
  Instant due = kNever;          // where the deadline index has it; the true deadline may be later
  Instant refresh_due = kNever;  // where the refresh index has it
  RemovalCause removal_cause{};
  Entry* next_removed = nullptr;

 private:
  friend class EntryBase;
  Entry(const KeyRef& key, std::span<const LabelRef> labels, Revision birth, Instant now,
        const Deadlines& deadlines, const ValueType& type) noexcept;
  ~Entry() = default;

  Request request_{};
  Carrier carrier_;
  const ValueType* type_;
  const char* key_ = nullptr;
  std::uint32_t key_size_;
  std::uint64_t hash_;
  std::uint64_t bytes_ = 0;
  bool made_of_stale_ = false;
};

/// Whether somebody has begun to load the entry again; set once, reset by a refresh that failed.
inline bool claim_refresh(Entry& entry) noexcept {
  return !entry.refreshing.exchange(true, std::memory_order_acq_rel);
}

inline void release_refresh(Entry& entry) noexcept {
  entry.refreshing.store(false, std::memory_order_release);
}

/// What Entry::bytes() will say of an entry made of these.
std::uint64_t entry_bytes(const KeyRef& key, const ErasedValue& value);

inline Entry& entry_of(const EntryRef& ref) noexcept { return static_cast<Entry&>(*ref.get()); }

}  // namespace freshet::detail
