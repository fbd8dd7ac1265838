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
#include "cache/block_host.hpp"
#include "cache/event_dispatch.hpp"
#include "cache/policy_block.hpp"
#include "cache/refresher.hpp"
#include "config/block_resolver.hpp"
#include "config/policy_model.hpp"
#include "freshet/components.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/entry_report.hpp"
#include "freshet/hot_key.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/statistics.hpp"
#include "refresh/single_flight.hpp"
#include "stats/rates.hpp"

namespace freshet::detail {

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  /// Up to this many entries a count may be made exact by looking at them; a larger cache is never walked by a call.
  static constexpr std::uint64_t kExactUpTo = 100'000;
  static constexpr Duration kSweepInterval = std::chrono::milliseconds{100};
  static constexpr std::size_t kTagsLookedAt = 10'000;  // by stats(), for its warnings
  static constexpr std::size_t kSweepStep = 4096;       // entries looked at per interval and block

  Engine(const config::PolicyModel& policy, Components components);
  ~Engine();

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

  EventDispatch& events() noexcept { return events_; }
  SignalBus& signals() noexcept { return bus_; }

  Statistics stats();
  std::vector<HotKey> hot_keys(std::size_t count);
  std::vector<HotKey> hot_keys(std::size_t count, std::string_view name_space);
  EntryReport inspect(const InspectOptions& options);
  EntryReport inspect(std::string_view name_space, const InspectOptions& options);
  std::vector<std::string> namespaces() const;
  std::size_t sweep(std::size_t max_entries);
  void close();

  const Clock& clock() const noexcept { return *components_.clock; }
  Freshness& freshness() noexcept { return freshness_; }
  SingleFlight& flights() noexcept { return flights_; }
  Refresher& refresher() noexcept { return refresher_; }

  /// Loads a key again in the background with the loader bound to its namespace. Says whether a load
  /// was started.
  bool refresh(std::string_view key, std::string_view name_space);

 private:
  friend class ManyTargets;

  EventDispatch::Host event_host();
  /// Throws InvalidName or UnknownNamespace for names that invalidate_many would refuse.
  void check(const Target& target);
  /// Tells whoever listens that something was invalidated.
  void tell(const Target& target, std::uint64_t count, const InvalidateOptions& options);

  /// The block that serves a namespace. Throws InvalidName or UnknownNamespace.
  PolicyBlock& block_of(std::string_view name_space);
  /// What the sweeper does each time: frees the dead, and starts the refreshes that are due.
  void tick();
  /// Finds dead entries if a count can be made exact that way; says whether counts are exact now.
  Exactness settle_for_count();
  /// Takes the counters over into the rates. The sweeper does it as well.
  void look_at_rates();
  /// Counts, then raises, one label.
  Invalidated raise(const LabelName& name, const InvalidateOptions& options);

  Components components_;
  Freshness freshness_;
  SingleFlight flights_{freshness_};
  BlockCounters totals_;  // what belongs to no block
  SignalBus bus_;         // before the blocks, which tell it what leaves them
  // One per block; before the blocks, for strategies keep theirs.
  std::vector<std::unique_ptr<BlockHost>> hosts_;
  std::vector<std::unique_ptr<PolicyBlock>> blocks_;
  config::BlockResolver resolver_;  // name to index in blocks_
  RateBook rates_;
  BackgroundWork work_;
  Refresher refresher_;
  EventDispatch events_;    // uses what stands above
  BackgroundTask sweeper_;  // last: it uses the rest
};

}  // namespace freshet::detail
