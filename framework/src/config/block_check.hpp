// What is judged about blocks once they are structs, alike for YAML and for code.
#pragma once

#include <any>
#include <span>
#include <string>

#include "config/policy_model.hpp"
#include "freshet/findings.hpp"

namespace freshet::config {

/// Bounds what a file of 256 KiB can make of itself once `defaults` have been copied into every
/// block, and how long ties between globs are looked for.
inline constexpr std::size_t kMaxBlocks = 1'000;
inline constexpr std::size_t kMaxGlobs = 100;
inline constexpr std::size_t kMaxDefaultsBytes =
    2 * 1024 * 1024;  // of `defaults`, for all blocks together

struct BlockName {
  std::string name;
  Place place;
};

/// Names are neither empty nor too long, none stands twice, no two globs tie, and there are not too
/// many.
void check_block_names(std::span<const BlockName> names, Findings& findings);

/// Each option by itself. Paths are those below the block; places are left to the caller.
void check_block_options(const BlockModel& block, Findings& findings);

/// Options against each other: fields that tags and strategy name are fields of the key. As above.
void check_block_relations(const BlockModel& block, Findings& findings);

/// "namespaces.profiles"
std::string block_path(std::string_view name);

}  // namespace freshet::config
