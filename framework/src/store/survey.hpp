// Survey: what a look at a shard's entries gathers; Shard::survey() fills it, whoever asked evaluates it.
//
// Bounded in what it takes and in how long the lock of a shard is held: see SurveyLimits. Confined to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/detail/entry_ref.hpp"

namespace freshet::detail {

/// Per shard.
struct SurveyLimits {
  std::size_t sample = 0;              // entries to look at
  std::size_t next = 0;                // entries that expire next
  std::size_t looked_at_for_next = 0;  // entries to pass over at most while looking for those
};

struct Survey {
  /// One fresh entry.
  struct Sample {
    std::uint64_t bytes;
    Instant stored_at;
    Instant hard;
  };
  struct Expiring {
    EntryRef entry;
    Instant at;
  };

  std::vector<Sample> samples{};
  std::vector<Expiring> next{};  // of each shard its nearest, in no order
  bool all_looked_at = true;     // no shard had more entries than its sample
  bool next_complete = true;     // no shard had to stop looking
  bool values_have_sizes = false;
};

}  // namespace freshet::detail
