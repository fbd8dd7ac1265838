#include "cache/failed_loads.hpp"

#include <utility>

namespace freshet::detail {

void FailedLoads::note(std::shared_ptr<const FailedLoad> failure) {
  std::vector<Failure> gone;  // after the lock: the last reference to an exception may do anything
  rt::Lock lock(mutex_);
  gone.reserve(2);
  if (oldest_first_.size() >= kMost) {
    unname(oldest_first_.front());
    gone.push_back(std::move(oldest_first_.front()));
    oldest_first_.pop_front();
  }
  oldest_first_.push_back(failure);
  try {
    // The name points into the failure, so the old one's goes with it.
    if (auto node = by_name_.extract(name_of(*failure))) {
      node.key() = name_of(*failure);
      gone.push_back(std::exchange(node.mapped(), std::move(failure)));
      by_name_.insert(std::move(node));
    } else {
      by_name_.emplace(name_of(*failure), failure);
    }
  } catch (...) {  // no memory for it
    oldest_first_.pop_back();
    throw;
  }
  size_.store(by_name_.size(), std::memory_order_release);
}

std::shared_ptr<const FailedLoad> FailedLoads::find(const KeyRef& key, Instant now) const {
  if (size() == 0) return nullptr;
  rt::Lock lock(mutex_);
  const auto found = by_name_.find(Name{key.space, key.key, key.hash});
  if (found == by_name_.end() || found->second->forgotten_at() <= now) return nullptr;
  return found->second;
}

void FailedLoads::forget(const KeyRef& key) noexcept {
  if (size() == 0) return;
  Failure gone;  // after the lock
  rt::Lock lock(mutex_);
  const auto found = by_name_.find(Name{key.space, key.key, key.hash});
  if (found == by_name_.end()) return;
  gone = std::move(found->second);
  by_name_.erase(found);
  size_.store(by_name_.size(), std::memory_order_release);
}

void FailedLoads::sweep(Instant now) {
  if (size() == 0) {
    rt::Lock lock(mutex_);
    if (oldest_first_.empty()) return;
  }
  std::vector<Failure> gone;  // after the lock
  rt::Lock lock(mutex_);
  while (!oldest_first_.empty() && oldest_first_.front()->forgotten_at() <= now) {
    unname(oldest_first_.front());
    gone.push_back(std::move(oldest_first_.front()));
    oldest_first_.pop_front();
  }
  size_.store(by_name_.size(), std::memory_order_release);
}

void FailedLoads::drop_if(FunctionRef<bool(const FailedLoad&)> is_over) {
  std::vector<Failure> gone;  // after the lock
  rt::Lock lock(mutex_);
  gone.reserve(oldest_first_.size());
  auto kept = oldest_first_.begin();
  for (Failure& failure : oldest_first_) {
    const auto known = by_name_.find(name_of(*failure));
    const bool replaced = known == by_name_.end() || known->second != failure;
    if (replaced || is_over(*failure)) {
      unname(failure);
      gone.push_back(std::move(failure));
    } else {
      std::swap(*kept++, failure);
    }
  }
  oldest_first_.erase(kept, oldest_first_.end());
  size_.store(by_name_.size(), std::memory_order_release);
}

// What is known under its name may be a later one.
void FailedLoads::unname(const Failure& failure) {
  const auto known = by_name_.find(name_of(*failure));
  if (known != by_name_.end() && known->second == failure) by_name_.erase(known);
}

void FailedLoads::clear() noexcept {
  std::deque<Failure> gone;  // after the lock
  rt::Lock lock(mutex_);
  by_name_.clear();
  gone.swap(oldest_first_);
  size_.store(0, std::memory_order_release);
}

}  // namespace freshet::detail
