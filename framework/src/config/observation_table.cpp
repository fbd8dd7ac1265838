// AnalyticsOptions and WarningThresholds: names and ranges.
#include "config/observation_table.hpp"

#include <fmt/format.h>

namespace freshet::config {
namespace {

constexpr std::uint64_t kMostTrackedKeys = 1'000'000;  // per block; they are kept with their text
constexpr std::uint64_t kMostReadsPerSample = 1'000'000;

OptionTable<AnalyticsOptions> analytics_table() {
  OptionTable<AnalyticsOptions> table;
  table.add("hot_keys", &AnalyticsOptions::hot_keys, boolean_kind(),
            "whether reads are watched at all; false: no hot keys, and predictive goes by each "
            "entry's own reads");
  table.add("tracked_keys", &AnalyticsOptions::tracked_keys,
            count_kind({.at_least = 1, .at_most = kMostTrackedKeys}),
            "keys counted per block; one that is read more often than 1 / tracked_keys of all "
            "reads is found");
  table.add("sample_one_in", &AnalyticsOptions::sample_one_in,
            count_kind({.at_least = 1, .at_most = kMostReadsPerSample}),
            "one read in so many is counted, once a block is no longer young; 1: every read");
  table.add("halve_after", &AnalyticsOptions::halve_after, count_kind(),
            "counted reads after which all counts are halved, so that what cools down leaves; 0: "
            "never");
  return table;
}

/// How much more than one entry a tag should have: `10%` is 1.1.
OptionKind<double> surplus_kind() {
  const OptionKind<double> share = percentage_kind({.at_least = 0.0, .at_most = 1.0});
  return {
      .type = share.type,
      .range = share.range,
      .read =
          [share](const ConfigValue& value, const std::string& path, double& into,
                  Findings& findings) {
            double surplus = 0;
            if (!share.read(value, path, surplus, findings)) return false;
            into = 1 + surplus;
            return true;
          },
      .check = [share](const double& value, const std::string& path,
                       Findings& findings) { share.check(value - 1, path, findings); },
      .text = [share](const double& value) { return share.text(value - 1); },
  };
}

OptionTable<WarningThresholds> warnings_table() {
  const auto share = [] { return percentage_kind({.above = 0.0, .at_most = 1.0}); };
  const auto amount = [] { return count_kind({.at_least = 1}); };
  OptionTable<WarningThresholds> table;
  table.add("invalidations_per_minute", &WarningThresholds::invalidations_per_minute, amount(),
            "more calls than this, in one block or in all");
  table.add("tag_share", &WarningThresholds::tag_share, share(),
            "of the latest invalidations by tag, that one tag makes up");
  table.add("tag_share_from", &WarningThresholds::tag_share_from, amount(),
            "invalidations by tag, before shares mean anything");
  table.add("tag_too_broad", &WarningThresholds::tag_too_broad, share(),
            "of all entries, that carry one tag");
  table.add("tag_too_broad_from", &WarningThresholds::tag_too_broad_from, amount(),
            "entries, before that means anything");
  table.add("tags_too_fine", &WarningThresholds::tags_too_fine, surplus_kind(),
            "by how much the entries that carry tags outnumber the tags; warns of less");
  table.add("tags_too_fine_from", &WarningThresholds::tags_too_fine_from, amount(),
            "tags, before that means anything");
  table.add("written_from", &WarningThresholds::written_from, amount(),
            "writes to a block within an hour, before more writes than hits mean anything");
  return table;
}

}  // namespace

const OptionTable<Observation>& observation_table() {
  static const OptionTable<Observation> table = [] {
    OptionTable<Observation> made;
    made.add_section("analytics", &Observation::analytics, analytics_table());
    made.add_section("warnings", &Observation::warnings, warnings_table());
    return made;
  }();
  return table;
}

}  // namespace freshet::config
