#include "store/entry.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "store/entry_memory.hpp"
#include "store/key_hash.hpp"

namespace freshet::detail {
namespace {

constexpr std::size_t round_up(std::size_t size, std::size_t alignment) noexcept {
  return (size + alignment - 1) / alignment * alignment;
}

static_assert(alignof(EntryExtra) <= alignof(Entry) && sizeof(EntryExtra) % alignof(Entry) == 0);
static_assert(alignof(RecencyNode) <= alignof(Entry) && sizeof(RecencyNode) % alignof(Entry) == 0);

std::size_t block_alignment(const ValueType& type) noexcept {
  return std::max(alignof(Entry), type.alignment);
}

// How far the reads of an entry are counted at least: those that are to be refreshed are taken in the order of their counts.
constexpr std::uint16_t kReadsCounted = 64;

/// With what it keeps right behind it.
std::size_t size_of(const ValueType& type, const void* value) noexcept {
  return type.size + (type.room_behind != nullptr ? type.room_behind(value) : 0);
}

struct FreeBlock {
  const ValueType& type;
  std::size_t size;
  void operator()(void* block) const noexcept {
    EntryMemory::of_all_caches().release(block, size, block_alignment(type));
  }
};

}  // namespace

KeyRef::KeyRef(const Label& namespace_label, std::string_view name) noexcept
    : space(&namespace_label), key(name), hash(key_hash(namespace_label, name)) {}

Entry::Entry(const KeyRef& key, std::span<const LabelRef> labels, Revision birth, Instant now,
             const Deadlines& deadlines, const ValueType& type) noexcept
    : EntryUpkeep(type),
      EntryBase(now, deadlines.soft, deadlines.hard),
      EntryMarks(static_cast<std::uint32_t>(key.key.size())),
      Carrier(birth, labels) {
  // The labels follow the carrier, which therefore has to be the end.
  static_assert(sizeof(Entry) ==
                sizeof(EntryUpkeep) + sizeof(EntryBase) + sizeof(EntryMarks) + sizeof(Carrier));
}

std::uint64_t Entry::hash() const noexcept { return key_hash(*name_space(), key()); }

EntryRef Entry::create(const KeyRef& key, std::vector<LabelRef> labels, Revision birth, Instant now,
                       const Deadlines& deadlines, ErasedValue value, const EntryRequest& request) {
  const ValueType& type = *value.type;
  const std::uint64_t size = entry_bytes(key, value) + request.validator.size();
  const bool has_extra = deadlines.idle != Duration::zero() || deadlines.refresh_at != kNever ||
                         request.ttl.has_value() || request.stale_for != Duration::zero() ||
                         !request.validator.empty();
  std::unique_ptr<const std::string> validator;
  if (!request.validator.empty())
    validator = std::make_unique<const std::string>(request.validator);
  const std::size_t recency_at = has_extra ? sizeof(EntryExtra) : 0;
  const std::size_t entry_at = recency_at + (request.in_recency_order ? sizeof(RecencyNode) : 0);
  const std::size_t labels_at = entry_at + sizeof(Entry);
  const std::size_t key_at = labels_at + labels.size() * sizeof(LabelRef);
  const std::size_t value_at = round_up(key_at + key.key.size(), type.alignment);
  const std::size_t block_size = value_at + size_of(type, value.object);
  std::unique_ptr<void, FreeBlock> block(
      EntryMemory::of_all_caches().allocate(block_size, block_alignment(type)),
      FreeBlock{type, block_size});
  char* const bytes = static_cast<char*>(block.get());
  type.move_construct(bytes + value_at, value.object, bytes + value_at + type.size);
  static_cast<void>(block.release());
  if (has_extra) ::new (bytes) EntryExtra(now, deadlines, request, std::move(validator));
  if (request.in_recency_order) ::new (bytes + recency_at) RecencyNode;
  Entry* entry = ::new (bytes + entry_at) Entry(key, labels, birth, now, deadlines, type);
  std::uninitialized_move(labels.begin(), labels.end(),
                          reinterpret_cast<LabelRef*>(bytes + labels_at));
  std::memcpy(bytes + key_at, key.key.data(), key.key.size());
  EntryBase& base = *entry;
  base.value_at_ =
      static_cast<std::uint32_t>(bytes + value_at - reinterpret_cast<const char*>(&base));
  entry->has_extra_ = has_extra;
  entry->has_recency_ = request.in_recency_order;
  entry->is_absent_ = detail::is_absent(value);
  entry->watches_reads_ = deadlines.idle != Duration::zero() || deadlines.refresh_at != kNever;
  entry->requested_labels_ = static_cast<std::uint32_t>(request.labels);
  entry->set_bytes(size);
  return EntryRef::adopt(entry);
}

void Entry::set_bytes(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t kUnit = std::uint64_t{1} << kCoarseShift;
  constexpr std::uint64_t kMost = UINT32_MAX;
  bytes_ = static_cast<std::uint32_t>(
      bytes < kCoarseBytes ? bytes : std::min(kMost, kCoarseBytes + (bytes + kUnit - 1) / kUnit));
}

Deadlines Entry::deadlines() const noexcept {
  Deadlines deadlines{.soft = soft(), .hard = hard()};
  if (const EntryExtra* const extra = this->extra()) {
    deadlines.idle = extra->idle;
    deadlines.refresh_at = extra->refresh_at;
    deadlines.refresh_from_accesses = extra->refresh_from_accesses;
  }
  return deadlines;
}

void Entry::note_read(EntryExtra& extra, Instant now) noexcept {
  if (extra.refresh_at != kNever) {
    const std::uint16_t limit = std::max(extra.refresh_from_accesses, kReadsCounted);
    if (extra.reads.load(std::memory_order_relaxed) < limit)
      extra.reads.fetch_add(1, std::memory_order_relaxed);
  }
  if (extra.idle == Duration::zero()) return;
  if (now - extra.last_read.load(std::memory_order_relaxed) >= extra.idle / EntryExtra::kIdleSteps)
    extra.last_read.store(now, std::memory_order_relaxed);
}

std::uint64_t entry_bytes(const KeyRef& key, const ErasedValue& value) {
  return key.key.size() + (value.type->bytes != nullptr ? value.type->bytes(value.object) : 0);
}

void EntryBase::destroy(EntryBase* base) noexcept {
  Entry* entry = static_cast<Entry*>(base);
  const ValueType& type = *entry->type_;
  char* const value = static_cast<char*>(const_cast<void*>(entry->value()));
  const std::size_t value_size = size_of(type, value);
  type.destroy(value);
  const std::span<const LabelRef> labels = entry->carrier().labels();
  void* const block = entry->block();
  const auto size = static_cast<std::size_t>(value + value_size - static_cast<char*>(block));
  if (EntryExtra* const extra = entry->extra()) std::destroy_at(extra);
  if (entry->has_recency_) std::destroy_at(&entry->recency());
  entry->~Entry();
  std::destroy(labels.begin(), labels.end());
  FreeBlock{type, size}(block);
}

}  // namespace freshet::detail
