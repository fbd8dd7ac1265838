#include "cache/hold_off.hpp"

#include <algorithm>
#include <limits>

namespace freshet::detail {

Duration longest_hold_off(const config::PolicyModel& policy) {
  Duration longest{};
  for (const config::BlockModel& block : policy.blocks)
    longest = std::max(longest, block.options.hold_off);
  return longest;
}

HoldOff::HoldOff(Duration longest) : longest_(longest.count()) {
  if (enabled()) written_ = make_stripes(std::numeric_limits<std::int64_t>::min());
}

HoldOff::Stripes HoldOff::make_stripes(std::int64_t at) const {
  auto stripes = std::make_unique<rt::Atomic<std::int64_t>[]>(stripes_);
  for (std::size_t i = 0; i < stripes_; ++i) stripes[i].store(at, std::memory_order_relaxed);
  return stripes;
}

// Every time before the oldest point counts as before everything, so that one point is enough to begin with.
void HoldOff::remember(Duration longest, Instant now, Revision revision) {
  rt::Lock lock(mutex_);
  if (longest <= this->longest()) return;
  if (!enabled()) written_ = make_stripes(now.time_since_epoch().count());
  if (points_.empty()) points_.push_back({now, revision});
  longest_.store(longest.count(), std::memory_order_release);
}

void HoldOff::note(Instant now, Revision revision) {
  if (!enabled()) return;
  rt::Lock lock(mutex_);
  if (!points_.empty() && points_.back().revision >= revision) return;
  // A point that is moved on in time says of its revision that it came later than it did: a load is refused that need not be.
  if (points_.size() > 1 && now - points_[points_.size() - 2].at < longest() / kSteps) {
    points_.back() = {now, revision};
  } else {
    points_.push_back({now, revision});
  }
  while (points_.size() > 2 && now - points_[1].at > longest()) points_.pop_front();
}

void HoldOff::note_key(std::uint64_t key_hash, Instant now) noexcept {
  if (!enabled()) return;
  // Only grows: two calls may note in another order than they looked at the clock.
  rt::Atomic<std::int64_t>& written = written_[key_hash % stripes_];
  const std::int64_t at = now.time_since_epoch().count();
  std::int64_t known = written.load(std::memory_order_relaxed);
  while (known < at && !written.compare_exchange_weak(known, at, std::memory_order_relaxed)) {
  }
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
  return written_[key_hash % stripes_].load(std::memory_order_relaxed) >
         when.time_since_epoch().count();
}

}  // namespace freshet::detail
