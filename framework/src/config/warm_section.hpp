// The `warm:` section of a policy: which keys are loaded before anybody asks, and where the hot keys are kept between two runs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "freshet/config_value.hpp"
#include "freshet/findings.hpp"
#include "freshet/option_table.hpp"
#include "freshet/warming.hpp"

namespace freshet::config {

/// The section, read and judged.
struct WarmModel {
  WarmOptions options{};
  std::vector<KeyName> keys{};       // of the list, then of the file
  std::filesystem::path last_run{};  // where that is; empty: nowhere
};

/// What stands beside the blocks: one section, `warm`.
struct WarmTable {
  WarmOptions warm{};
};
const OptionTable<WarmTable>& warm_table();

/// Reads the section of a document, and the file that it names.
WarmModel read_warm(const ConfigValue& root, Findings& findings);
/// The same for options given in code, beside blocks of these names; findings have no places.
WarmModel warm_from_code(const WarmOptions& options, const std::vector<std::string>& blocks,
                         Findings& findings);

}  // namespace freshet::config
