// Judging what freshet_plugin_entry answers, before any of its functions is called.
#pragma once

#include <optional>
#include <string>

#include "freshet/plugin_sdk/abi.h"

namespace freshet::plugin {

/// What is wrong with the table, with both versions where it is the version; nullopt if nothing is.
/// Reads no further than what has been found good.
std::optional<std::string> table_problem(const freshet_plugin_v1* table);

/// Whether it is a word of lower-case letters, digits and '_', of at most 64 bytes.
bool is_plugin_name(const char* name);

}  // namespace freshet::plugin
