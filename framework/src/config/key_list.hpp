// Files of keys: what is to be warm, by hand or as the last run left it. warming.hpp says what a line is.
//
// A file of hot keys begins with a line that says so and ends with one that says how many they are: one that was cut off, or that
// somebody else wrote, is known by that. Bounded by kMaxKeyFileBytes and kMaxWarmKeys. Each function is O(bytes).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/findings.hpp"
#include "freshet/warming.hpp"

namespace freshet::config {

/// One key as a line has it, `namespace/key`, escapes and all; or what is wrong with it.
struct ReadKey {
  KeyName name{};
  std::string problem{};
};
ReadKey read_key_name(std::string_view text);

/// The keys of a file. With a finding, with its line, there are none.
std::vector<KeyName> read_key_file(const std::filesystem::path& file, Findings& findings);

/// The same for a file that hot_keys_text() made, and no other.
std::vector<KeyName> read_hot_keys(const std::filesystem::path& file, Findings& findings);

/// What save_hot_keys() writes.
std::string hot_keys_text(std::span<const KeyName> keys);

}  // namespace freshet::config
