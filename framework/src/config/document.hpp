// Reads YAML text into a ConfigValue, and refuses what a policy has no use for and an attacker has.
//
// Refused: more than 256 KiB, invalid UTF-8, control characters, anchors, aliases, tags, keys that
// are no text, keys
//   given twice, nesting deeper than 32, more than 20,000 nodes, scalars over 64 KiB, anything
//   after the one document.
// Findings have line and column, both from 1; columns count characters, not bytes. What can be
// passed over (a tag, an
//   anchor, a second key of one name) is reported and passed over, so that one run finds as much as
//   possible.
// Cost: one pass; the worst text that is accepted takes about a tenth of a second. Driven as an
// event stream, since
//   yaml-cpp's nodes expand aliases without bound and keep no second key to complain about.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "freshet/config_value.hpp"
#include "freshet/findings.hpp"

namespace freshet::config {

inline constexpr std::size_t kMaxDocumentBytes = 256 * 1024;
inline constexpr std::size_t kMaxDepth = 32;
inline constexpr std::size_t kMaxNodes = 20'000;
inline constexpr std::size_t kMaxScalarBytes = 64 * 1024;
inline constexpr std::size_t kMaxFindings = 100;  // about one policy; what follows is not read

/// The document, or nullopt where it could not be read to its end. Either way there may be
/// findings. `file` is the name that places carry.
std::optional<ConfigValue> read_document(std::string_view text, const std::string& file,
                                         Findings& findings);

/// The text of a regular file, or nullopt and a finding. Of a larger one than `max_bytes`, one byte more than that.
std::optional<std::string> read_file(const std::filesystem::path& file, Findings& findings,
                                     std::size_t max_bytes = kMaxDocumentBytes);

}  // namespace freshet::config
