// What Freshet is to reach beside its peers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "peers/results.hpp"

namespace freshet::bench {

/// One thing to reach. Not measured: the run left out what it takes.
struct Goal {
  std::string text;
  double target = 0;
  bool at_least = true;  // or at most
  std::optional<double> measured;

  bool reached() const {
    return measured && (at_least ? *measured >= target : *measured <= target);
  }
};

std::vector<Goal> goals_of(const Results& results);

}  // namespace freshet::bench
