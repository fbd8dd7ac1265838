// What a reload may not change of a policy at work: which blocks there are, how much they hold, how they are watched, which
// plugins there are. Everything else it may.
#pragma once

#include "config/policy_model.hpp"
#include "freshet/findings.hpp"

namespace freshet::config {

/// Capacity and eviction of one block. Paths are those below the block; places are left to the caller.
void check_block_reload(const BlockModel& running, const BlockModel& next, Findings& findings);

/// `analytics`, which is the path of its finding.
void check_observation_reload(const Observation& running, const Observation& next,
                              Findings& findings);

/// The block of that name; null if there is none.
const BlockModel* find_block(const PolicyModel& policy, std::string_view name);

}  // namespace freshet::config
