// RecencyOrder: entries by when they were used last, as far as that was looked at.
//
// An entry stands at a stamp, its place. A hit only writes a newer stamp into the entry (access_recorder.hpp) and leaves it
// where it stands. settle() looks at the oldest: if it was hit since it was placed, it moves to its stamp, and the next is
// the oldest. So whoever has the oldest settled has what an order that moved entries at each hit would have, but for ties:
// entries that were hit last between the same two insertions stand in the order in which they were looked at.
// Each entry has a RecencyNode: EntryRequest::in_recency_order.
// A red-black tree through the entries: add() of the newest O(1) amortised, settle() O(log n) per entry that it moves.
// Confined to the shard's lock.
#pragma once

#include <boost/intrusive/set.hpp>

#include "store/eviction_policy.hpp"

namespace freshet::detail {

class RecencyOrder {
 public:
  bool empty() const noexcept { return tree_.empty(); }
  std::size_t size() const noexcept { return size_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

  /// Places the entry at a stamp, behind all that stand there already.
  void add(Entry& entry, std::uint32_t stamp) noexcept {
    entry.recency().place = stamp;
    tree_.insert(tree_.end(), entry);
    ++size_;
    bytes_ += entry.bytes();
  }
  void remove(Entry& entry) noexcept {
    tree_.erase(tree_.iterator_to(entry));
    --size_;
    bytes_ -= entry.bytes();
  }
  /// `replacement` stands where `old` stood.
  void replace(Entry& old, Entry& replacement) noexcept {
    replacement.recency().place = old.recency().place;
    tree_.replace_node(tree_.iterator_to(old), replacement);
    bytes_ += replacement.bytes() - old.bytes();
  }
  /// The one that stands oldest. There is one.
  Entry& oldest() noexcept { return *tree_.begin(); }

  static bool was_hit(const Entry& entry) noexcept {
    const RecencyNode& node = entry.recency();
    return is_newer(node.access_stamp.load(std::memory_order_relaxed), node.place);
  }

  /// Moves the oldest, which was hit, to where its stamp says.
  void settle() noexcept {
    Entry& entry = oldest();
    remove(entry);
    add(entry, entry.recency().access_stamp.load(std::memory_order_relaxed));
  }

 private:
  struct Older {
    bool operator()(const Entry& a, const Entry& b) const noexcept {
      return is_newer(b.recency().place, a.recency().place);
    }
  };
  struct PlacedEntry {
    using node_traits = TreeNode::Traits;
    using node_ptr = TreeNode*;
    using const_node_ptr = const TreeNode*;
    using value_type = Entry;
    using pointer = Entry*;
    using const_pointer = const Entry*;
    static constexpr boost::intrusive::link_mode_type link_mode = boost::intrusive::normal_link;
    static node_ptr to_node_ptr(Entry& entry) noexcept { return &entry.recency(); }
    static const_node_ptr to_node_ptr(const Entry& entry) noexcept { return &entry.recency(); }
    static pointer to_value_ptr(node_ptr node) noexcept {
      return &static_cast<RecencyNode*>(node)->entry();
    }
    static const_pointer to_value_ptr(const_node_ptr node) noexcept {
      return to_value_ptr(const_cast<node_ptr>(node));
    }
  };
  boost::intrusive::multiset<Entry, boost::intrusive::value_traits<PlacedEntry>,
                             boost::intrusive::compare<Older>,
                             boost::intrusive::constant_time_size<false>>
      tree_;
  std::size_t size_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace freshet::detail
