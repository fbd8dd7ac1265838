#include "store/entry_table.hpp"

#include <memory>
#include <new>

namespace freshet::detail {
namespace {

constexpr std::align_val_t kLine{64};

}  // namespace

EntryTable::Buckets* EntryTable::Buckets::create(std::size_t buckets) {
  // The header has a line of its own before the buckets.
  static_assert(sizeof(Buckets) <= sizeof(Bucket));
  void* const block = ::operator new((buckets + 1) * sizeof(Bucket), kLine);
  Bucket* const first = static_cast<Bucket*>(block) + 1;
  std::uninitialized_value_construct_n(first, buckets);
  return ::new (block) Buckets(first, buckets);
}

void EntryTable::Buckets::destroy(Retired& table) noexcept {
  ::operator delete(static_cast<Buckets*>(&table), kLine);
}

void EntryTable::Buckets::insert(Entry& entry, std::uint64_t hash) noexcept {
  for (std::size_t index = hash;; ++index) {
    Bucket& bucket = this->bucket(index);
    for (auto& slot : bucket.slots) {
      if (slot.load(std::memory_order_relaxed) != 0) continue;
      return slot.store(entry_word::of(entry, hash), std::memory_order_release);
    }
    bucket.passed.fetch_add(1, std::memory_order_release);
  }
}

void EntryTable::Buckets::erase(std::uint64_t hash, rt::Atomic<std::uint64_t>& slot,
                                std::size_t bucket) noexcept {
  slot.store(0, std::memory_order_release);
  for (std::size_t index = hash & mask_; index != bucket; index = (index + 1) & mask_)
    this->bucket(index).passed.fetch_sub(1, std::memory_order_release);
}

EntryTable::EntryTable(Epochs& epochs, HashOf hash_of)
    : epochs_(epochs), hash_of_(hash_of), current_(Buckets::create(1)) {}

EntryTable::~EntryTable() {
  Buckets* const current = current_.load(std::memory_order_relaxed);
  if (Buckets* older = current->older.load(std::memory_order_relaxed)) Buckets::destroy(*older);
  Buckets::destroy(*current);
}

// As find() in the header, for two tables.
Entry* EntryTable::find_in_both(const KeyRef& key) const noexcept {
  for (;;) {
    const Buckets* const current = current_.load(std::memory_order_acquire);
    if (const Buckets* older = current->older.load(std::memory_order_acquire)) {
      if (Entry* found = older->find(key)) return found;
      FRESHET_PAUSE("older_table_read");
    }
    if (Entry* found = current->find(key)) return found;
    // What was here has gone to a table that came meanwhile.
    if (current_.load(std::memory_order_acquire) == current) return nullptr;
  }
}

void EntryTable::prefetch_place(std::uint64_t hash) const noexcept {
  // acquire, here and below: as in find().
  __builtin_prefetch(&current_.load(std::memory_order_acquire)->bucket(hash));
}

void EntryTable::prefetch_entry(std::uint64_t hash) const noexcept {
  for (const auto& slot : current_.load(std::memory_order_acquire)->bucket(hash).slots) {
    const std::uint64_t word = slot.load(std::memory_order_acquire);
    if (word == 0 || word >> entry_word::kHashShift != entry_word::tag(hash)) continue;
    entry_word::entry(word)->prefetch();
  }
}

EntryTable::Slot EntryTable::slot_of(const Entry& entry, std::uint64_t hash) const noexcept {
  const std::uint64_t wanted = entry_word::of(entry, hash);
  Buckets* const current = current_.load(std::memory_order_relaxed);
  for (Buckets* table : {current->older.load(std::memory_order_relaxed), current}) {
    if (table == nullptr) continue;
    const std::size_t mask = table->count() - 1;
    for (std::size_t i = 0; i <= mask; ++i) {
      Bucket& bucket = table->bucket(hash + i);
      for (auto& slot : bucket.slots) {
        if (slot.load(std::memory_order_relaxed) == wanted)
          return {table, &slot, (hash + i) & mask};
      }
      if (bucket.passed.load(std::memory_order_relaxed) == 0) break;
    }
  }
  return {};  // never: an entry that is linked is here
}

bool EntryTable::wants_room() const noexcept {
  const std::size_t slots = current_.load(std::memory_order_relaxed)->count() * kSlots;
  return (size_ + 1) * 4 > slots * 3;
}

void EntryTable::insert(Entry& entry, std::uint64_t hash) {
  if (wants_room()) resize(current_.load(std::memory_order_relaxed)->count() * 2);
  move_some(kMovedAtOnce);
  current_.load(std::memory_order_relaxed)->insert(entry, hash);
  ++size_;
}

void EntryTable::replace(const Entry& old, Entry& entry, std::uint64_t hash) noexcept {
  slot_of(old, hash).word->store(entry_word::of(entry, hash), std::memory_order_release);
}

void EntryTable::erase(const Entry& entry, std::uint64_t hash) noexcept {
  const Slot slot = slot_of(entry, hash);
  slot.table->erase(hash, *slot.word, slot.bucket);
  --size_;
  move_some(kMovedAtOnce);
  const Buckets* const current = current_.load(std::memory_order_relaxed);
  if (is_moving() || current->count() == 1 || size_ * 8 > current->count() * kSlots) return;
  try {
    resize(current->count() / 2);
  } catch (const std::bad_alloc&) {  // it stays as large as it is
  }
}

void EntryTable::resize(std::size_t buckets) {
  Buckets* const current = current_.load(std::memory_order_relaxed);
  move_some(SIZE_MAX);  // rarely anything: by now each change has moved its share
  Buckets* const next = Buckets::create(buckets);
  next->older.store(current, std::memory_order_relaxed);
  moved_ = 0;
  ++size_changes_;
  // release: whoever finds it finds what it is made of, and the older one.
  current_.store(next, std::memory_order_release);
}

bool EntryTable::is_moving() const noexcept {
  return current_.load(std::memory_order_relaxed)->older.load(std::memory_order_relaxed) != nullptr;
}

Entry* EntryTable::at(Scan& scan) const noexcept {
  const Buckets& table = *current_.load(std::memory_order_relaxed);
  for (; scan.slot < table.count() * kSlots; ++scan.slot) {
    const auto& slot = table.bucket(scan.slot / kSlots).slots[scan.slot % kSlots];
    if (const std::uint64_t word = slot.load(std::memory_order_relaxed))
      return entry_word::entry(word);
  }
  return nullptr;
}

std::size_t EntryTable::move_some(std::size_t most) noexcept {
  Buckets* const current = current_.load(std::memory_order_relaxed);
  Buckets* const older = current->older.load(std::memory_order_relaxed);
  if (older == nullptr) return 0;
  const std::size_t before = moved_;
  for (; moved_ - before < most && moved_ < older->count(); ++moved_) {
    for (auto& slot : older->bucket(moved_).slots) {
      const std::uint64_t word = slot.load(std::memory_order_relaxed);
      if (word == 0) continue;
      Entry& entry = *entry_word::entry(word);
      const std::uint64_t hash = hash_of_(entry);
      current->insert(entry, hash);
      FRESHET_PAUSE("entry_in_both_tables");
      older->erase(hash, slot, moved_);
    }
  }
  const std::size_t moved = moved_ - before;
  if (moved_ < older->count()) return moved;
  current->older.store(nullptr, std::memory_order_release);
  epochs_.put_aside(*older, &Buckets::destroy, older->bytes());  // the shard's lock is held
  return moved;
}

}  // namespace freshet::detail
