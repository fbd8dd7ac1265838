// What became of a value that somebody wanted kept.
#pragma once

#include <cstdint>

namespace freshet {

enum class StoreOutcome : std::uint8_t {
  stored,
  refused_key_changed,    // the key was put or invalidated after the load or lease began
  refused_invalidated,    // a label of the value was invalidated after the load or lease began
  refused_older,          // the cache holds a value whose load began later
  refused_lease_expired,  // the lease ran out
  refused_version,        // the value announces a version that is not the current one
  refused_hold_off,       // the load began too soon after an invalidation (hold_off)
  refused_labels,         // more labels than the block allows, and its rule is to reject
  not_kept_stale,         // the loader read something stale through Freshet
  skipped,  // the caller asked for this tier to be left out, or called in a Bypass or transaction
  not_kept_by_policy,     // a lifetime of zero, or a key that does not match the block's template
  not_kept_by_loader,     // the loader said do_not_keep
  not_kept_by_predicate,  // cacheable_if said so
  not_kept_absent,        // there is nothing to keep, and the policy has no negative_ttl
  too_large,              // bigger than a shard's share of capacity.bytes
  closed,                 // the invalidator is closed
};

constexpr bool is_stored(StoreOutcome outcome) noexcept { return outcome == StoreOutcome::stored; }

}  // namespace freshet
