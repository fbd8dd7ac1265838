// The option table of a policy block: what every block has, whatever its strategy.
#pragma once

#include <cstddef>
#include <string_view>

#include "freshet/option_table.hpp"
#include "freshet/policy.hpp"

namespace freshet::config {

inline constexpr std::size_t kMaxTemplateTags = 64;

/// The key that names the strategy; it has no place in BlockOptions.
inline constexpr std::string_view kStrategyKey = "strategy";

/// capacity, eviction, key, tags, lease.
const OptionTable<BlockOptions>& block_table();

/// Whether every block has this key; strategies cannot have it.
bool is_block_key(std::string_view key);

}  // namespace freshet::config
