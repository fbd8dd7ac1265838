// Warming: keys that are loaded in the background before anybody asks for them, at start or at any time.
//
// From a list in the policy, from a file, or from what the last run read most. A key waits until a loader is bound to its
// namespace (Cache::bind_loader) and is then loaded within the budget of its block (RecomputeOptions), unless something fresh
// is there already. What comes out is an entry like any other: its birth is the revision at which its load began.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "freshet/invalidation.hpp"

namespace freshet {

inline constexpr std::size_t kMaxWarmKeys = 100'000;  // that wait at once, over all blocks
inline constexpr std::size_t kMaxKeyFileBytes = 64 * 1024 * 1024;  // of a file of keys

/// `warm:` of a policy. A relative path starts at the policy file's folder; at the working directory if there is none.
///
/// A file of keys has a line for each, `namespace/key`: the namespace ends at the first slash. Empty lines and those that begin
/// with `#` say nothing. `\\`, `\n`, `\r` and `\xHH` stand for a backslash, line ends, and any byte.
struct WarmOptions {
  std::vector<std::string> keys{};  // at most 1,000: "namespace/key"
  std::string
      file{};  // of keys, read at start; one that cannot be read refuses the policy; empty: none
  /// Where close() leaves the most-read keys for the next start; empty: nowhere. Read at start if it is there; one that is
  /// damaged is logged and counted, and nothing of it is loaded.
  std::string last_run{};
  std::uint64_t hot_keys = 1'000;  // 1 to 100,000: how many of them
};

/// How far warming has come since the start. Plain data.
struct WarmProgress {
  std::uint64_t asked = 0;           // keys, in all
  std::uint64_t waiting = 0;         // for their turn, or for a loader
  std::uint64_t without_loader = 0;  // of `waiting`: no loader is bound to their namespace
  std::uint64_t under_way = 0;
  std::uint64_t loaded = 0;
  std::uint64_t already_there = 0;  // something fresh was, when their turn came
  std::uint64_t failed = 0;         // the loader threw

  bool done() const noexcept { return waiting == 0 && under_way == 0; }
};

}  // namespace freshet
