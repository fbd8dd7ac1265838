// The option tables of `analytics:` and `warnings:`, which stand beside the blocks and count for all of them.
//
// What a policy writes there replaces what Components says, option by option; so the struct that is read into begins as
// the Components' own. Both are judged together, by the same ranges.
#pragma once

#include "freshet/analytics.hpp"
#include "freshet/option_table.hpp"
#include "freshet/rates.hpp"

namespace freshet::config {

/// How closely reads are watched, and from where on statistics warn.
struct Observation {
  AnalyticsOptions analytics{};
  WarningThresholds warnings{};
};

/// Two sections, `analytics` and `warnings`.
const OptionTable<Observation>& observation_table();

}  // namespace freshet::config
