// FirstNaming: the one moment at which keys of a namespace are depended on for the first time.
//
// A load from before it is not joined by whoever names a dependency then, which may be a key: writes of the key have left no trace until that moment. So it
// may explain a second load at once, in each namespace once: all loads that it is to explain must leave it a moment.
#pragma once

#include <algorithm>
#include <array>

#include "guarantees/history.hpp"

namespace freshet::testing::history {

class FirstNaming {
 public:
  /// Whether a load may have been begun beside `other` for that, where entries name dependencies at all. If so, it was.
  bool forced(const History& history, const Operation& load, const Operation& other) {
    const bool may_name = std::any_of(history.tied_to.begin(), history.tied_to.end(),
                                      [](KeySet dependents) { return dependents != 0; });
    return may_name && came_between(other.asked_at, load.start);
  }

 private:
  /// Whether it may have come after `since` and before `until`. If so, it did.
  bool came_between(Stamp since, Stamp until) {
    for (Span& span : spans_) {
      const Span both{std::max(span.since, since), std::min(span.until, until)};
      if (both.since >= both.until) continue;
      span = both;
      return true;
    }
    return false;
  }

  struct Span {
    Stamp since = 0;
    Stamp until = UINT32_MAX;
  };
  std::array<Span, kSpaces> spans_;  // of each namespace, in no order
};

}  // namespace freshet::testing::history
