#include "freshness/label_table.hpp"

#include <xxhash.h>

#include <algorithm>

namespace freshet::detail {

LabelName::LabelName(LabelKind label_kind, std::string_view label_text) noexcept
    : kind(label_kind),
      text(label_text),
      hash(XXH3_64bits_withSeed(label_text.data(), label_text.size(),
                                static_cast<std::uint64_t>(label_kind))) {}

LabelRef::LabelRef(const LabelRef& other) noexcept : label_(other.label_) {
  // relaxed: `other` keeps the label alive meanwhile, so nothing needs ordering.
  if (label_ != nullptr) label_->references_.fetch_add(1, std::memory_order_relaxed);
}

LabelRef::~LabelRef() {
  if (label_ != nullptr) LabelTable::release(label_);
}

LabelTable::LabelTable(std::size_t stripes) {
  for (Shard& shard : shards_) {
    rt::Lock lock(shard.mutex);
    shard.floors.resize(std::max<std::size_t>(1, stripes / kShards));
  }
}

LabelTable::~LabelTable() = default;  // each live label holds the table, so none is left

LabelRef LabelTable::pin(const LabelName& name) {
  Shard& shard = shard_of(name.hash);
  rt::Lock lock(shard.mutex);
  if (auto found = shard.labels.find(name); found != shard.labels.end()) {
    found->second->references_.fetch_add(1, std::memory_order_relaxed);
    return LabelRef::adopt(found->second);
  }
  std::unique_ptr<Label, void (*)(Label*)> label(
      new Label(name, floor_of(shard, name.hash), shared_from_this()),
      [](Label* unused) { delete unused; });
  LabelName own = name;
  own.text = label->text();
  shard.labels.emplace(own, label.get());
  return LabelRef::adopt(label.release());
}

LabelRef LabelTable::find(const LabelName& name) {
  Shard& shard = shard_of(name.hash);
  rt::Lock lock(shard.mutex);
  auto found = shard.labels.find(name);
  if (found == shard.labels.end()) return {};
  found->second->references_.fetch_add(1, std::memory_order_relaxed);
  return LabelRef::adopt(found->second);
}

bool LabelTable::raise(const LabelName& name, Mode mode, Revision to) {
  Shard& shard = shard_of(name.hash);
  rt::Lock lock(shard.mutex);
  if (auto found = shard.labels.find(name); found != shard.labels.end()) {
    found->second->raise(mode, to);
    return true;
  }
  floor_of(shard, name.hash).raise(mode, to);
  return false;
}

std::size_t LabelTable::live(LabelKind kind) const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    rt::Lock lock(shard.mutex);
    for (const auto& [name, label] : shard.labels) count += name.kind == kind ? 1 : 0;
  }
  return count;
}

LabelSpread LabelTable::spread(LabelKind kind, std::size_t limit) const {
  LabelSpread spread;
  std::size_t looked_at = 0;
  for (const Shard& shard : shards_) {
    rt::Lock lock(shard.mutex);
    for (const auto& [name, label] : shard.labels) {
      const std::int64_t entries = name.kind == kind ? label->resident().value() : 0;
      if (entries <= 0) continue;
      ++spread.labels;
      spread.carried += static_cast<std::uint64_t>(entries);
      if (static_cast<std::uint64_t>(entries) <= spread.broadest_entries) continue;
      spread.broadest_entries = static_cast<std::uint64_t>(entries);
      spread.broadest = label->text();
    }
    looked_at += shard.labels.size();
    if (looked_at >= limit) break;
  }
  return spread;
}

void LabelTable::release(Label* label) noexcept {
  // While others hold references, one is given up without the lock. The last is given up under it, so that nobody can
  // pin a label that is about to go. acq_rel / acquire: what holders did happens before the label is deleted.
  std::uint32_t references = label->references_.load(std::memory_order_relaxed);
  while (references > 1) {
    if (label->references_.compare_exchange_weak(references, references - 1,
                                                 std::memory_order_acq_rel))
      return;
  }
  std::shared_ptr<LabelTable> table = label->table_;  // outlives the label, and the lock below
  {
    Shard& shard = table->shard_of(label->hash_);
    rt::Lock lock(shard.mutex);
    if (label->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const Watermarks watermarks = label->watermarks();
    Watermarks& floor = table->floor_of(shard, label->hash_);
    floor.remove = std::max(floor.remove, watermarks.remove);
    floor.expire = std::max(floor.expire, watermarks.expire);
    LabelName name(label->kind_, label->text_);
    shard.labels.erase(name);
  }
  delete label;
}

}  // namespace freshet::detail
