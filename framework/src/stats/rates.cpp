#include "stats/rates.hpp"

#include <fmt/format.h>

#include <string>

namespace freshet {

std::string_view name_of(WarningKind kind) noexcept {
  switch (kind) {
    case WarningKind::high_invalidation_rate:
      return "high_invalidation_rate";
    case WarningKind::tag_invalidated_most:
      return "tag_invalidated_most";
    case WarningKind::tag_too_broad:
      return "tag_too_broad";
    case WarningKind::tags_too_fine:
      return "tags_too_fine";
    case WarningKind::written_more_than_read:
      return "written_more_than_read";
  }
  return "";
}

std::string Warning::text() const {
  const std::string where = name_space.empty() ? "all namespaces" : '"' + name_space + '"';
  switch (kind) {
    case WarningKind::high_invalidation_rate:
      return fmt::format("{}: {:.0f} invalidations in a minute, more than {:.0f}", where, value,
                         threshold);
    case WarningKind::tag_invalidated_most:
      return fmt::format("the tag \"{}\" makes up {:.0f} % of the invalidations by tag", tag,
                         100 * value);
    case WarningKind::tag_too_broad:
      return fmt::format(
          "the tag \"{}\" is carried by {:.0f} % of all entries: to invalidate it empties the "
          "cache",
          tag, 100 * value);
    case WarningKind::tags_too_fine:
      return fmt::format("a tag has {:.2f} entries on average: invalidating keys would do", value);
    case WarningKind::written_more_than_read:
      return fmt::format("{}: {:.1f} writes for each hit in the last hour", where, value);
  }
  return "";
}

namespace detail {

RateBook::RateBook(std::size_t blocks, const WarningThresholds& thresholds)
    : thresholds_(thresholds), blocks_(blocks) {}

void RateBook::set_thresholds(const WarningThresholds& thresholds) {
  rt::Lock lock(mutex_);
  thresholds_ = thresholds;
}

void RateBook::note_invalidation(Instant now, std::optional<std::size_t> block) {
  rt::Lock lock(mutex_);
  invalidations_.add(now);
  if (block) blocks_[*block].invalidations.add(now);
}

void RateBook::note_tag(Instant now, std::string_view tag) {
  rt::Lock lock(mutex_);
  invalidations_.add(now);
  tags_.add({std::hash<std::string_view>{}(tag), {}, tag});
  if (tags_.total() >= kHalveTagsAfter) tags_.halve();
}

void RateBook::look(Instant now, std::size_t index, const NamespaceStatistics& counted) {
  const std::uint64_t writes = counted.puts + counted.invalidations_key;
  rt::Lock lock(mutex_);
  Block& block = blocks_[index];
  if (counted.hits > block.hits_seen) {
    block.hits.add(now, counted.hits - block.hits_seen);
    block.hits_seen = counted.hits;
  }
  if (writes > block.writes_seen) {
    block.writes.add(now, writes - block.writes_seen);
    block.writes_seen = writes;
  }
}

void RateBook::fill(Instant now, const LabelSpread& spread, Statistics& statistics) const {
  rt::Lock lock(mutex_);
  statistics.total.invalidation_rate = invalidations_.rate(now);
  warn_of_rate({}, statistics.total.invalidation_rate, statistics.warnings);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    NamespaceStatistics& block = statistics.namespaces[i];
    block.invalidation_rate = blocks_[i].invalidations.rate(now);
    warn_of_block(now, blocks_[i], block, statistics.warnings);
  }
  warn_of_tags(spread, statistics.total.entries, statistics.warnings);
}

void RateBook::warn_of_rate(const std::string& name, const Rate& rate,
                            std::vector<Warning>& warnings) const {
  const std::uint64_t limit = thresholds_.invalidations_per_minute;
  if (rate.last_minute <= limit) return;
  warnings.push_back({.kind = WarningKind::high_invalidation_rate,
                      .name_space = name,
                      .value = static_cast<double>(rate.last_minute),
                      .threshold = static_cast<double>(limit)});
}

void RateBook::warn_of_block(Instant now, const Block& block, const NamespaceStatistics& counted,
                             std::vector<Warning>& warnings) const {
  warn_of_rate(counted.name, counted.invalidation_rate, warnings);
  const std::uint64_t writes = block.writes.rate(now).last_hour;
  const std::uint64_t hits = block.hits.rate(now).last_hour;
  if (writes < thresholds_.written_from || writes <= hits) return;
  warnings.push_back(
      {.kind = WarningKind::written_more_than_read,
       .name_space = counted.name,
       .value = static_cast<double>(writes) / static_cast<double>(hits == 0 ? 1 : hits),
       .threshold = 1});
}

void RateBook::warn_of_tags(const LabelSpread& spread, std::uint64_t entries,
                            std::vector<Warning>& warnings) const {
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  if (tags_.total() >= thresholds_.tag_share_from) {
    const std::uint64_t all = tags_.total();
    const double too_often = thresholds_.tag_share;
    tags_.visit([&](const Frequency& tag) {
      const double value = share(tag.count - tag.error, all);
      if (value >= too_often)
        warnings.push_back({.kind = WarningKind::tag_invalidated_most,
                            .tag = tag.text,
                            .value = value,
                            .threshold = too_often});
      return false;  // the most frequent one only
    });
  }
  const double broadest = share(spread.broadest_entries, entries);
  if (entries >= thresholds_.tag_too_broad_from && broadest >= thresholds_.tag_too_broad) {
    warnings.push_back({.kind = WarningKind::tag_too_broad,
                        .tag = spread.broadest,
                        .value = broadest,
                        .threshold = thresholds_.tag_too_broad});
  }
  const double entries_per_tag = share(spread.carried, spread.labels);
  if (spread.labels >= thresholds_.tags_too_fine_from &&
      entries_per_tag < thresholds_.tags_too_fine) {
    warnings.push_back({.kind = WarningKind::tags_too_fine,
                        .value = entries_per_tag,
                        .threshold = thresholds_.tags_too_fine});
  }
}

}  // namespace detail
}  // namespace freshet
