#include "freshness/label_table.hpp"

#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace freshet::detail {

LabelName::LabelName(LabelKind label_kind, std::string_view label_text) noexcept
    : kind(label_kind),
      text(label_text),
      hash(XXH3_64bits_withSeed(label_text.data(), label_text.size(),
                                static_cast<std::uint64_t>(label_kind))) {}

std::string key_label_text(std::string_view name_space, std::string_view key) {
  return std::to_string(name_space.size()).append(":").append(name_space).append(key);
}

std::string version_label_text(std::string_view dependency, std::string_view hash) {
  return std::to_string(dependency.size()).append(":").append(dependency).append(hash);
}

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
    shard.owed.resize(shard.floors.size());
  }
}

LabelTable::~LabelTable() = default;  // each live label holds the table, so none is left

LabelRef LabelTable::pin(const LabelName& name, const LabelRef& space, Revision at_least) {
  Shard& shard = shard_of(name.hash);
  rt::Lock lock(shard.mutex);
  if (auto found = shard.labels.find(name); found != shard.labels.end()) {
    found->second->references_.fetch_add(1, std::memory_order_relaxed);
    return LabelRef::adopt(found->second);
  }
  Watermarks floor = floor_of(shard, name.hash);
  floor.remove = std::max(floor.remove, at_least);
  std::unique_ptr<Label, void (*)(Label*)> label(new Label(name, floor, space, shared_from_this()),
                                                 [](Label* unused) { delete unused; });
  LabelName own = name;
  own.text = label->text();
  shard.labels.emplace(own, label.get());
  size_.fetch_add(1, std::memory_order_relaxed);
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

std::vector<LabelRef> LabelTable::find_all(LabelKind kind, FunctionRef<bool(const Label&)> wanted) {
  std::vector<LabelRef> found;
  for (Shard& shard : shards_) {
    rt::Lock lock(shard.mutex);
    for (const auto& [name, label] : shard.labels) {
      if (name.kind != kind || !wanted(*label)) continue;
      // The place first: where there is no memory for it, no reference is given up under this lock.
      LabelRef& place = found.emplace_back();
      label->references_.fetch_add(1, std::memory_order_relaxed);
      place = LabelRef::adopt(label);
    }
  }
  return found;
}

const Label* LabelTable::raise(const LabelName& name, Mode mode, Revision to) {
  Shard& shard = shard_of(name.hash);
  rt::Lock lock(shard.mutex);
  if (auto found = shard.labels.find(name); found != shard.labels.end()) {
    found->second->raise(mode, to);
    // Whoever was loaded before is refused by that.
    found->second->stands_for_departed_.store(false, std::memory_order_relaxed);
    return found->second;
  }
  floor_of(shard, name.hash).raise(mode, to);
  shard.owed[stripe_of(shard, name.hash)] = false;
  return nullptr;
}

void LabelTable::leave_for_loads(const LabelName& name, const Watermarks& at_least) {
  Shard& shard = shard_of(name.hash);
  rt::Lock lock(shard.mutex);
  if (auto found = shard.labels.find(name); found != shard.labels.end())
    return found->second->refuse_loads_below(std::max(at_least.remove, at_least.expire));
  floor_of(shard, name.hash).raise_to(at_least);
}

bool LabelTable::owes_floor(const LabelName& name) {
  Shard& shard = shard_of(name.hash);
  rt::Lock lock(shard.mutex);
  if (shard.owed[stripe_of(shard, name.hash)]) return true;
  const auto found = shard.labels.find(name);
  return found != shard.labels.end() && found->second->stands_for_departed() &&
         !found->second->has_parents();
}

void LabelTable::settle_floor(const LabelName& name, Revision at) {
  Shard& shard = shard_of(name.hash);
  rt::Lock lock(shard.mutex);
  shard.owed[stripe_of(shard, name.hash)] = false;
  floor_of(shard, name.hash).raise(Mode::remove, at);
  const auto found = shard.labels.find(name);
  if (found == shard.labels.end()) return;
  Label& label = *found->second;
  label.refuse_loads_below(at);
  if (!label.has_parents()) label.stands_for_departed_.store(false, std::memory_order_relaxed);
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

bool LabelTable::give_up(Label& label) noexcept {
  // While others hold references, one is given up without the lock. The last is given up under it, so that nobody can
  // pin a label that is about to go. acq_rel / acquire: what holders did happens before the label is deleted.
  std::uint32_t references = label.references_.load(std::memory_order_relaxed);
  while (references > 1) {
    if (label.references_.compare_exchange_weak(references, references - 1,
                                                std::memory_order_acq_rel))
      return false;
  }
  LabelTable& table = *label.table_;
  {
    Shard& shard = table.shard_of(label.hash_);
    rt::Lock lock(shard.mutex);
    if (label.references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return false;
    // Its edges go with it. Nobody can be refused here, where raises cannot be waited for: whoever pins the name next does it.
    if (label.stands_for_departed()) shard.owed[stripe_of(shard, label.hash_)] = true;
    Watermarks left = label.watermarks();
    left.remove = std::max(left.remove, label.load_floor());
    table.floor_of(shard, label.hash_).raise_to(left);
    shard.labels.erase(LabelName(label.kind_, label.text_));
  }
  table.size_.fetch_sub(1, std::memory_order_relaxed);
  table.graph_.drop(label);
  return true;
}

void LabelTable::release(Label* label) noexcept {
  if (!give_up(*label)) return;
  Label* dropped = label;
  while (dropped != nullptr) {
    if (dropped->parents_.empty()) {
      const std::shared_ptr<LabelTable> table = dropped->table_;  // outlives the label
      delete std::exchange(dropped, dropped->next_dropped_);
      continue;
    }
    Label* parent = dropped->parents_.back().parent.detach();
    dropped->parents_.pop_back();
    if (!give_up(*parent)) continue;
    parent->next_dropped_ = dropped;
    dropped = parent;
  }
}

}  // namespace freshet::detail
