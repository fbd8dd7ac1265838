// The `schedules:` of a policy: events that come by the calendar or after an interval.
#pragma once

#include <vector>

#include "freshet/config_value.hpp"
#include "freshet/findings.hpp"
#include "rules/rule_model.hpp"

namespace freshet::rules {

/// At most 1,000, each with a time or a list of times. `root` is the whole document.
std::vector<ScheduledEvent> read_schedules(const ConfigValue& root, Findings& findings);

}  // namespace freshet::rules
