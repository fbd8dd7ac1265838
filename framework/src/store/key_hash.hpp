// key_hash(): the hash of a key within its namespace, XXH3 compiled in: short keys are cheaper hashed than handed over.
#pragma once

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#include <cstdint>
#include <string_view>

#include "freshness/label.hpp"

namespace freshet::detail {

/// Seeded by the namespace's name, not its address: a key keeps its stripe when the label is dropped and comes back.
inline std::uint64_t key_hash(const Label& space, std::string_view key) noexcept {
  return XXH3_64bits_withSeed(key.data(), key.size(), space.hash());
}

}  // namespace freshet::detail
