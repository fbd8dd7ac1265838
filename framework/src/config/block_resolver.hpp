// BlockResolver: which policy block serves a namespace.
//
// The block of exactly its name; otherwise, of the globs that match, the one with the longest
// literal prefix. Two globs of equally long prefixes that could both match are refused when a
// policy is read (policy_reader.hpp), so the answer never depends on the order of the file. Cost: a
// hash lookup, then a match per glob. Asked once per namespace, when its first view is made.
// Immutable.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/policy_model.hpp"

namespace freshet::config {

class BlockResolver {
 public:
  explicit BlockResolver(std::span<const std::string> block_names);
  explicit BlockResolver(const PolicyModel& model);

  /// The index of the block, in the order that the resolver was given.
  std::optional<std::size_t> find(std::string_view name_space) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Glob {
    std::string pattern;
    std::size_t block;
  };

  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> exact_;
  std::vector<Glob> globs_;  // the longest literal prefix first
};

}  // namespace freshet::config
