// Rules given in code, as the document that says the same: there is one reader, and so one set of rules for rules.
#pragma once

#include <string>
#include <vector>

#include "freshet/config_value.hpp"
#include "freshet/findings.hpp"
#include "freshet/rule.hpp"
#include "rules/rule_model.hpp"

namespace freshet::rules {

/// `blocks`: the names of the policy's blocks. Findings have paths and no places: "events.user_logout.rules[0].do[1]…", counted in
/// the order of the calls for that event.
RuleSet rules_from_code(const RulesInCode& given, const std::vector<std::string>& blocks,
                        Findings& findings);

}  // namespace freshet::rules
