// The contract of a strategy, as a suite that runs over any: built in, registered in code, or loaded
// from a plugin. The tests run it, and `freshet plugin check`.
//
// What must hold, whatever a strategy decides:
//   - No call throws, also not for the strangest entry, event or time. No plugin call fails.
//   - An entry that is kept has hard > now, soft and refresh_at never or between now and hard, and
//     idle >= 0. With the options that are checked, an ordinary entry that nobody asked anything of
//     is kept.
//   - A lifetime that the caller asks for is not exceeded, and so is one of the loader's. Zero or
//     less of either means: not kept.
//   - The same entry gets an answer of the same shape: kept, with a soft or idle limit, or not.
//   - A decision is one of the three.
//   - What an event adds to a plan has names that can be invalidated. An event that the strategy
//     cannot know changes nothing about it.
//   - All that holds with several threads in it at once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "freshet/strategy.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet::plugin {

/// A rule that was broken, once however often.
struct ContractFinding {
  std::string rule;  // "on_store: a kept entry has hard > now"
  std::string found;
};

/// Makes a strategy of the kind that is checked. Called several times.
using MakeStrategy = std::function<std::unique_ptr<Strategy>(const StrategyCollaborators&)>;

/// Empty if all holds. Takes a fraction of a second and four threads.
std::vector<ContractFinding> check_strategy_contract(const MakeStrategy& make);

}  // namespace freshet::plugin
