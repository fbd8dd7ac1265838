// RateBook: what happened lately, per policy block and in all, and what deserves a warning.
//
// Invalidations are written down as they happen: none is on the path of a hit. Hits and writes are the growth of the
// counters between two looks, by the sweeper's tick and by whoever reads; a look after a long pause puts all of the pause
// into its own second. No thread of its own.
// Memory: fixed per block, and kTags tags. Thread-safe. Calls nothing with its lock held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "analytics/stream_summary.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/rates.hpp"
#include "freshet/statistics.hpp"
#include "freshness/label_spread.hpp"
#include "stats/recent_count.hpp"

namespace freshet::detail {

class RateBook {
 public:
  RateBook(std::size_t blocks, const WarningThresholds& thresholds);

  /// From here on.
  void set_thresholds(const WarningThresholds& thresholds) FRESHET_EXCLUDES(mutex_);

  /// An invalidation that belongs to a block, or to none. O(1).
  void note_invalidation(Instant now, std::optional<std::size_t> block) FRESHET_EXCLUDES(mutex_);
  /// An invalidation of a tag, which belongs to no block. O(1).
  void note_tag(Instant now, std::string_view tag) FRESHET_EXCLUDES(mutex_);

  /// Takes over the counters of a block.
  void look(Instant now, std::size_t block, const NamespaceStatistics& counted)
      FRESHET_EXCLUDES(mutex_);

  /// Fills the rates and the warnings of `statistics`, whose blocks are in the order of the policy.
  void fill(Instant now, const LabelSpread& spread, Statistics& statistics) const
      FRESHET_EXCLUDES(mutex_);

 private:
  static constexpr std::size_t kTags = 256;
  static constexpr std::uint64_t kHalveTagsAfter =
      65'536;  // so that a tag's share is one of lately

  struct Block {
    RecentCount invalidations;
    RecentCount hits;
    RecentCount writes;
    std::uint64_t hits_seen = 0;
    std::uint64_t writes_seen = 0;
  };

  void warn_of_block(Instant now, const Block& block, const NamespaceStatistics& counted,
                     std::vector<Warning>& warnings) const FRESHET_REQUIRES(mutex_);
  void warn_of_rate(const std::string& name, const Rate& rate, std::vector<Warning>& warnings) const
      FRESHET_REQUIRES(mutex_);
  void warn_of_tags(const LabelSpread& spread, std::uint64_t entries,
                    std::vector<Warning>& warnings) const FRESHET_REQUIRES(mutex_);

  mutable rt::Mutex mutex_;
  WarningThresholds thresholds_ FRESHET_GUARDED_BY(mutex_);
  std::vector<Block> blocks_ FRESHET_GUARDED_BY(mutex_);
  RecentCount invalidations_ FRESHET_GUARDED_BY(mutex_);  // of all
  StreamSummary tags_ FRESHET_GUARDED_BY(mutex_){kTags};
};

}  // namespace freshet::detail
