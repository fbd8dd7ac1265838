// DeadlineIndex: the entries of a shard that have a hard deadline, nearest first.
//
// A balanced tree through the entries themselves: no allocation, O(log n) to add and remove, O(1) to see that nothing is
// due. Confined to the shard's lock.
#pragma once

#include <boost/intrusive/set.hpp>

#include "store/entry.hpp"

namespace freshet::detail {

class DeadlineIndex {
 public:
  void add(Entry& entry) noexcept {
    if (entry.deadlines().hard != kNever) tree_.insert(entry);
  }
  void remove(Entry& entry) noexcept {
    if (entry.deadlines().hard != kNever) tree_.erase(tree_.iterator_to(entry));
  }
  /// The nearest deadline, kNever if there is none.
  Instant next() const noexcept { return tree_.empty() ? kNever : tree_.begin()->deadlines().hard; }
  /// The entry with the nearest deadline if that has come, null otherwise.
  Entry* due(Instant now) noexcept {
    return next() <= now && !tree_.empty() ? &*tree_.begin() : nullptr;
  }

 private:
  struct Nearer {
    bool operator()(const Entry& a, const Entry& b) const noexcept {
      return a.deadlines().hard < b.deadlines().hard;
    }
  };
  boost::intrusive::multiset<Entry, boost::intrusive::base_hook<DeadlineHook>,
                             boost::intrusive::compare<Nearer>>
      tree_;
};

}  // namespace freshet::detail
