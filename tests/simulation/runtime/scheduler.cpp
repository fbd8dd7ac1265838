#include "simulation/runtime/scheduler.hpp"

#include <algorithm>
#include <limits>

namespace freshet::simulation {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max() / 16;
constexpr std::uint64_t kLowestOfAll = std::uint64_t{1} << 32;

}  // namespace

void Scheduler::begin(std::uint64_t seed, const ScheduleOptions& options) {
  options_ = options;
  random_ = Random(seed);
  mean_ = 2U << random_.below(8);
  for (std::uint64_t& priority : priorities_) priority = kLowestOfAll + (random_.next() >> 16);
  lowest_ = kLowestOfAll;
  // Most runs are shorter than the most: draw the horizon, then the points within it.
  const std::uint32_t horizon =
      std::max<std::uint32_t>(64, options.most_points >> random_.below(4));
  change_count_ = 1 + random_.below(static_cast<std::uint32_t>(changes_.size()) / 2);
  for (std::size_t i = 0; i < change_count_; ++i) changes_[i] = 1 + random_.below(horizon);
  std::sort(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(change_count_));
  change_ = 0;
  at_ = 0;
  at_change_ = false;
}

std::int64_t Scheduler::next_distance() {
  if (!preempts()) return kNever;
  if (options_.kind == SchedulerKind::random) {
    return 1 + random_.below(mean_) + (random_.below(8) == 0 ? random_.below(mean_ * 4) : 0);
  }
  while (change_ < change_count_ && changes_[change_] <= at_) ++change_;
  if (change_ == change_count_) return kNever;
  const std::int64_t distance = changes_[change_] - at_;
  at_ = changes_[change_];
  at_change_ = true;
  return distance;
}

std::size_t Scheduler::choose(const int* threads, std::size_t count, int current) {
  if (options_.kind == SchedulerKind::random)
    return random_.below(static_cast<std::uint32_t>(count));
  if (at_change_ && current >= 0) priorities_[index(current)] = --lowest_;
  at_change_ = false;
  std::size_t best = 0;
  for (std::size_t i = 1; i < count; ++i) {
    if (priorities_[index(threads[i])] > priorities_[index(threads[best])]) best = i;
  }
  return best;
}

}  // namespace freshet::simulation
