// KeyLoad: one load that this thread leads, from its loader to its place in the store.
//
// Used by a read that loads, by a bulk load for each of its keys, and by a refresh. A refresh is a
// load like any other: its birth was noted before it began.
#pragma once

#include <optional>
#include <string_view>

#include "cache/policy_block.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "refresh/single_flight.hpp"

namespace freshet::detail {

/// Borrows everything, for the duration of the load.
struct KeyLoad {
  const Clock& clock;
  Freshness& freshness;
  SingleFlight& flights;
  PolicyBlock& block;
  const KeyRef& key;
  const EntryPlan& plan;
  SingleFlight::Flight& flight;
  std::optional<Duration> ttl{};  // what the caller asked for

  /// Runs the loader, keeps what it makes if it may be kept, hands it to those who wait. Ends the
  /// flight whatever happens; throws what the loader throws.
  EntryRef run(std::string_view given_key, ErasedLoader loader) const;

  /// The second half, for a value that is there. `context` may be null. Ends the flight, unless it
  /// throws.
  EntryRef finish(const LoadContext* context, Duration load_time, ErasedValue value) const;
};

}  // namespace freshet::detail
