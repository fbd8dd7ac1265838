#include "cache/scheduled_events.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace freshet::detail {

void ScheduledEvents::set(const std::vector<rules::ScheduledEvent>& schedules) {
  std::vector<Waiting> next;
  next.reserve(schedules.size());
  rt::Lock lock(mutex_);
  for (const rules::ScheduledEvent& schedule : schedules) {
    const auto known = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& other) {
      return other.what.event == schedule.event && other.what.when.text() == schedule.when.text();
    });
    next.push_back(known == waiting_.end() ? wait_for(schedule) : *known);
  }
  waiting_ = std::move(next);
  looked_at_ = clock_.wall_now();
}

ScheduledEvents::Waiting ScheduledEvents::wait_for(const rules::ScheduledEvent& schedule) const {
  if (const auto interval = schedule.when.interval())
    return {.what = schedule, .at = later(clock_.now(), *interval)};
  return {.what = schedule, .due = schedule.when.next(clock_.wall_now())};
}

void ScheduledEvents::look() {
  std::vector<std::string> due;
  {
    rt::Lock lock(mutex_);
    if (waiting_.empty()) return;
    const WallTime wall = clock_.wall_now();
    const Instant now = clock_.now();
    const bool set_back = wall < looked_at_ - kSetBack;
    looked_at_ = wall;
    for (Waiting& waiting : waiting_) {
      const bool by_interval = waiting.what.when.interval().has_value();
      const bool is_due = by_interval ? waiting.at <= now : waiting.due <= wall;
      if (is_due) due.push_back(waiting.what.event);
      if (is_due || (set_back && !by_interval)) waiting = wait_for(waiting.what);
    }
  }
  for (std::string& event : due) {
    try {
      emit_(Event(std::move(event)));
    } catch (
        ...) {  // NOLINT(bugprone-empty-catch): no memory for this one; emit says what else went wrong
    }
  }
}

}  // namespace freshet::detail
