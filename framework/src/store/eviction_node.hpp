// EvictionNode: the links of an entry in its eviction policy, in a list or in a tree.
//
// An entry is in one order at a time, so that both kinds share three words. The links of the list are two of the tree's.
#pragma once

#include <cstdint>

namespace freshet::detail {

struct EvictionNode {
  EvictionNode* left = nullptr;   // in a list: the newer neighbour
  EvictionNode* right = nullptr;  // in a list: the older one
  std::uintptr_t parent = 0;      // its lowest bit is the colour

  /// How boost::intrusive::list reads a node.
  struct ListTraits {
    using node = EvictionNode;
    using node_ptr = EvictionNode*;
    using const_node_ptr = const EvictionNode*;
    static node_ptr get_previous(const_node_ptr of) noexcept { return of->left; }
    static void set_previous(node_ptr of, node_ptr to) noexcept { of->left = to; }
    static node_ptr get_next(const_node_ptr of) noexcept { return of->right; }
    static void set_next(node_ptr of, node_ptr to) noexcept { of->right = to; }
  };

  /// How boost::intrusive::multiset reads it, as a red-black tree.
  struct TreeTraits {
    using node = EvictionNode;
    using node_ptr = EvictionNode*;
    using const_node_ptr = const EvictionNode*;
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

}  // namespace freshet::detail
