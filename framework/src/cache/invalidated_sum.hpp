// The sum of what several invalidations did.
#pragma once

#include <algorithm>

#include "freshet/invalidation.hpp"

namespace freshet::detail {

inline void add_to(Invalidated& sum, const Invalidated& more) {
  sum.count += more.count;
  if (more.exactness == Exactness::at_most) sum.exactness = Exactness::at_most;
  sum.remote = std::max(sum.remote, more.remote);
  sum.revision = more.revision;
  sum.collected = sum.collected || more.collected;
}

}  // namespace freshet::detail
