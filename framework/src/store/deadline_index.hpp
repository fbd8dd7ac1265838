// TimeIndex: the entries of a shard that have something due, nearest first: their deadline, or their
// refresh.
//
// A balanced tree through the entries themselves: no allocation, O(log n) to add and remove, O(1) to
// see that nothing is due. Where an entry stands is kept in the entry (`due`, `refresh_due`).
// Confined to the shard's lock.
#pragma once

#include <boost/intrusive/set.hpp>

#include "store/entry.hpp"

namespace freshet::detail {

template <class Hook, Instant Entry::*At>
class TimeIndex {
 public:
  /// Does nothing for kNever. The entry is not in the index.
  void add(Entry& entry, Instant at) noexcept {
    entry.*At = at;
    if (at != kNever) tree_.insert(entry);
  }
  /// Does nothing if the entry is not there.
  void remove(Entry& entry) noexcept {
    if (entry.*At != kNever) tree_.erase(tree_.iterator_to(entry));
    entry.*At = kNever;
  }
  std::size_t size() const noexcept { return tree_.size(); }
  /// The nearest time, kNever if there is none.
  Instant next() const noexcept { return tree_.empty() ? kNever : (*tree_.begin()).*At; }
  /// The entry with the nearest time if that has come, null otherwise.
  Entry* due(Instant now) noexcept {
    return !tree_.empty() && next() <= now ? &*tree_.begin() : nullptr;
  }
  /// Calls `visitor(entry)` in the order of the times, until it says false.
  template <class Visitor>
  void visit(Visitor&& visitor) {
    for (Entry& entry : tree_) {
      if (!visitor(entry)) return;
    }
  }

 private:
  struct Nearer {
    bool operator()(const Entry& a, const Entry& b) const noexcept { return a.*At < b.*At; }
  };
  boost::intrusive::multiset<Entry, boost::intrusive::base_hook<Hook>,
                             boost::intrusive::compare<Nearer>>
      tree_;
};

using DeadlineIndex = TimeIndex<DeadlineHook, &Entry::due>;
using RefreshIndex = TimeIndex<RefreshHook, &Entry::refresh_due>;

}  // namespace freshet::detail
