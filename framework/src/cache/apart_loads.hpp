// ApartLoads: the keys that this thread is loading for itself alone, so that a loader that comes back to its own key is told.
//
// Loads that are shared need none of this: there the graph of waits tells. Confined to one thread and one call; those of calls
// inside it go first.
#pragma once

#include <forward_list>
#include <string>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/errors.hpp"
#include "store/entry.hpp"

namespace freshet::detail {

class ApartLoads {
 public:
  ApartLoads() noexcept : before_(innermost()) {}
  ~ApartLoads() { innermost() = before_; }
  ApartLoads(const ApartLoads&) = delete;
  ApartLoads& operator=(const ApartLoads&) = delete;

  /// Borrows the key. Throws RecursiveLoad if this thread is loading it already.
  void add(const KeyRef& key) {
    for (const Node* node = innermost(); node != nullptr; node = node->around) {
      if (node->key.space != key.space || node->key.key != key.key) continue;
      throw RecursiveLoad("the loader of \"" + std::string(key.key) + "\" asked for its own key");
    }
    nodes_.push_front({key, innermost()});
    innermost() = &nodes_.front();
  }

 private:
  struct Node {
    const KeyRef& key;
    const Node* around;
  };
  struct Tag;
  static const Node*& innermost() noexcept { return rt::thread_local_value<const Node*, Tag>(); }

  std::forward_list<Node> nodes_;
  const Node* const before_;
};

}  // namespace freshet::detail
