// SievePolicy: one queue and a hand that passes over what was read.
//
// Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is simpler than LRU", NSDI 2024. New entries come in at one end; the hand goes
// from the oldest to the newest, takes the mark off what was hit since it was there last, evicts the first without a mark
// and stays there. At the newest it goes on at the oldest. A write to a resident key marks it and leaves it in its place.
// Where the entry under the hand leaves or is replaced, the hand goes to the next newer, or stays at its place.
#pragma once

#include "store/eviction_policy.hpp"

namespace freshet::detail {

class SievePolicy final : public EvictionPolicy {
 public:
  explicit SievePolicy(AccessRecorder& accesses) noexcept : accesses_(accesses) {}

  void on_insert(Entry& entry) noexcept override { queue_.push_front(entry); }

  void on_replace(Entry& old, Entry& replacement) noexcept override {
    replacement.access_count.store(old.access_count.load(std::memory_order_relaxed),
                                   std::memory_order_relaxed);
    accesses_.count(replacement);
    queue_.insert(queue_.iterator_to(old), replacement);
    if (hand_ == &old) hand_ = &replacement;
    queue_.erase(queue_.iterator_to(old));
  }

  void on_remove(Entry& entry) noexcept override {
    if (hand_ == &entry) hand_ = newer_than(entry);
    queue_.erase(queue_.iterator_to(entry));
  }

  Entry& evict(Pressure) noexcept override {
    Entry* at = under_hand();
    for (int looks = 1; looks < kMostLooks && take_mark(*at); ++looks) {
      hand_ = newer_than(*at);
      at = under_hand();
    }
    hand_ = newer_than(*at);
    queue_.erase(queue_.iterator_to(*at));
    return *at;
  }

 private:
  Entry* under_hand() noexcept { return hand_ != nullptr ? hand_ : &queue_.back(); }
  Entry* newer_than(Entry& entry) noexcept {
    const auto at = queue_.iterator_to(entry);
    return at == queue_.begin() ? nullptr : &*std::prev(at);
  }
  static bool take_mark(Entry& entry) noexcept {
    if (entry.access_count.load(std::memory_order_relaxed) == 0) return false;
    entry.access_count.store(0, std::memory_order_relaxed);
    return true;
  }

  AccessRecorder& accesses_;
  EvictionList queue_;     // newest first
  Entry* hand_ = nullptr;  // the next to be looked at; null: the oldest
};

}  // namespace freshet::detail
