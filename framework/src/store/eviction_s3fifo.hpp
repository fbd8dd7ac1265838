// S3FifoPolicy: a small FIFO for newcomers, a main FIFO for what was read twice, and a ghost of what left the small one.
//
// Yang, Zhang, Qiu, Yue, Rashmi: "FIFO queues are all you need for cache eviction", SOSP 2023. The small queue has a
// tenth of the room; an entry moves to main if it was hit twice before its turn to leave; main re-inserts what was hit,
// one hit less each round; the ghost remembers as many hashes as main has room for entries. Main gives first when it is over
// its share, which is looked at anew after each step.
#pragma once

#include <list>
#include <unordered_map>

#include "store/eviction_lru.hpp"

namespace freshet::detail {

/// The hashes of the entries that left most recently: a FIFO of bounded length.
class GhostQueue {
 public:
  explicit GhostQueue(std::size_t limit) : limit_(limit) {}

  void add(std::uint64_t hash) noexcept;
  /// Says whether the hash is there, and forgets it.
  bool take(std::uint64_t hash) noexcept;

 private:
  std::size_t limit_;
  std::list<std::uint64_t> order_;  // oldest first
  std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> places_;
};

class S3FifoPolicy final : public EvictionPolicy {
 public:
  explicit S3FifoPolicy(const Capacity& capacity);

  /// Asks the ghost now: the evictions that make room for the entry would push it out.
  void before_insert(Entry& entry) override;
  void on_insert(Entry& entry) override;
  void on_hit(Entry& entry) noexcept override;
  void on_replace(Entry& old, Entry& replacement) noexcept override;
  void on_remove(Entry& entry) noexcept override;
  Entry& evict(Pressure pressure) override;

 private:
  struct Queue {
    EvictionList list;  // newest first
    std::uint64_t bytes = 0;
    void push(Entry& entry) {
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
  // One step of an eviction each: the victim, or null if the oldest entry stays.
  Entry* step_small();
  Entry* step_main();

  std::uint64_t main_entries_;
  std::uint64_t main_bytes_;
  Queue small_;
  Queue main_;
  GhostQueue ghost_;
};

}  // namespace freshet::detail
