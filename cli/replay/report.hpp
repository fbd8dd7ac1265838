// Reports: figures as text for people and as JSON for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/entry_report.hpp"
#include "freshet/hot_key.hpp"
#include "replay/figures.hpp"
#include "replay/replayer.hpp"

namespace freshet::replay {

/// What one policy made of the traces.
struct PolicyResult {
  std::string name;    // given by the caller; the file if none was
  std::string policy;  // the file
  std::string name_space;
  Writes writes = Writes::silent;
  Figures figures;
  std::optional<std::vector<HotKey>> hot_keys{};  // if they were asked for; perhaps none
  std::optional<EntryReport> entries{};           // the same
};

/// One policy in full: a row per figure, a column per namespace and one in all; then the hot keys and the entries, as asked for.
std::string replay_text(const PolicyResult& result, Duration tick);
std::string replay_json(const PolicyResult& result, Duration tick);

/// Policies side by side: a row each.
std::string compare_text(const std::vector<PolicyResult>& results, Duration tick);
std::string compare_json(const std::vector<PolicyResult>& results, Duration tick);

}  // namespace freshet::replay
