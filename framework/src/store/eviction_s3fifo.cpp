#include "store/eviction_s3fifo.hpp"

#include <algorithm>
#include <iterator>
#include <new>

namespace freshet::detail {
namespace {

constexpr std::uint8_t kSmall = 0;
constexpr std::uint8_t kMain = 1;
constexpr std::uint8_t kMaxCount = 3;  // hits are counted up to here
constexpr std::uint8_t kMoveToMainAt = 2;

/// All but a tenth, which is at least 1; 0 of nothing.
std::uint64_t main_share(std::uint64_t room) noexcept {
  return room - std::min(room, std::max<std::uint64_t>(1, room / 10));
}

}  // namespace

void GhostQueue::add(std::uint64_t hash) noexcept {
  if (limit_ == 0) return;
  take(hash);
  try {
    order_.push_back(hash);
    places_.emplace(hash, std::prev(order_.end()));
  } catch (
      const std::
          bad_alloc&) {  // a ghost is a hint: without memory for it the victim is merely forgotten
    if (places_.size() < order_.size()) order_.pop_back();
    return;
  }
  if (order_.size() > limit_) take(order_.front());
}

bool GhostQueue::take(std::uint64_t hash) noexcept {
  const auto found = places_.find(hash);
  if (found == places_.end()) return false;
  order_.erase(found->second);
  places_.erase(found);
  return true;
}

S3FifoPolicy::S3FifoPolicy(const Capacity& capacity)
    : main_entries_(main_share(capacity.entries)),
      main_bytes_(main_share(capacity.bytes)),
      ghost_(static_cast<std::size_t>(main_entries_)) {}

S3FifoPolicy::Queue& S3FifoPolicy::queue_of(Entry& entry) noexcept {
  return entry.queue == kSmall ? small_ : main_;
}

void S3FifoPolicy::before_insert(Entry& entry) {
  entry.access_count = 0;
  entry.queue = ghost_.take(entry.hash()) ? kMain : kSmall;
}

void S3FifoPolicy::on_insert(Entry& entry) { queue_of(entry).push(entry); }

void S3FifoPolicy::on_hit(Entry& entry) noexcept {
  if (entry.access_count < kMaxCount) ++entry.access_count;
}

void S3FifoPolicy::on_replace(Entry& old, Entry& replacement) noexcept {
  Queue& queue = queue_of(old);
  replacement.queue = old.queue;
  replacement.access_count = old.access_count;
  queue.list.insert(queue.list.iterator_to(old), replacement);
  queue.bytes += replacement.bytes();
  queue.remove(old);
  on_hit(replacement);
}

void S3FifoPolicy::on_remove(Entry& entry) noexcept { queue_of(entry).remove(entry); }

bool S3FifoPolicy::main_is_over(Pressure pressure) const noexcept {
  return pressure == Pressure::entries ? main_.list.size() > main_entries_
                                       : main_.bytes > main_bytes_;
}

Entry& S3FifoPolicy::evict(Pressure pressure) {
  for (
      ;
      ;) {  // ends: each step takes an entry out of small, takes a hit from an entry or returns one
    const bool main_gives = main_is_over(pressure) || small_.list.empty();
    if (Entry* victim = main_gives ? step_main() : step_small()) return *victim;
  }
}

Entry* S3FifoPolicy::step_small() {
  Entry& oldest = small_.list.back();
  small_.remove(oldest);
  if (oldest.access_count < kMoveToMainAt) {
    ghost_.add(oldest.hash());
    return &oldest;
  }
  oldest.access_count = 0;
  oldest.queue = kMain;
  main_.push(oldest);
  return nullptr;
}

Entry* S3FifoPolicy::step_main() {
  Entry& oldest = main_.list.back();
  if (oldest.access_count == 0) {
    main_.remove(oldest);
    return &oldest;
  }
  --oldest.access_count;
  main_.list.splice(main_.list.begin(), main_.list, main_.list.iterator_to(oldest));
  return nullptr;
}

std::unique_ptr<EvictionPolicy> make_eviction_policy(Eviction kind,
                                                     const Capacity& shard_capacity) {
  switch (kind) {
    case Eviction::lru:
      return std::make_unique<LruPolicy>();
    case Eviction::s3fifo:
      break;
  }
  return std::make_unique<S3FifoPolicy>(shard_capacity);
}

}  // namespace freshet::detail
