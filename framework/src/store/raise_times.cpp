#include "store/raise_times.hpp"

#include <algorithm>

namespace freshet::detail {

void RaiseTimes::begin(Revision revision) {
  rt::Lock lock(mutex_);
  if (begun()) return;
  forgotten_ = revision;
  begun_.store(true, std::memory_order_release);
}

void RaiseTimes::note(Instant now, Revision revision) {
  if (!begun() || revision.value <= newest_.load(std::memory_order_relaxed)) return;
  rt::Lock lock(mutex_);
  if (revision <= forgotten_ || (!points_.empty() && points_.back().revision >= revision)) return;
  if (!points_.empty() && now - points_.back().at < kStep) {
    points_.back().revision = revision;
  } else {
    points_.push_back({now, revision});
  }
  if (points_.size() > kPoints) {
    forgotten_ = points_.front().revision;
    points_.pop_front();
  }
  newest_.store(revision.value, std::memory_order_relaxed);
}

Instant RaiseTimes::time_of(Revision revision, Instant now) const {
  rt::Lock lock(mutex_);
  if (revision <= forgotten_) return Instant::min();
  const auto first =
      std::lower_bound(points_.begin(), points_.end(), revision,
                       [](const Point& point, Revision wanted) { return point.revision < wanted; });
  return first == points_.end() ? now : first->at;
}

}  // namespace freshet::detail
