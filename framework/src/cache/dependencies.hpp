// Dependencies: which labels stand for a resource that an entry depends on.
//
// Two: the resource's own, which invalidate_dependents(resource) raises for every namespace, and that of the key which is
// written like it. `namespace/key` is a key of that namespace where a block other than `*` serves it; anything else is a key
// of the entry's own namespace. Who begins to depend on a key depends on what its entry depends on: that comes along here.
// Thread-safe. Takes the lock of a store's shard.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "cache/policy_block.hpp"
#include "config/block_resolver.hpp"

namespace freshet::detail {

class Dependencies {
 public:
  Dependencies(Freshness& freshness, const config::BlockResolver& resolver,
               const std::vector<std::unique_ptr<PolicyBlock>>& blocks, const Clock& clock) noexcept
      : freshness_(freshness), resolver_(resolver), blocks_(blocks), clock_(clock) {}

  /// Where a resource that is written like a key is looked for.
  struct KeyHome {
    PolicyBlock* block;
    LabelRef space;
    std::string_view key;  // part of the resource's name
  };
  KeyHome home_of(PolicyBlock& block, const LabelRef& space, std::string_view resource) const;

  /// Adds the labels of `resource`, as an entry of `block` under `key` depends on it. Returns since when the writes of the key
  /// are seen: what began to be loaded before must not be kept, unless the labels were pinned before it began.
  Revision pin(PolicyBlock& block, const LabelRef& space, std::string_view key,
               std::string_view resource, std::vector<LabelRef>& labels) const;

 private:
  Freshness& freshness_;
  const config::BlockResolver& resolver_;
  const std::vector<std::unique_ptr<PolicyBlock>>& blocks_;
  const Clock& clock_;
};

}  // namespace freshet::detail
