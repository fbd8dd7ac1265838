// ScheduledEvents: emits the events of `schedules:` when their times come.
//
// Starts nothing: the sweeper looks. Times of the calendar follow the wall clock: what it leaps over comes once, at the leap; when it is
// set back by more than a minute, times that have come may come again. Intervals follow the time line and are not affected.
// Thread-safe. Its lock is held while nobody else's code runs.
#pragma once

#include <functional>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/event.hpp"
#include "rules/rule_model.hpp"

namespace freshet::detail {

class ScheduledEvents {
 public:
  static constexpr Duration kSetBack = std::chrono::minutes{1};

  /// Both outlive this. `emit` may throw: the other events come all the same.
  ScheduledEvents(const Clock& clock, std::function<void(const Event&)> emit)
      : clock_(clock), emit_(std::move(emit)) {}

  /// Other schedules from here on. What was waited for already is waited for still.
  void set(const std::vector<rules::ScheduledEvent>& schedules) FRESHET_EXCLUDES(mutex_);

  /// Emits what is due. O(schedules).
  void look() FRESHET_EXCLUDES(mutex_);

 private:
  struct Waiting {
    rules::ScheduledEvent what;
    WallTime due{};  // of a time of the calendar
    Instant at{};    // of an interval
  };
  Waiting wait_for(const rules::ScheduledEvent& schedule) const;

  const Clock& clock_;
  const std::function<void(const Event&)> emit_;
  rt::Mutex mutex_;
  std::vector<Waiting> waiting_ FRESHET_GUARDED_BY(mutex_);
  WallTime looked_at_ FRESHET_GUARDED_BY(mutex_){};
};

}  // namespace freshet::detail
