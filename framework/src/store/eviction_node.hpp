// The links of an entry in the order of its shard's eviction policy: a queue, or a tree of those that go by recency.
//
// An entry that has left its order waits to be reclaimed (epochs.hpp), and does so in the two words of its queue.
#pragma once

#include <boost/intrusive/link_mode.hpp>
#include <cstdint>
#include <new>

#include "freshet/detail/runtime/runtime.hpp"
#include "store/epochs.hpp"

namespace freshet::detail {

class Entry;

struct QueueNode {
  QueueNode* newer = nullptr;
  QueueNode* older = nullptr;

  /// How boost::intrusive::list reads a node.
  struct Traits {
    using node = QueueNode;
    using node_ptr = QueueNode*;
    using const_node_ptr = const QueueNode*;
    static node_ptr get_previous(const_node_ptr of) noexcept { return of->newer; }
    static void set_previous(node_ptr of, node_ptr to) noexcept { of->newer = to; }
    static node_ptr get_next(const_node_ptr of) noexcept { return of->older; }
    static void set_next(node_ptr of, node_ptr to) noexcept { of->older = to; }
  };
};

/// Every entry has them: its place in a queue, and from retired() on where it waits.
struct EntryLinks {
  union {
    QueueNode queued;
    Retired retired_;  // begins to be with retired()
  };

  EntryLinks() noexcept : queued{} {}
  /// It stands in no queue any more.
  Retired& retired() noexcept { return *::new (&retired_) Retired; }
  // A union and what it holds have one address.
  static EntryLinks& of(QueueNode& node) noexcept { return reinterpret_cast<EntryLinks&>(node); }
  static EntryLinks& of(Retired& one) noexcept { return reinterpret_cast<EntryLinks&>(one); }
};

struct TreeNode {
  TreeNode* left = nullptr;
  TreeNode* right = nullptr;
  std::uintptr_t parent = 0;  // its lowest bit is the colour

  /// How boost::intrusive::multiset reads it, as a red-black tree.
  struct Traits {
    using node = TreeNode;
    using node_ptr = TreeNode*;
    using const_node_ptr = const TreeNode*;
    using color = std::uintptr_t;
    static constexpr color black() noexcept { return 0; }
    static constexpr color red() noexcept { return 1; }
    static node_ptr get_left(const_node_ptr of) noexcept { return of->left; }
    static void set_left(node_ptr of, node_ptr to) noexcept { of->left = to; }
    static node_ptr get_right(const_node_ptr of) noexcept { return of->right; }
    static void set_right(node_ptr of, node_ptr to) noexcept { of->right = to; }
    static node_ptr get_parent(const_node_ptr of) noexcept {
      return reinterpret_cast<node_ptr>(of->parent & ~red());
    }
    static void set_parent(node_ptr of, node_ptr to) noexcept {
      of->parent = reinterpret_cast<std::uintptr_t>(to) | get_color(of);
    }
    static color get_color(const_node_ptr of) noexcept { return of->parent & red(); }
    static void set_color(node_ptr of, color to) noexcept {
      of->parent = (of->parent & ~red()) | to;
    }
  };
};

/// What entries have whose shard orders them by recency (recency_order.hpp). In front of the entry, in the same allocation.
struct RecencyNode : TreeNode {
  // What hits leave, without a lock (access_recorder.hpp). relaxed: nothing travels with it; a hit that is lost between its look and
  // its reset is one that was not counted.
  rt::Atomic<std::uint32_t> access_stamp{0};
  std::uint32_t place = 0;  // shard: the stamp that the entry stands at

  Entry& entry() noexcept { return *reinterpret_cast<Entry*>(this + 1); }
};

}  // namespace freshet::detail
