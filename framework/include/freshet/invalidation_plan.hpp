// InvalidationPlan: what an event leads to, collected before anything happens.
//
// Strategies and rules write it; the invalidator carries it out: all invalidations (those that remove at one revision, then
// those that expire at one), then the refreshes, then the events. Confined to one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "freshet/event.hpp"
#include "freshet/invalidation.hpp"

namespace freshet {

/// A key to be loaded again by the loader bound to its namespace.
struct RefreshRequest {
  std::string key;
  std::string name_space;
  friend bool operator==(const RefreshRequest&, const RefreshRequest&) = default;
};

class InvalidationPlan {
 public:
  void invalidate(Target target, Mode mode = Mode::remove) {
    targets_.push_back(std::move(target));
    modes_.push_back(mode);
  }
  void refresh(std::string key, std::string name_space) {
    refreshes_.push_back({std::move(key), std::move(name_space)});
  }
  /// Of the `hot` most-read keys those that the plan makes stale are loaded again; the largest number that was asked for counts.
  void rewarm(std::size_t hot) noexcept { rewarm_ = std::max(rewarm_, hot); }
  void emit(Event event) { events_.push_back(std::move(event)); }

  /// Adds all of another plan.
  void append(InvalidationPlan other) {
    for (Target& target : other.targets_) targets_.push_back(std::move(target));
    modes_.insert(modes_.end(), other.modes_.begin(), other.modes_.end());
    for (RefreshRequest& request : other.refreshes_) refreshes_.push_back(std::move(request));
    for (Event& event : other.events_) events_.push_back(std::move(event));
    rewarm(other.rewarm_);
  }

  bool empty() const noexcept { return targets_.empty() && refreshes_.empty() && events_.empty(); }
  const std::vector<Target>& targets() const noexcept { return targets_; }
  const std::vector<Mode>& modes() const noexcept { return modes_; }  // one for each target
  const std::vector<RefreshRequest>& refreshes() const noexcept { return refreshes_; }
  const std::vector<Event>& events() const noexcept { return events_; }
  std::size_t rewarm() const noexcept { return rewarm_; }

 private:
  std::vector<Target> targets_;
  std::vector<Mode> modes_;
  std::vector<RefreshRequest> refreshes_;
  std::vector<Event> events_;
  std::size_t rewarm_ = 0;
};

}  // namespace freshet
