#include "cache/hold_off.hpp"

#include <limits>

namespace freshet::detail {

HoldOff::HoldOff(Duration longest)
    : longest_(longest), written_(longest > Duration::zero() ? kStripes : 0) {
  for (auto& at : written_) at.store(std::numeric_limits<std::int64_t>::min());
}

void HoldOff::note(Instant now, Revision revision) {
  if (!enabled()) return;
  rt::Lock lock(mutex_);
  if (!points_.empty() && points_.back().revision >= revision) return;
  // A point that is moved on in time says of its revision that it came later than it did: a load is refused that need not be.
  if (points_.size() > 1 && now - points_[points_.size() - 2].at < longest_ / kSteps) {
    points_.back() = {now, revision};
  } else {
    points_.push_back({now, revision});
  }
  while (points_.size() > 2 && now - points_[1].at > longest_) points_.pop_front();
}

void HoldOff::note_key(std::uint64_t key_hash, Instant now) noexcept {
  if (!enabled()) return;
  written_[key_hash % kStripes].store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

Revision HoldOff::revision_at(Instant when) const {
  rt::Lock lock(mutex_);
  Revision newest{};
  bool dropped_older = true;
  for (const Point& point : points_) {
    if (point.at > when) break;
    newest = point.revision;
    dropped_older = false;
  }
  // Nothing was invalidated by then, as far as is remembered: everything that is remembered came later.
  return dropped_older ? Revision{} : newest;
}

bool HoldOff::key_written_after(std::uint64_t key_hash, Instant when) const noexcept {
  if (!enabled()) return false;
  return written_[key_hash % kStripes].load(std::memory_order_relaxed) >
         when.time_since_epoch().count();
}

}  // namespace freshet::detail
