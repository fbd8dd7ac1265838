// What comes due in a shard: the deadlines of its entries, and the refreshes of those that have one. Confined to the shard's lock.
#pragma once

#include "store/entry.hpp"
#include "store/timer_wheel.hpp"

namespace freshet::detail {

struct DeadlineOf {
  Instant operator()(const Entry& entry) const noexcept {
    const EntryExtra* const extra = entry.extra();
    return extra != nullptr && extra->outlasts ? entry.leaves_at() : entry.deadline();
  }
};
struct RefreshOf {
  Instant operator()(const EntryExtra& extra) const noexcept { return extra.refresh_due; }
};

/// An entry stands at a deadline that it had; if it was read since and expires when idle, its own may be later. One that outlasts its
/// time comes up at its deadline and stands at its end from then on.
using DeadlineIndex = TimerWheel<Entry, DeadlineTag, DeadlineOf>;
using RefreshIndex = TimerWheel<EntryExtra, RefreshTag, RefreshOf>;

}  // namespace freshet::detail
