// Globs: `*` stands for any run of characters, also none, `?` for one; everything else for itself.
// There is no escape.
//
// A pattern of more than kMaxNamespaceBytes with a star in it matches nothing: no block may be called so.
// Time of each call: length of the one times length of the other / 64 at worst; no recursion, no
// allocation.
#pragma once

#include <string_view>

namespace freshet::config {

bool is_glob(std::string_view pattern) noexcept;

/// What stands before the first `*` or `?`: all of it if there is none.
std::string_view literal_prefix(std::string_view pattern) noexcept;

bool glob_matches(std::string_view pattern, std::string_view name) noexcept;

/// Whether there is a name that both match.
bool globs_meet(std::string_view a, std::string_view b) noexcept;

}  // namespace freshet::config
