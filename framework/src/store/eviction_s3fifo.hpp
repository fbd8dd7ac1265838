// S3FifoPolicy: a small FIFO for newcomers, a main FIFO for what was read twice, and a ghost of what left the small one.
//
// Yang, Zhang, Qiu, Yue, Rashmi: "FIFO queues are all you need for cache eviction", SOSP 2023. The small queue has a
// tenth of the room; an entry moves to main if it was hit twice before its turn to leave; main re-inserts what was hit,
// one hit less each round. Main gives first when it is over its share, which is looked at anew after each step. A write to a
// resident key is a hit. What leaves small becomes a ghost; a key that comes back while it is one starts in main. Ghosts are
// counted by departures, as in the paper, those that came back included: the last as many as the shard has room for, a
// ninth more than main has. (With as many as main has, the hit ratio was 0.04 points lower on average.) Where bytes are
// short before entries are, there is room for as many as the shard holds.
// The ghosts take 16 bytes for each entry of the capacity (ghost_table.hpp), from the first eviction on.
#pragma once

#include "store/eviction_policy.hpp"
#include "store/ghost_table.hpp"

namespace freshet::detail {

class S3FifoPolicy final : public EvictionPolicy {
 public:
  S3FifoPolicy(const Capacity& capacity, AccessRecorder& accesses) noexcept;

  /// Asks the ghost now: the evictions that make room for the entry would push it out.
  void before_insert(Entry& entry, std::uint64_t hash) noexcept override;
  void on_insert(Entry& entry) noexcept override;
  void on_replace(Entry& old, Entry& replacement) noexcept override;
  void on_remove(Entry& entry) noexcept override;
  Entry& evict(Pressure pressure) noexcept override;

 private:
  struct Queue {
    EvictionList list;  // newest first
    std::uint64_t bytes = 0;
    void push(Entry& entry) noexcept {
      list.push_front(entry);
      bytes += entry.bytes();
    }
    void remove(Entry& entry) noexcept {
      bytes -= entry.bytes();
      list.erase(list.iterator_to(entry));
    }
  };

  Queue& queue_of(Entry& entry) noexcept;
  bool main_is_over(Pressure pressure) const noexcept;
  void fit_ghost() noexcept;
  // One step of an eviction each: the victim, or null if the oldest entry stays.
  Entry* step_small() noexcept;
  Entry* step_main() noexcept;

  AccessRecorder& accesses_;
  std::uint64_t entries_;
  std::uint64_t main_entries_;
  std::uint64_t main_bytes_;
  Queue small_;
  Queue main_;
  GhostTable ghost_;
  std::uint64_t ghost_window_ = 0;
};

}  // namespace freshet::detail
