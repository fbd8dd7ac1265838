// LruPolicy: the entry that was not used for longest goes first.
//
// Exact but for ties (recency_order.hpp), and but for kMostLooks: where more entries than that were hit since they were
// looked at, and all of them stand at the old end, the next is taken though it was hit. A write is newer than the hits
// before it. O(log n) for each entry that is looked at, which is at most one for each hit.
#pragma once

#include "store/recency_order.hpp"

namespace freshet::detail {

class LruPolicy final : public EvictionPolicy {
 public:
  explicit LruPolicy(AccessRecorder& accesses) noexcept : accesses_(accesses) {}

  void on_insert(Entry& entry) noexcept override {
    const std::uint32_t stamp = accesses_.next_write();
    entry.recency().access_stamp.store(stamp, std::memory_order_relaxed);
    order_.add(entry, stamp);
  }
  void on_replace(Entry& old, Entry& replacement) noexcept override {
    order_.remove(old);
    on_insert(replacement);
  }
  void on_remove(Entry& entry) noexcept override { order_.remove(entry); }
  Entry& evict(Pressure) noexcept override {
    for (int looks = 1; looks < kMostLooks && RecencyOrder::was_hit(order_.oldest()); ++looks)
      order_.settle();
    Entry& victim = order_.oldest();
    order_.remove(victim);
    return victim;
  }

 private:
  AccessRecorder& accesses_;
  RecencyOrder order_;
};

}  // namespace freshet::detail
