// Which strategies a block has: a name, a list of names, or the word hybrid.
//
// Rules. `hybrid` stands for ttl, event and predictive. predictive brings ttl along, for it needs a deadline to be ahead
// of; event does where the block gives a ttl of its own. manual, nothing but explicit calls, composes with none. They are
// asked in this order: ttl, then the others as written, then predictive, which goes by the deadlines before it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "freshet/config_value.hpp"
#include "freshet/findings.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet::config {

using Composition = std::vector<const StrategyType*>;

/// The names that `strategy:` takes.
std::vector<std::string> strategy_words(const StrategyRegistry& registry);

/// Whether the word stands for several strategies and so can be the name of none.
bool is_composition_word(std::string_view word) noexcept;

/// Reads the value of `strategy:`, which stands at `path`. Empty if it cannot be told; that has been reported.
Composition read_composition(const ConfigValue& value, const std::string& path,
                             const StrategyRegistry& registry, Findings& findings);

/// Adds what the strategies bring along, and puts them in the order in which they are asked. `own` is the block.
void complete_composition(Composition& composition, const ConfigValue& own,
                          const StrategyRegistry& registry);

/// The place of a strategy in the order: lower is asked earlier.
int composition_rank(const StrategyType& type);

/// What is wrong with composing these; nothing if they can be.
std::string composition_problem(const Composition& composition);

}  // namespace freshet::config
