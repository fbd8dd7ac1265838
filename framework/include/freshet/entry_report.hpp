// EntryReport: what a cache holds at this moment: how large, how old, how long still, and what expires next.
//
// Made on demand by CacheInvalidator::inspect(). Small blocks are looked at whole, large ones by a sample that does not
// depend on age, size or use, so that no reader waits long; `looked_at` and `sampled` say which it was. Dead entries that
// nobody has freed yet are left out of everything but `entries` and `bytes`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "freshet/clock.hpp"

namespace freshet {

/// How closely to look. Plain data.
struct InspectOptions {
  std::size_t next_to_expire = 10;  // entries to list per block; at most 1,000 are
  std::size_t sample = 10'000;      // entries to look at per block; each shard at least one
};

/// How values spread: nearest-rank percentiles. All zero if there are none. Plain data.
template <class T>
struct Spread {
  std::uint64_t count = 0;  // values that there were
  T p50{};
  T p90{};
  T p99{};
  T max{};  // of those that were looked at

  friend bool operator==(const Spread&, const Spread&) = default;
};

/// An entry that will expire.
struct ExpiringEntry {
  std::string name_space;
  std::string key;
  Duration in{};  // until its hard deadline, or its idle one if that is nearer and nobody reads it

  friend bool operator==(const ExpiringEntry&, const ExpiringEntry&) = default;
};

/// What one policy block holds. Plain data.
struct BlockEntries {
  std::string name;
  std::uint64_t entries = 0;  // exact; includes dead ones that are not freed yet
  std::uint64_t bytes = 0;    // the same
  bool values_have_sizes =
      false;                    // false: no SizeOf for the block's type, so bytes are those of keys
  std::uint64_t looked_at = 0;  // fresh entries that the spreads are about
  bool sampled = false;         // whether there were more than that
  Spread<std::uint64_t> size{};       // bytes
  Spread<Duration> age{};             // since it was stored
  Spread<Duration> remaining{};       // to the hard deadline; of entries that have one
  std::vector<ExpiringEntry> next{};  // nearest first
  bool next_complete = true;          // false: so many entries were near that some may be missing
};

/// A snapshot, block by block and shard by shard: not of one moment. Plain data.
struct EntryReport {
  std::vector<BlockEntries> namespaces;  // in the order of the policy

  /// A table per block for people.
  std::string text() const;

  /// {"namespaces": {"profiles": {entries, bytes, values_have_sizes, looked_at, sampled, size, age_ms, remaining_ms, next,
  /// next_complete}}}; size, age_ms and remaining_ms are {count, p50, p90, p99, max}, next is [{namespace, key, in_ms}].
  std::string json() const;
};

}  // namespace freshet
