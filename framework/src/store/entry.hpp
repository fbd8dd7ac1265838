// Entry: one cached value with everything that belongs to it, in one allocation: what only some have, this header, the labels,
// the key, the value.
//
// From the moment it is published only the fields marked "shard" change, under the lock of the shard that holds it, those
// marked "hit", and the carrier's own. Handles and the table share ownership; the last to let go frees it. The table lets go
// when no reader is left that may have found the entry there (epochs.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/detail/entry_ref.hpp"
#include "freshet/detail/value_type.hpp"
#include "freshet/strategy.hpp"
#include "freshness/carrier.hpp"
#include "store/epochs.hpp"
#include "store/eviction_node.hpp"
#include "store/removal.hpp"
#include "store/timer_wheel.hpp"

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

/// Whether both have the same `size` bytes. For keys: most have 8 to 32, which are compared without a loop, eight bytes at a time,
/// those in the middle twice.
inline bool same_bytes(const char* a, const char* b, std::size_t size) noexcept {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (size < kWord || size > 4 * kWord) return std::memcmp(a, b, size) == 0;
  const auto differ = [&](std::size_t at) {
    std::uint64_t x = 0;
    std::uint64_t y = 0;
    std::memcpy(&x, a + at, kWord);
    std::memcpy(&y, b + at, kWord);
    return x ^ y;
  };
  std::uint64_t differs = differ(0) | differ(size - kWord);
  if (size > 2 * kWord) differs |= differ(kWord) | differ(size - 2 * kWord);
  return differs == 0;
}

struct DeadlineTag;
struct RefreshTag;
class Entry;

/// What the caller asked for, for a refresh to ask again: a lifetime, and how many of the labels
/// are the policy's and the caller's; those after them are the loader's own. And for how long the value may be served after its time
/// to whoever would get the exception of a failed load; and what its loader calls it by, for the next one to ask its origin about.
struct EntryRequest {
  std::optional<Duration> ttl{};
  std::size_t labels = 0;
  Duration stale_for{};
  std::string_view validator{};
  bool in_recency_order = true;  // whether its store may order it so (orders_by_recency)
};

/// What only some entries have: an idle time, a refresh, a lifetime of their own, a time after their time, a validator. In front
/// of its entry and, if that has one, its RecencyNode, in the same allocation.
struct EntryExtra : TimerHook<RefreshTag> {
  EntryExtra(Instant now, const Deadlines& deadlines, const EntryRequest& request,
             std::unique_ptr<const std::string> named) noexcept
      : idle(deadlines.idle),
        refresh_at(deadlines.refresh_at),
        ttl(request.ttl.value_or(kNoTtl)),
        stale_for(request.stale_for),
        validator(std::move(named)),
        refresh_from_accesses(deadlines.refresh_from_accesses),
        in_recency_order(request.in_recency_order),
        last_read(now) {}

  Entry& entry() noexcept;

  const Duration idle;
  const Instant refresh_at;
  const Duration ttl;        // what the caller asked for, or kNoTtl
  const Duration stale_for;  // after its hard deadline or an expiry; zero: not at all
  const std::unique_ptr<const std::string> validator;  // null for none
  const std::uint16_t refresh_from_accesses;
  // What hits leave, without a lock. relaxed: nothing travels with them.
  rt::Atomic<std::uint16_t> reads{0};  // exact up to its limit (Entry::note_read)
  bool outlasts = false;               // shard: it stands at leaves_at() among the deadlines
  const bool in_recency_order;
  rt::Atomic<Instant> last_read;  // not finer than kIdleSteps
  Instant refresh_due = kNever;   // shard: when a refresh of it is to be looked at
  Instant expired_at = kNever;    // shard: when it was expired, as far as it may outlast that

  static constexpr int kIdleSteps = 64;  // of an idle time
  static constexpr Duration kNoTtl = Duration::min();
};

/// What hits hardly read: the links and notes of the shard, and what belongs to the value.
struct EntryUpkeep : EntryLinks, TimerHook<DeadlineTag> {
  explicit EntryUpkeep(const ValueType& value_type) noexcept : type_(&value_type) {}

  // A hash of the labels that the caller named last; zero for none. relaxed: whoever misses a change looks again.
  rt::Atomic<std::uint64_t> declared{0};

 protected:
  const ValueType* const type_;
  std::uint32_t bytes_ = 0;  // see Entry::bytes()
  std::uint32_t requested_labels_ = 0;
};

/// Eight bytes of small things.
struct EntryMarks {
  explicit EntryMarks(std::uint32_t key_size) noexcept : key_size_(key_size) {}

 protected:
  // Fixed once the entry is published: one word, so that what changes below is in none of theirs.
  std::uint32_t key_size_ : 24;
  std::uint32_t has_extra_ : 1 = 0;
  std::uint32_t has_recency_ : 1 = 0;
  std::uint32_t made_of_stale_ : 1 = 0;
  std::uint32_t made_of_dirty_ : 1 = 0;
  std::uint32_t made_of_others_ : 1 = 0;
  std::uint32_t is_absent_ : 1 = 0;
  std::uint32_t watches_reads_ : 1 = 0;  // it expires idle, or is to be refreshed

 public:
  // What hits leave for the eviction policy, without a lock: as RecencyNode::access_stamp.
  rt::Atomic<std::uint8_t> access_count{0};
  // shard: a write is about to take it out or to expire it; readers without a lock leave it alone (overtaking.hpp).
  rt::Atomic<bool> overtaken{false};
  // Claims the one refresh of this entry: whoever exchanges it to true. acq_rel, though nothing else
  // travels with it: it is not on the hit path.
  rt::Atomic<bool> refreshing{false};
  // shard: which queue of the policy holds it, whether it is in the table, and why it left.
  std::uint8_t queue : 2 = 0;
  bool is_resident : 1 = false;
  std::uint8_t removal_cause_ : 5 = 0;

  RemovalCause removal_cause() const noexcept { return RemovalCause{removal_cause_}; }
  void set_removal_cause(RemovalCause cause) noexcept {
    removal_cause_ = static_cast<std::uint8_t>(cause) & 31U;
  }
};

/// Its parts stand in the order of their use (docs/design/engine.md). It has no members of its own, for the labels follow its last
/// part.
class Entry final : public EntryUpkeep, public EntryBase, public EntryMarks, private Carrier {
 public:
  /// Makes an entry that nobody knows yet; moves `value` into it, and then `labels`: the namespace first. Throws what the move or
  /// the allocation throws; then `value` is as the move left it and nothing else has changed.
  static EntryRef create(const KeyRef& key, std::vector<LabelRef> labels, Revision birth,
                         Instant now, const Deadlines& deadlines, ErasedValue value,
                         const EntryRequest& request = {});

  EntryRequest request() const noexcept {
    EntryRequest request{.labels = requested_labels_};
    if (!has_extra_) return request;
    if (extra()->ttl != EntryExtra::kNoTtl) request.ttl = extra()->ttl;
    request.stale_for = extra()->stale_for;
    if (extra()->validator) request.validator = *extra()->validator;
    return request;
  }

  /// Whether its loader read something stale through Freshet, directly or through another load: answered and not kept, and
  /// so is what is made of it. The setter only before the entry is published.
  void set_made_of_stale(bool made_of_stale) noexcept { made_of_stale_ = made_of_stale; }
  bool made_of_stale() const noexcept { return made_of_stale_; }
  /// Whether its loader read in a transaction, directly or through another load: for its caller alone. Set like the other.
  void set_made_of_dirty(bool made_of_dirty) noexcept { made_of_dirty_ = made_of_dirty; }
  bool made_of_dirty() const noexcept { return made_of_dirty_; }
  /// Whether its loader read anything through Freshet that became part of it. Set like the others.
  void set_made_of_others(bool made_of_others) noexcept { made_of_others_ = made_of_others; }
  bool made_of_others() const noexcept { return made_of_others_; }

  std::string_view key() const noexcept {
    return {reinterpret_cast<const char*>(labels_end()), key_size_};
  }
  /// Of namespace and key: hashed anew.
  std::uint64_t hash() const noexcept;
  static std::uint64_t hash_of(const Entry& entry) noexcept { return entry.hash(); }
  const ValueType& type() const noexcept { return *type_; }
  Deadlines deadlines() const noexcept;
  /// Whether policy lets it be served when it is stale by time or by an expiry: it has a soft deadline.
  bool serves_stale() const noexcept { return soft() != kNever && !is_absent_; }
  /// Whether it says that the origin has nothing: it has no value, and a soft deadline that has always passed, so that hits on
  /// values need no test for it.
  bool is_absent() const noexcept { return is_absent_; }
  /// Null for an entry that has none.
  EntryExtra* extra() noexcept {
    if (!has_extra_) return nullptr;
    char* const end = reinterpret_cast<char*>(this) - (has_recency_ ? sizeof(RecencyNode) : 0);
    return reinterpret_cast<EntryExtra*>(end) - 1;
  }
  const EntryExtra* extra() const noexcept { return const_cast<Entry*>(this)->extra(); }
  /// Only for an entry that was asked to have one.
  RecencyNode& recency() noexcept { return *(reinterpret_cast<RecencyNode*>(this) - 1); }
  const RecencyNode& recency() const noexcept { return const_cast<Entry*>(this)->recency(); }
  bool has_recency() const noexcept { return has_recency_; }
  /// When its time is over: at its hard deadline, or idle before that.
  Instant deadline() const noexcept {
    return watches_reads_ ? std::min(hard(), idle_end()) : hard();
  }
  /// When nobody has read it for its idle time; kNever if it has none.
  Instant idle_end() const noexcept {
    const EntryExtra* const extra = this->extra();
    if (extra == nullptr || extra->idle == Duration::zero()) return kNever;
    return later(extra->last_read.load(std::memory_order_relaxed), extra->idle);
  }
  /// Whether it stays when its time is over, for whoever would get the exception of a failed load.
  bool outlasts_its_time() const noexcept {
    return has_extra_ && extra()->stale_for != Duration::zero();
  }
  /// With the shard's lock: until when it may be served for that, though no longer than for `at_most` after its time; and when
  /// it leaves, at the latest.
  Instant usable_until(Duration at_most) const noexcept {
    if (!has_extra_) return hard();
    return later(std::min(hard(), extra()->expired_at), std::min(extra()->stale_for, at_most));
  }
  Instant leaves_at() const noexcept {
    if (!outlasts_its_time()) return deadline();
    const Instant unusable = usable_until(Duration::max());
    return std::min(serves_stale() ? std::max(unusable, hard()) : unusable, idle_end());
  }
  /// When a reader is to start a refresh of it, if it was read often enough.
  Instant refresh_at() const noexcept { return watches_reads_ ? extra()->refresh_at : kNever; }
  bool read_enough() const noexcept {
    return watches_reads_ &&
           extra()->reads.load(std::memory_order_relaxed) >= extra()->refresh_from_accesses;
  }

  /// Of key, value and validator; without the value where T has no SizeOf. From 2 GiB on a multiple of 64 KiB, rounded up.
  std::uint64_t bytes() const noexcept {
    return bytes_ < kCoarseBytes ? bytes_ : std::uint64_t{bytes_ - kCoarseBytes} << kCoarseShift;
  }
  Carrier& carrier() noexcept { return *this; }
  const Carrier& carrier() const noexcept { return *this; }
  /// Names it; the label of its namespace lives as long as the entry does.
  KeyRef name() const noexcept { return {*name_space(), key()}; }
  bool named(const KeyRef& key) const noexcept {
    return key_size_ == key.key.size() && name_space() == key.space &&
           same_bytes(this->key().data(), key.key.data(), key_size_);
  }

  /// Where what hits read begins: the second half of the header, then the labels, the key and the value.
  static constexpr std::size_t kHotFrom = 64;
  /// Asks memory for what a hit reads. Touches nothing: the entry may be gone.
  void prefetch() const noexcept {
    const char* const first = reinterpret_cast<const char*>(this) + kHotFrom;
    for (std::size_t line = 0; line < 3; ++line) __builtin_prefetch(first + line * 64);
  }

  /// The same for what an eviction reads: all of the header.
  void prefetch_upkeep() const noexcept {
    const char* const first = reinterpret_cast<const char*>(this);
    for (std::size_t at = 0; at < sizeof(Entry); at += 64) __builtin_prefetch(first + at);
  }

  /// A hit. O(1), without a lock; writes nothing once the counters have reached their limits.
  void note_read(Instant now) noexcept {
    if (watches_reads_) note_read(*extra(), now);
  }

 private:
  friend class EntryBase;
  Entry(const KeyRef& key, std::span<const LabelRef> labels, Revision birth, Instant now,
        const Deadlines& deadlines, const ValueType& type) noexcept;
  ~Entry() = default;
  static void note_read(EntryExtra& extra, Instant now) noexcept;
  void set_bytes(std::uint64_t bytes) noexcept;
  /// Where its allocation begins.
  void* block() noexcept {
    if (has_extra_) return extra();
    return has_recency_ ? static_cast<void*>(&recency()) : this;
  }

  static constexpr std::uint32_t kCoarseBytes = std::uint32_t{1} << 31;
  static constexpr int kCoarseShift = 16;
};

inline Entry& EntryExtra::entry() noexcept {
  char* const end = reinterpret_cast<char*>(this + 1);
  return *reinterpret_cast<Entry*>(end + (in_recency_order ? sizeof(RecencyNode) : 0));
}

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
