// Engine: what an invalidator and its views share: the policy at work, freshness, flights, the sweeper.
//
// Owns the wiring and nothing else. Thread-safe. Lives as long as any invalidator or view; entries in handles do not need
// it.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "cache/background_task.hpp"
#include "cache/policy_block.hpp"
#include "config/block_resolver.hpp"
#include "config/policy_model.hpp"
#include "freshet/components.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/statistics.hpp"
#include "refresh/single_flight.hpp"

namespace freshet::detail {

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  /// Up to this many entries a count may be made exact by looking at them; a larger cache is never walked by a call.
  static constexpr std::uint64_t kExactUpTo = 100'000;
  static constexpr Duration kSweepInterval = std::chrono::milliseconds{100};
  static constexpr std::size_t kSweepStep = 4096;  // entries looked at per interval and block

  Engine(const config::PolicyModel& policy, Components components);

  std::shared_ptr<NamespaceCache> open(std::string_view name_space, const ValueType& type);

  Invalidated invalidate_key(std::string_view key, std::string_view name_space,
                             const InvalidateOptions& options);
  Invalidated invalidate_key(PolicyBlock& block, const KeyRef& key,
                             const InvalidateOptions& options);
  Invalidated invalidate_tag(std::string_view tag, const InvalidateOptions& options);
  Invalidated invalidate_namespace(std::string_view name_space, const InvalidateOptions& options);
  Invalidated invalidate_all(const InvalidateOptions& options);
  InvalidatedMany invalidate_many(std::span<const Target> targets,
                                  const InvalidateOptions& options);
  bool tag(std::string_view key, std::string_view name_space, std::span<const std::string> tags);

  Statistics stats() const;
  std::vector<std::string> namespaces() const;
  std::size_t sweep(std::size_t max_entries);
  void close();

  const Clock& clock() const noexcept { return *components_.clock; }
  Freshness& freshness() noexcept { return freshness_; }
  SingleFlight& flights() noexcept { return flights_; }

 private:
  friend class ManyTargets;

  /// The block that serves a namespace. Throws InvalidName or UnknownNamespace.
  PolicyBlock& block_of(std::string_view name_space);
  /// Finds dead entries if a count can be made exact that way; says whether counts are exact now.
  Exactness settle_for_count();
  /// Counts, then raises, one label.
  Invalidated raise(const LabelName& name, const InvalidateOptions& options);

  Components components_;
  Freshness freshness_;
  SingleFlight flights_{freshness_};
  std::vector<std::unique_ptr<PolicyBlock>> blocks_;
  config::BlockResolver resolver_;  // name to index in blocks_
  BlockCounters totals_;            // what belongs to no block
  BackgroundTask sweeper_;          // last: it uses the rest
};

}  // namespace freshet::detail
