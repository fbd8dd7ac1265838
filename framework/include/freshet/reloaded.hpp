// Reloaded: what came of putting another policy in place of the one at work.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace freshet {

/// Plain data.
struct Reloaded {
  std::vector<std::string> blocks{};  // that it changed, in the order of the policy
  std::uint64_t expired = 0;          // entries, for their block's `key` or `tags` changed; at most
};

}  // namespace freshet
