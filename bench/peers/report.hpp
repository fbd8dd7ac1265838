// What was measured, as text for people and as JSON.
#pragma once

#include <string>

#include "peers/results.hpp"

namespace freshet::bench {

/// A table per workload, what an entry takes, and what was to be reached.
std::string text_report(const Results& results);

std::string json_report(const Results& results);

}  // namespace freshet::bench
