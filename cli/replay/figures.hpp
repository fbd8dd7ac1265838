// Figures: what a replay measured.
#pragma once

#include <cstdint>

namespace freshet::replay {

struct Figures {
  std::uint64_t requests = 0;             // rows: get, set and delete
  std::uint64_t hits = 0;                 // gets answered from memory
  std::uint64_t misses = 0;               // gets that loaded
  std::uint64_t stale_serves = 0;         // hits with an older version than the origin had
  std::uint64_t loads = 0;                // refreshes included
  std::uint64_t refreshes = 0;            // loads ahead of a deadline
  std::uint64_t invalidations = 0;        // calls
  std::uint64_t entries_invalidated = 0;  // entries that those calls made stale
  std::uint64_t evictions = 0;            // entries that made room for others

  std::uint64_t reads() const noexcept { return hits + misses; }

  /// hits / reads; 0 without reads.
  double hit_ratio() const noexcept { return share_of_reads(hits); }

  /// stale_serves / reads: how many of all reads were answered with old data.
  double stale_ratio() const noexcept { return share_of_reads(stale_serves); }

 private:
  double share_of_reads(std::uint64_t count) const noexcept {
    return reads() == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(reads());
  }
};

}  // namespace freshet::replay
