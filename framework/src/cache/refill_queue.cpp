#include "cache/refill_queue.hpp"

#include <utility>

namespace freshet::detail {

void RefillQueue::set_options(const RecomputeOptions& options) noexcept {
  budget_.set_limits(options.max_per_second, options.max_at_once);
  recomputes_.store(options.expired, std::memory_order_relaxed);
  if (!options.expired) set_hot_pending(false);
}

std::unique_ptr<RefillQueue::Turn> RefillQueue::begin_turn() noexcept {
  rt::Lock lock(mutex_);
  return std::move(turn_);
}

void RefillQueue::end_turn(std::unique_ptr<Turn> turn) noexcept {
  rt::Lock lock(mutex_);
  turn_ = std::move(turn);
}

void RefillQueue::note_waiting() noexcept {
  waiting_.store(rewarm_.size() + warm_.size() + parked_, std::memory_order_relaxed);
}

bool RefillQueue::add_rewarm(Key key, Instant not_before) {
  const std::uint64_t hash = hash_of(key);
  rt::Lock lock(mutex_);
  if (rewarm_names_.count(hash) != 0) return true;
  if (rewarm_.size() >= kMaxRewarm) return false;
  rewarm_.push_back({std::move(key), not_before});
  rewarm_names_.insert(hash);
  note_waiting();
  return true;
}

std::optional<RefillQueue::Key> RefillQueue::next_rewarm(Instant now) {
  rt::Lock lock(mutex_);
  if (rewarm_.empty() || rewarm_.front().not_before > now) return std::nullopt;
  Key key = std::move(rewarm_.front().key);
  rewarm_.pop_front();
  rewarm_names_.erase(hash_of(key));
  note_waiting();
  return key;
}

bool RefillQueue::park(Key key) {
  const auto [name, is_new] = warm_names_.insert(hash_of(key));
  if (!is_new) return false;
  try {
    without_loader_[key.space.get()].push_back(std::move(key));
  } catch (...) {
    warm_names_.erase(name);
    throw;
  }
  ++parked_;
  note_waiting();
  return true;
}

bool RefillQueue::add_warm(Key key) {
  rt::Lock lock(mutex_);
  if (!park(std::move(key))) return false;
  ++warming_.asked;
  return true;
}

void RefillQueue::put_back(Key key) {
  rt::Lock lock(mutex_);
  --warming_.under_way;
  if (!park(std::move(key))) --warming_.asked;  // it was asked for again meanwhile
}

void RefillQueue::note_loader(const LabelRef& space) {
  rt::Lock lock(mutex_);
  const auto found = without_loader_.find(space.get());
  if (found == without_loader_.end()) return;
  for (std::deque<Key>& parked = found->second; !parked.empty(); parked.pop_front()) {
    warm_.push_back(std::move(parked.front()));  // moved from only if there is memory
    --parked_;
  }
  without_loader_.erase(found);
}

std::optional<RefillQueue::Key> RefillQueue::next_warm() {
  rt::Lock lock(mutex_);
  if (warm_.empty()) return std::nullopt;
  Key key = std::move(warm_.front());
  warm_.pop_front();
  warm_names_.erase(hash_of(key));
  ++warming_.under_way;
  note_waiting();
  return key;
}

void RefillQueue::end_warm(std::uint64_t WarmProgress::*outcome) {
  rt::Lock lock(mutex_);
  --warming_.under_way;
  ++(warming_.*outcome);
}

WarmProgress RefillQueue::warming() const {
  rt::Lock lock(mutex_);
  WarmProgress progress = warming_;
  progress.waiting = warm_.size() + parked_;
  progress.without_loader = parked_;
  return progress;
}

}  // namespace freshet::detail
