// Revision: the logical clock that decides freshness. It only grows; see framework/src/freshness/README.md.
#pragma once

#include <compare>
#include <cstdint>

namespace freshet {

/// A point in the order of invalidations of one CacheInvalidator. Not a time.
struct Revision {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const Revision&, const Revision&) = default;
};

}  // namespace freshet
