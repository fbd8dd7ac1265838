// Rates and warnings: how often the cache is invalidated, and what in its use deserves a look.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace freshet {

/// How many of something happened lately. Counted on the invalidator's clock: the minute to the second, the hour to the
/// minute.
struct Rate {
  std::uint64_t last_minute = 0;
  std::uint64_t last_hour = 0;
};

/// From where on a warning is given. Plain data; the defaults here are the reference. `warnings:` of a policy replaces
/// what it names. Counts are at least 1, shares in (0, 1].
struct WarningThresholds {
  std::uint64_t invalidations_per_minute = 1'000;  // calls, in one block or in all; more than this
  double tag_share = 0.5;              // of the latest tag invalidations that one tag makes up
  std::uint64_t tag_share_from = 100;  // tag invalidations, before shares mean anything
  double tag_too_broad = 0.8;          // of all entries that carry one tag
  std::uint64_t tag_too_broad_from = 1'000;  // entries
  double tags_too_fine = 1.1;                // [1, 2] entries per tag, on average; fewer than this
  std::uint64_t tags_too_fine_from = 1'000;  // tags
  std::uint64_t written_from =
      1'000;  // writes to a block within an hour, before more writes than hits mean anything
};

enum class WarningKind : std::uint8_t {
  high_invalidation_rate,  // a block, or all of them, is invalidated very often
  tag_invalidated_most,    // one tag makes up most of the invalidations by tag
  tag_too_broad,           // most entries carry one tag: to invalidate it empties the cache
  tags_too_fine,           // hardly a tag has more than one entry: keys would do
  written_more_than_read,  // a block is written more often than it is hit
};

std::string_view name_of(WarningKind kind) noexcept;

/// Plain data.
struct Warning {
  WarningKind kind{};
  std::string name_space{};  // of the block; empty: of all
  std::string tag{};         // if it is about one
  double value = 0;          // what was found, and
  double threshold = 0;      // from where on it is worth a warning

  /// A sentence for people.
  std::string text() const;
};

}  // namespace freshet
