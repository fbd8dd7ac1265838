// What a policy block's store holds, told as BlockEntries.
//
// Walks the shards one after the other, each under its own lock for a bounded number of entries. Thread-safe.
#pragma once

#include <string>

#include "freshet/entry_report.hpp"
#include "store/store.hpp"

namespace freshet::detail {

BlockEntries survey_entries(const std::string& block, Store& store, const InspectOptions& options,
                            Instant now);

}  // namespace freshet::detail
