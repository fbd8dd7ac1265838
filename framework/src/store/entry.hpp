// Entry: one cached value with everything that belongs to it, in one allocation: this header, the value, the key.
//
// From the moment it is published only the fields marked "shard" change, under the lock of the shard that holds it, and
// the carrier's own. Handles and the table share ownership; the last to let go frees it.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>
#include <cstdint>
#include <string_view>

#include "freshet/detail/entry_ref.hpp"
#include "freshet/detail/value_type.hpp"
#include "freshness/carrier.hpp"
#include "store/removal.hpp"

namespace freshet::detail {

/// Names an entry of a store: the live label of its namespace, its key, and the hash of both. Borrowed.
struct KeyRef {
  const Label* space;
  std::string_view key;
  std::uint64_t hash;

  KeyRef(const Label& space, std::string_view key) noexcept;
};

struct EvictionTag;
struct SweepTag;
struct DeadlineTag;
using EvictionHook = boost::intrusive::list_base_hook<boost::intrusive::tag<EvictionTag>>;
using SweepHook = boost::intrusive::list_base_hook<boost::intrusive::tag<SweepTag>>;
using DeadlineHook = boost::intrusive::set_base_hook<boost::intrusive::tag<DeadlineTag>,
                                                     boost::intrusive::optimize_size<true>>;

class Entry final : public EntryBase, public EvictionHook, public SweepHook, public DeadlineHook {
 public:
  /// Makes an entry that nobody knows yet; moves `value` into it. `labels`: the namespace first. Throws what the move or
  /// the allocation throws; then `value` is as the move left it and nothing else has changed.
  static EntryRef create(const KeyRef& key, std::vector<LabelRef> labels, Revision birth,
                         Instant now, const Deadlines& deadlines, ErasedValue value);

  std::string_view key() const noexcept { return {key_, key_size_}; }
  std::uint64_t hash() const noexcept { return hash_; }
  const ValueType& type() const noexcept { return *type_; }
  /// Of key and value; of the key alone where T has no SizeOf.
  std::uint64_t bytes() const noexcept { return bytes_; }
  Carrier& carrier() noexcept { return carrier_; }
  const Carrier& carrier() const noexcept { return carrier_; }
  bool named(const KeyRef& key) const noexcept {
    return hash_ == key.hash && carrier_.name_space() == key.space && this->key() == key.key;
  }

  // shard: the eviction policy's, the sweeper's, and the chain of entries that have just left the table.
  std::uint8_t access_count = 0;
  std::uint8_t queue = 0;
  std::uint32_t sweep_pass = 0;
  RemovalCause removal_cause{};
  Entry* next_removed = nullptr;

 private:
  friend class EntryBase;
  Entry(const KeyRef& key, std::vector<LabelRef> labels, Revision birth, Instant now,
        const Deadlines& deadlines, const ValueType& type) noexcept;
  ~Entry() = default;

  Carrier carrier_;
  const ValueType* type_;
  const char* key_ = nullptr;
  std::uint32_t key_size_;
  std::uint64_t hash_;
  std::uint64_t bytes_ = 0;
};

inline Entry& entry_of(const EntryRef& ref) noexcept { return static_cast<Entry&>(*ref.get()); }

}  // namespace freshet::detail
