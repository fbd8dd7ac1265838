#include "store/entry.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace freshet::detail {
namespace {

constexpr std::size_t round_up(std::size_t size, std::size_t alignment) noexcept {
  return (size + alignment - 1) / alignment * alignment;
}

std::align_val_t block_alignment(const ValueType& type) noexcept {
  return std::align_val_t{std::max(alignof(Entry), type.alignment)};
}

struct FreeBlock {
  const ValueType& type;
  void operator()(void* block) const noexcept { ::operator delete(block, block_alignment(type)); }
};

}  // namespace

KeyRef::KeyRef(const Label& namespace_label, std::string_view name) noexcept
    : space(&namespace_label),
      key(name),
      // Seeded by the namespace's name, not its address: a key keeps its stripe when the label is dropped and comes back.
      hash(XXH3_64bits_withSeed(name.data(), name.size(), namespace_label.hash())) {}

Entry::Entry(const KeyRef& key, std::span<const LabelRef> labels, Revision birth, Instant now,
             const Deadlines& deadlines, const ValueType& type) noexcept
    : EntryBase(now, deadlines),
      carrier_(birth, labels),
      type_(&type),
      key_size_(static_cast<std::uint32_t>(key.key.size())),
      hash_(key.hash) {}

EntryRef Entry::create(const KeyRef& key, std::vector<LabelRef> labels, Revision birth, Instant now,
                       const Deadlines& deadlines, ErasedValue value) {
  const ValueType& type = *value.type;
  const std::size_t value_at = round_up(sizeof(Entry), type.alignment);
  const std::size_t key_at = value_at + type.size;
  // Last, so that a look-up touches no more memory for many labels than for the namespace's alone.
  const std::size_t labels_at = round_up(key_at + key.key.size(), alignof(LabelRef));
  std::unique_ptr<void, FreeBlock> block(
      ::operator new(labels_at + labels.size() * sizeof(LabelRef), block_alignment(type)),
      FreeBlock{type});
  char* bytes = static_cast<char*>(block.get());
  type.move_construct(bytes + value_at, value.object);
  LabelRef* const first = reinterpret_cast<LabelRef*>(bytes + labels_at);
  std::uninitialized_move(labels.begin(), labels.end(), first);
  Entry* entry =
      ::new (block.release()) Entry(key, {first, labels.size()}, birth, now, deadlines, type);
  entry->value_ = bytes + value_at;
  std::memcpy(bytes + key_at, key.key.data(), key.key.size());
  entry->key_ = bytes + key_at;
  entry->bytes_ = entry_bytes(key, {&type, entry->value_});
  return EntryRef::adopt(entry);
}

std::uint64_t entry_bytes(const KeyRef& key, const ErasedValue& value) {
  return key.key.size() + (value.type->bytes != nullptr ? value.type->bytes(value.object) : 0);
}

void EntryBase::destroy(EntryBase* base) noexcept {
  Entry* entry = static_cast<Entry*>(base);
  const ValueType& type = *entry->type_;
  type.destroy(entry->value_);
  const std::span<const LabelRef> labels = entry->carrier_.labels();
  entry->~Entry();
  std::destroy(labels.begin(), labels.end());
  FreeBlock{type}(entry);
}

}  // namespace freshet::detail
