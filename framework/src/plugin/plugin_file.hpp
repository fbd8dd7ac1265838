// Judging the file of a plugin before a byte of it runs: who can write it, and whether it is a whole
// shared object for this machine.
//
// A truncated file passes for a shared object until its missing pages are touched, which ends the
// process with SIGBUS; so every segment and table that the header speaks of must lie in the file.
// Between this look and the loading, only root and this user could change the file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace freshet::plugin {

/// What is wrong with it, in words that can follow the path; nullopt if nothing is.
std::optional<std::string> file_problem(const std::filesystem::path& file);

}  // namespace freshet::plugin
