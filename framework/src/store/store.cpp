#include "store/store.hpp"

#include <algorithm>

namespace freshet::detail {
namespace {

constexpr std::uint64_t kEntriesPerShard = 1024;
constexpr std::uint64_t kBytesPerShard =
    4 << 20;  // so that a large value finds a shard that can hold it
constexpr std::uint64_t kMaxShards = 64;

// Sharding costs small caches several points of hit ratio, so they have one shard.
std::uint64_t shards_for(const Capacity& capacity) noexcept {
  std::uint64_t shards =
      std::clamp<std::uint64_t>(capacity.entries / kEntriesPerShard, 1, kMaxShards);
  if (capacity.bytes != 0)
    shards = std::min(shards, std::max<std::uint64_t>(1, capacity.bytes / kBytesPerShard));
  return shards;
}

// Shares that differ by at most one and add up to the whole.
std::uint64_t portion(std::uint64_t whole, std::uint64_t parts, std::uint64_t index) noexcept {
  return whole / parts + (index < whole % parts ? 1 : 0);
}

}  // namespace

Store::Store(Eviction eviction, const Capacity& capacity, Freshness& freshness,
             RemovalObserver& observer, const RaiseTimes* times)
    : freshness_(freshness) {
  hint_.swept_at.store(freshness.published().value, std::memory_order_relaxed);
  hint_.due.store(kNever.time_since_epoch().count(), std::memory_order_relaxed);
  const std::uint64_t count = shards_for(capacity);
  hint_.swept_at.store(freshness.published().value, std::memory_order_relaxed);
  hint_.due.store(kNever.time_since_epoch().count(), std::memory_order_relaxed);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Capacity part{portion(capacity.entries, count, i), portion(capacity.bytes, count, i)};
    shards_.push_back(
        std::make_unique<Shard>(eviction, part, freshness, observer, epochs_, hint_, times));
  }
}

std::size_t Store::expire(Instant now) {
  std::size_t freed = 0;
  for (const auto& shard : shards_) freed += shard->expire(now);
  return freed;
}

std::size_t Store::sweep(Instant now, std::size_t budget) {
  std::size_t freed = expire(now);
  const std::size_t first = next_to_sweep_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const std::size_t index = (first + i) % shards_.size();
    freed += shards_[index]->sweep(now, budget);
    if (budget == 0) {
      next_to_sweep_.store(index, std::memory_order_relaxed);
      break;
    }
  }
  if (!settled(now)) note_swept();
  epochs_.collect();
  return freed;
}

bool Store::refresh_due(Instant now) const noexcept {
  return std::any_of(shards_.begin(), shards_.end(),
                     [&](const auto& shard) { return shard->refresh_due(now); });
}

std::vector<RefreshCandidate> Store::due_refreshes(Instant now, const HotReads& hot) {
  std::vector<RefreshCandidate> due;
  for (const auto& shard : shards_) shard->collect_refreshes(now, hot, due);
  return due;
}

void Store::postpone_refresh(const EntryRef& entry, Instant at) {
  shard_of(entry_of(entry).hash()).postpone_refresh(entry, at);
}

// An entry that is inserted meanwhile lowers `due` itself, before or after its shard is asked.
void Store::note_swept() {
  hint_.swept_at.store(0, std::memory_order_relaxed);
  hint_.due.store(kNever.time_since_epoch().count(), std::memory_order_relaxed);
  Revision least{UINT64_MAX};
  for (const auto& shard : shards_) least = std::min(least, shard->swept(hint_.due));
  hint_.swept_at.store(least.value, std::memory_order_relaxed);
}

bool Store::settled(Instant now) const noexcept {
  return hint_.swept_at.load(std::memory_order_relaxed) == freshness_.published().value &&
         now.time_since_epoch().count() < hint_.due.load(std::memory_order_relaxed);
}

Holdings Store::holdings() const {
  Holdings total;
  for (const auto& shard : shards_) {
    const Holdings part = shard->holdings();
    total.entries += part.entries;
    total.bytes += part.bytes;
    total.tagged += part.tagged;
    total.dependent += part.dependent;
    total.absent += part.absent;
  }
  return total;
}

void Store::close() {
  for (const auto& shard : shards_) shard->close();
  epochs_.collect();
}

}  // namespace freshet::detail
