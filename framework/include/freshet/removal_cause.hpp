// Why an entry left the cache.
#pragma once

#include <cstdint>

namespace freshet {

enum class RemovalCause : std::uint8_t {
  explicit_,  // its key was invalidated
  replaced,   // a newer value took its place
  expired,    // its hard deadline came
  capacity,   // evicted for room
  label,      // its namespace, a tag, a dependency, a version or everything was invalidated
  ban,        // a pattern, a prefix, an all-of or a predicate hit it
};

}  // namespace freshet
