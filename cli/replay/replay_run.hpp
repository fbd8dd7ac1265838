// replay_traces: trace files through one or more replayers, in one pass, with a progress bar.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "replay/replayer.hpp"

namespace freshet::replay {

/// Every row goes to every replayer. Files are read in their order as one stream. Throws
/// trace::TraceError before the first row if a file cannot be opened, at the row if one is broken.
void replay_traces(const std::vector<std::filesystem::path>& files, std::span<Replayer> replayers);

}  // namespace freshet::replay
