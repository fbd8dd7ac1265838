#include "store/eviction_s3fifo.hpp"

#include <algorithm>

namespace freshet::detail {
namespace {

constexpr std::uint8_t kSmall = 0;
constexpr std::uint8_t kMain = 1;
constexpr std::uint8_t kMoveToMainAt = 2;

/// All but a tenth, which is at least 1; 0 of nothing.
std::uint64_t main_share(std::uint64_t room) noexcept {
  return room - std::min(room, std::max<std::uint64_t>(1, room / 10));
}

std::uint8_t hits_of(const Entry& entry) noexcept {
  return entry.access_count.load(std::memory_order_relaxed);
}

void set_hits(Entry& entry, int hits) noexcept {
  entry.access_count.store(static_cast<std::uint8_t>(hits), std::memory_order_relaxed);
}

}  // namespace

S3FifoPolicy::S3FifoPolicy(const Capacity& capacity, AccessRecorder& accesses) noexcept
    : accesses_(accesses),
      entries_(capacity.entries),
      main_entries_(main_share(capacity.entries)),
      main_bytes_(main_share(capacity.bytes)) {}

S3FifoPolicy::Queue& S3FifoPolicy::queue_of(Entry& entry) noexcept {
  return entry.queue == kSmall ? small_ : main_;
}

void S3FifoPolicy::before_insert(Entry& entry, std::uint64_t hash) noexcept {
  entry.queue = ghost_.take(hash, ghost_window_) ? kMain : kSmall;
}

void S3FifoPolicy::on_insert(Entry& entry) noexcept { queue_of(entry).push(entry); }

void S3FifoPolicy::on_replace(Entry& old, Entry& replacement) noexcept {
  Queue& queue = queue_of(old);
  replacement.queue = old.queue;
  set_hits(replacement, hits_of(old));
  accesses_.count(replacement);
  queue.list.insert(queue.list.iterator_to(old), replacement);
  queue.bytes += replacement.bytes();
  queue.remove(old);
}

void S3FifoPolicy::on_remove(Entry& entry) noexcept { queue_of(entry).remove(entry); }

bool S3FifoPolicy::main_is_over(Pressure pressure) const noexcept {
  if (main_.list.empty()) return false;
  return pressure == Pressure::entries ? main_.list.size() > main_entries_
                                       : main_.bytes > main_bytes_;
}

// What the shard holds is what it has room for: it is full.
void S3FifoPolicy::fit_ghost() noexcept {
  ghost_window_ = std::min<std::uint64_t>(entries_, small_.list.size() + main_.list.size());
  ghost_.fit(ghost_window_);
}

Entry& S3FifoPolicy::evict(Pressure pressure) noexcept {
  fit_ghost();
  for (int looks = 1; looks < kMostLooks; ++looks) {
    const bool main_gives = main_is_over(pressure) || small_.list.empty();
    if (Entry* victim = main_gives ? step_main() : step_small()) return *victim;
  }
  Queue& queue = main_.list.empty() ? small_ : main_;
  Entry& next = queue.list.back();
  queue.remove(next);
  return next;
}

Entry* S3FifoPolicy::step_small() noexcept {
  Entry& oldest = small_.list.back();
  small_.remove(oldest);
  if (!small_.list.empty()) small_.list.back().prefetch_upkeep();  // the next eviction's
  if (hits_of(oldest) < kMoveToMainAt) {
    ghost_.add(oldest.hash());
    return &oldest;
  }
  set_hits(oldest, 0);
  oldest.queue = kMain;
  main_.push(oldest);
  return nullptr;
}

Entry* S3FifoPolicy::step_main() noexcept {
  Entry& oldest = main_.list.back();
  const std::uint8_t hits = hits_of(oldest);
  if (hits == 0) {
    main_.remove(oldest);
    if (!main_.list.empty()) main_.list.back().prefetch_upkeep();
    return &oldest;
  }
  set_hits(oldest, hits - 1);
  main_.list.splice(main_.list.begin(), main_.list, main_.list.iterator_to(oldest));
  return nullptr;
}

}  // namespace freshet::detail
