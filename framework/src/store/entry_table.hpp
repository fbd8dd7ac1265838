// EntryTable: the entries of a shard by name, for readers without a lock and one writer at a time.
//
// Buckets of one line: kSlotsOfBucket slots, each a pointer with 16 bits of the hash in its unused upper bits, and how many
// entries found the bucket full and went on to the next. A look-up reads the line of its bucket and the entry that it names,
// and a further line only where a bucket is overfull; nothing is ever evicted for want of a place.
//
// An entry stays in its slot until it is erased. The table grows and shrinks by steps: from the moment there is a table of the
// new size, entries go to that one, and each change moves a few buckets of the older. An entry is put into the new table before
// it is taken out of the older, readers look in the older one first, and look again if meanwhile another table has come.
//
// A reader is in a section of `epochs`, or holds the writer's lock. Everything but find() is for the writer.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "store/entry.hpp"
#include "store/epochs.hpp"

namespace freshet::detail {

class EntryTable {
 public:
  /// What the names of entries were hashed to, for those that move.
  using HashOf = std::uint64_t (*)(const Entry&) noexcept;

  /// Throws std::bad_alloc.
  explicit EntryTable(Epochs& epochs, HashOf hash_of = &Entry::hash_of);
  ~EntryTable();
  EntryTable(const EntryTable&) = delete;
  EntryTable& operator=(const EntryTable&) = delete;

  /// The entry of that name, or null.
  Entry* find(const KeyRef& key) const noexcept;

  /// Ask memory for the line of a name's bucket, and, which reads that, for the entries in it that may have the name.
  void prefetch_place(std::uint64_t hash) const noexcept;
  void prefetch_entry(std::uint64_t hash) const noexcept;

  std::size_t size() const noexcept { return size_; }
  /// There must be none of its name, whose hash comes along. Throws std::bad_alloc where the table would have to grow and cannot;
  /// nothing has changed then.
  void insert(Entry& entry, std::uint64_t hash);
  /// `entry` takes the place of one of the same name.
  void replace(const Entry& old, Entry& entry, std::uint64_t hash) noexcept;
  void erase(const Entry& entry, std::uint64_t hash) noexcept;

  /// Calls `visitor(Entry&)` for each.
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    visit(SIZE_MAX, SIZE_MAX, visitor);
  }
  /// The same for about `entries` of them, whose choice knows nothing but their hashes. Looks at no more than `buckets` buckets.
  template <class Visitor>
  void visit(std::size_t entries, std::size_t buckets, Visitor&& visitor) const;

  /// How far a look at all entries has come that is taken in steps, beside changes. Whoever was here when it began and still is
  /// has been seen at its end, or the table has another size by then (is_current).
  struct Scan {
    std::uint64_t size_changes = 0;
    std::size_t slot = 0;
  };
  /// A scan from the beginning. Not while entries are being moved.
  Scan begin_scan() const noexcept { return {size_changes_, 0}; }
  bool is_current(const Scan& scan) const noexcept { return scan.size_changes == size_changes_; }
  /// The entry that the scan stands at, which first passes over free slots; null at the end. To go on add one to its slot.
  Entry* at(Scan& scan) const noexcept;
  /// Moves up to `most` buckets where entries are being moved. Returns how many it did.
  std::size_t move_some(std::size_t most) noexcept;
  bool is_moving() const noexcept;

 private:
  static constexpr std::size_t kSlots = rt::kSlotsOfBucket;
  static constexpr std::size_t kMovedAtOnce = 2;  // buckets of the older table, at each change

  // acquire and release of slots and counters: whoever sees an entry sees what was written to it before; whoever sees it gone
  // sees where it has gone to; whoever sees an entry beyond a full bucket has seen that bucket's counter.
  struct alignas(64) Bucket {
    std::array<rt::Atomic<std::uint64_t>, kSlots> slots{};  // zero: free
    rt::Atomic<std::uint64_t> passed{0};
  };

  /// A table of one size. In one allocation with its buckets.
  class Buckets;

  struct Slot {
    Buckets* table;
    rt::Atomic<std::uint64_t>* word;
    std::size_t bucket;
  };
  Slot slot_of(const Entry& entry, std::uint64_t hash) const noexcept;
  Entry* find_in_both(const KeyRef& key) const noexcept;

  /// Begins to move to a table of another size. Throws std::bad_alloc.
  void resize(std::size_t buckets);
  bool wants_room() const noexcept;

  Epochs& epochs_;
  const HashOf hash_of_;
  rt::Atomic<Buckets*> current_;
  std::size_t size_ = 0;
  std::size_t moved_ = 0;  // buckets of the older table, if there is one
  std::uint64_t size_changes_ = 0;
};

class EntryTable::Buckets : public Retired {
 public:
  static Buckets* create(std::size_t buckets);
  static void destroy(Retired& table) noexcept;

  std::size_t count() const noexcept { return mask_ + 1; }
  std::uint64_t bytes() const noexcept { return (count() + 1) * sizeof(Bucket); }
  Entry* find(const KeyRef& key) const noexcept;
  /// There is a free slot.
  void insert(Entry& entry, std::uint64_t hash) noexcept;
  /// Frees a slot in `bucket`, which holds an entry of that hash.
  void erase(std::uint64_t hash, rt::Atomic<std::uint64_t>& slot, std::size_t bucket) noexcept;
  Bucket& bucket(std::size_t index) noexcept { return first_[index & mask_]; }
  const Bucket& bucket(std::size_t index) const noexcept { return first_[index & mask_]; }

  rt::Atomic<Buckets*> older{nullptr};  // whose entries come here

 private:
  Buckets(Bucket* first, std::size_t buckets) noexcept : first_(first), mask_(buckets - 1) {}

  Bucket* const first_;
  const std::size_t mask_;
};

namespace entry_word {

inline constexpr int kHashShift = 48;

inline std::uint64_t tag(std::uint64_t hash) noexcept { return hash >> kHashShift; }
inline std::uint64_t of(const Entry& entry, std::uint64_t hash) noexcept {
  return reinterpret_cast<std::uintptr_t>(&entry) | tag(hash) << kHashShift;
}
inline Entry* entry(std::uint64_t word) noexcept {
  constexpr std::uint64_t kAddress = (std::uint64_t{1} << kHashShift) - 1;
  return reinterpret_cast<Entry*>(static_cast<std::uintptr_t>(word & kAddress));
}

}  // namespace entry_word

inline Entry* EntryTable::Buckets::find(const KeyRef& key) const noexcept {
  const auto tag = static_cast<std::uint16_t>(entry_word::tag(key.hash));
  for (std::size_t i = 0; i <= mask_; ++i) {
    const Bucket& bucket = this->bucket(key.hash + i);
    // All of the line at once, without a branch: which slot it is in cannot be foretold.
    for (unsigned found = rt::tagged(bucket.slots, tag); found != 0; found &= found - 1) {
      const std::size_t slot = static_cast<std::size_t>(std::countr_zero(found)) / rt::kTaggedBits;
      Entry* const entry = entry_word::entry(bucket.slots[slot].load(std::memory_order_acquire));
      // Null: it was erased meanwhile, or is free, where the tag is zero.
      if (entry != nullptr && entry->named(key)) return entry;
    }
    if (bucket.passed.load(std::memory_order_acquire) == 0) return nullptr;
  }
  return nullptr;
}

inline Entry* EntryTable::find(const KeyRef& key) const noexcept {
  const Buckets* const current = current_.load(std::memory_order_acquire);
  if (current->older.load(std::memory_order_acquire) == nullptr) {
    if (Entry* const found = current->find(key)) return found;
    // What was here has gone to a table that came meanwhile.
    if (current_.load(std::memory_order_acquire) == current) return nullptr;
  }
  return find_in_both(key);
}

template <class Visitor>
void EntryTable::visit(std::size_t entries, std::size_t buckets, Visitor&& visitor) const {
  const Buckets* const current = current_.load(std::memory_order_relaxed);
  const Buckets* const older = current->older.load(std::memory_order_relaxed);
  for (const Buckets* table : {older, current}) {
    if (table == nullptr) continue;
    for (std::size_t i = 0; i < table->count() && entries > 0 && buckets > 0; ++i, --buckets) {
      for (const auto& slot : table->bucket(i).slots) {
        const std::uint64_t word = slot.load(std::memory_order_relaxed);
        if (word == 0 || entries == 0) continue;
        --entries;
        visitor(*entry_word::entry(word));
      }
    }
  }
}

}  // namespace freshet::detail
