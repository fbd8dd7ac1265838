// LruPolicy: the entry that was not used for longest goes first.
#pragma once

#include <boost/intrusive/list.hpp>

#include "store/eviction_policy.hpp"

namespace freshet::detail {

using EvictionList = boost::intrusive::list<Entry, boost::intrusive::base_hook<EvictionHook>>;

class LruPolicy final : public EvictionPolicy {
 public:
  void on_insert(Entry& entry) override { order_.push_front(entry); }
  void on_hit(Entry& entry) noexcept override {
    order_.splice(order_.begin(), order_, order_.iterator_to(entry));
  }
  void on_replace(Entry& old, Entry& replacement) noexcept override {
    order_.erase(order_.iterator_to(old));
    order_.push_front(replacement);
  }
  void on_remove(Entry& entry) noexcept override { order_.erase(order_.iterator_to(entry)); }
  Entry& evict(Pressure) override {
    Entry& victim = order_.back();
    order_.pop_back();
    return victim;
  }

 private:
  EvictionList order_;  // most recently used first
};

}  // namespace freshet::detail
