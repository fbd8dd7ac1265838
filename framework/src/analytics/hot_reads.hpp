// HotReads: the most-read keys of a block at one moment, to be asked for by hash.
//
// A hash that two keys share makes the second count as hot too: at 64 bits that costs a refresh once in a great while.
// Thread-compatible.
#pragma once

#include <cstdint>
#include <unordered_map>

namespace freshet::detail {

class HotReads {
 public:
  void add(std::uint64_t hash, std::uint64_t reads) { reads_[hash] = reads; }

  /// How often a key was read for sure (what was counted, less its error); 0 for a key that is none of the hottest.
  std::uint64_t reads(std::uint64_t hash) const noexcept {
    const auto found = reads_.find(hash);
    return found == reads_.end() ? 0 : found->second;
  }

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> reads_;
};

}  // namespace freshet::detail
