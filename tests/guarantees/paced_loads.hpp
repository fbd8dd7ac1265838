// PacedLoads: no more loads begin in the background than the budget says, in any second of the clock.
//
// A load counts for the budget when it is handed to the executor. What waits there may begin later, together with what is handed over
// then: as many more as may be under way at once.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "guarantees/history.hpp"
#include "guarantees/history_fault.hpp"

namespace freshet::testing::history {

/// Those that came too soon. Of histories in which whatever is loaded in the background shares one budget.
inline std::vector<Violation> loads_beyond_budget(const History& history) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::vector<const Operation*> loads;
  for (const Log& log : history.logs) {
    for (const Operation& operation : log.operations) {
      if (operation.act == Act::load && operation.asked_at == 0) loads.push_back(&operation);
    }
  }
  std::sort(loads.begin(), loads.end(),
            [](const Operation* a, const Operation* b) { return a->clock < b->clock; });
  std::vector<Violation> violations;
  const std::size_t most = history.terms.background_loads;
  for (std::size_t i = most; most != 0 && i < loads.size(); ++i) {
    if (loads[i]->clock - loads[i - most]->clock < kSecond)
      violations.push_back({Fault::over_budget, *loads[i]});
  }
  return violations;
}

}  // namespace freshet::testing::history
