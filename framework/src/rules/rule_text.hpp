// Rules and entities as a policy would write them, in the full form: what reads back to the same RuleSet.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rules/rule_model.hpp"

namespace freshet::rules {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

/// Each event with its rules, in the order of the first; each a line of YAML: `[{do: […]}]`.
NamedTexts event_texts(const RuleSet& rules);

/// Each event that comes by itself, with its times: `["06:00 Europe/Rome"]`.
NamedTexts schedule_texts(const RuleSet& rules);

/// Each entity with its parts: `{keys: […], tags: […]}`.
NamedTexts entity_texts(const RuleSet& rules);

}  // namespace freshet::rules
