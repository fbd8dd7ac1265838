// Writing a file so that whoever reads it, also after a crash, finds the old content or the new one, whole.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace freshet::detail {

/// Writes beside the file, has that reach the disk, and renames it over the file. Says what went wrong, empty if nothing; then
/// the file is as it was. Two writers at once: one of them wins, whole.
std::string write_durably(const std::filesystem::path& file, std::string_view content);

}  // namespace freshet::detail
