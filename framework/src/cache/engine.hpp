// Engine: what an invalidator and its views share: the policy at work, freshness, flights, the sweeper.
//
// Owns the wiring and nothing else. Thread-safe. Lives as long as any invalidator or view; entries in handles do not need
// it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "cache/background_task.hpp"
#include "cache/dependencies.hpp"
#include "cache/event_dispatch.hpp"
#include "cache/hold_off.hpp"
#include "cache/key_load.hpp"
#include "cache/load_runner.hpp"
#include "cache/look_budget.hpp"
#include "cache/policy_block.hpp"
#include "cache/refiller.hpp"
#include "cache/refresher.hpp"
#include "cache/removal_listeners.hpp"
#include "cache/scheduled_events.hpp"
#include "cache/transaction_state.hpp"
#include "config/block_resolver.hpp"
#include "config/policy_model.hpp"
#include "freshet/closing.hpp"
#include "freshet/components.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/entry_report.hpp"
#include "freshet/hot_key.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/reloaded.hpp"
#include "freshet/statistics.hpp"
#include "refresh/single_flight.hpp"
#include "stats/rates.hpp"
#include "store/raise_times.hpp"

namespace freshet::testing {
struct EngineAccess;
}

namespace freshet::detail {

/// Whether a block of it has stale_if_error.
bool serves_on_error(const config::PolicyModel& policy);

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  /// Up to this many entries a count may be made exact by looking at them, as often as the LookBudget allows; a larger cache
  /// is never walked by a call.
  static constexpr std::uint64_t kExactUpTo = 100'000;
  static constexpr Duration kSweepInterval = std::chrono::milliseconds{100};
  static constexpr std::size_t kTagsLookedAt = 10'000;  // by stats(), for its warnings
  // The sweeper's share of one core: it stops after a tenth of its interval, and looks at no more than this many entries in
  // it, by kSweepChunk under one lock.
  static constexpr Duration kSweepSlice = kSweepInterval / 10;
  static constexpr std::size_t kSweepMost = 262'144;
  static constexpr std::size_t kSweepChunk = 1024;

  Engine(config::PolicyModel policy, Components components);
  ~Engine();

  std::shared_ptr<NamespaceCache> open(std::string_view name_space, const ValueType& type);

  /// These invalidate at once, or are collected by a transaction of this thread. Throws InvalidName or UnknownNamespace for a
  /// target that cannot be resolved.
  Invalidated invalidate(const Target& target, const InvalidateOptions& options);
  InvalidatedMany invalidate_many(std::span<const Target> targets,
                                  const InvalidateOptions& options);
  /// The same of one key, where there is nothing to do but to take it out and to count it; nothing if there is more: then invalidate()
  /// is to be called.
  std::optional<Invalidated> invalidate_plainly(PolicyBlock& block, const KeyRef& key,
                                                const InvalidateOptions& options);
  /// Throws what the predicate throws; nothing is invalidated then.
  Invalidated invalidate_if(PolicyBlock& block, const LabelRef& space,
                            const ErasedPredicate& predicate, const InvalidateOptions& options);
  Invalidated invalidate_if(std::string_view name_space, const EntryPredicate& predicate,
                            const InvalidateOptions& options);
  /// Throws InvalidName or UnknownNamespace for names that invalidate_many would refuse.
  void check(const Target& target);
  void check(const Rewarm& rewarm);
  /// One step of a write: a transaction of this thread collects it, or it is carried out.
  Invalidated invalidate_around(Collected work, Moment moment);
  /// Carries out what was collected, whatever is open on this thread: what removes is one raise, what expires another. A
  /// predicate that throws: `before` throws; `after` takes its namespace.
  Invalidated deliver(const Collected& work, Moment moment);
  /// When what a write made stale could not be invalidated: all of it goes, at the commit if a transaction is open.
  void invalidate_everything();
  bool tag(std::string_view key, std::string_view name_space, std::span<const std::string> tags);
  bool add_dependency(std::string_view key, std::string_view name_space, std::string_view resource);

  EventDispatch& events() noexcept { return events_; }
  SignalBus& signals() noexcept { return bus_; }
  /// For what belongs to no block.
  BlockCounters& totals() noexcept { return totals_; }
  RemovalListeners& removals() noexcept { return removals_; }

  /// What reads another policy: given the components, and what is at work. Throws what is wrong with it.
  using ReadPolicy =
      FunctionRef<config::PolicyModel(const Components&, const config::PolicyModel& running)>;
  /// Puts another policy in place of the one at work. Throws what `read` throws, and what strategies throw when they are made
  /// or attached; then nothing has changed. `source` is what the notice says of where it is from.
  Reloaded reload(ReadPolicy read, const std::string& source) FRESHET_EXCLUDES(reload_mutex_);

  Statistics stats();
  std::vector<HotKey> hot_keys(std::size_t count);
  std::vector<HotKey> hot_keys(std::size_t count, std::string_view name_space);
  EntryReport inspect(const InspectOptions& options);
  EntryReport inspect(std::string_view name_space, const InspectOptions& options);
  std::vector<std::string> namespaces() const;
  std::size_t sweep(std::size_t max_entries);
  void settle();
  void close();
  CloseReport close(const CloseOptions& options);

  const Clock& clock() const noexcept { return *components_.clock; }
  Freshness& freshness() noexcept { return freshness_; }
  SingleFlight& flights() noexcept { return flights_; }
  const Dependencies& dependencies() const noexcept { return dependencies_; }
  HoldOff& hold_off() noexcept { return hold_off_; }
  /// What was raised so far is in force from now on at the latest. Call after a raise: the clock is read after the revision.
  void note_raises() {
    if (!hold_off_.enabled() && !raise_times_.begun()) return;  // nobody will ask
    const Revision newest = freshness_.revision();
    note_raises(components_.clock->now(), newest);
  }
  void note_raises(Instant now, Revision newest) {
    hold_off_.note(now, newest);
    raise_times_.note(now, newest);
  }
  const LoadServices& loads() const noexcept { return loads_; }
  LoadRunner& load_runner() noexcept { return load_runner_; }
  /// Whether a load that this thread asks for must not wait for a thread of the executor: it may be one of them.
  bool must_load_here() noexcept;
  Refresher& refresher() noexcept { return refresher_; }
  Refiller& refiller() noexcept { return refiller_; }

  /// Throws InvalidName or UnknownNamespace for a key that cannot be.
  Refiller::Named named(const KeyName& name);
  /// For an invalidation that comes later: instead of the number of hot keys, those that are fresh now.
  std::vector<KeyName> by_name(const Rewarm& rewarm);
  WarmProgress warm(std::span<const KeyName> keys);
  bool save_hot_keys(const std::filesystem::path& file, std::size_t count);

  /// Loads a key again in the background with the loader bound to its namespace. Says whether a load
  /// was started.
  bool refresh(std::string_view key, std::string_view name_space);

  /// A number that no other call gets, for versions that are named by nobody.
  std::uint64_t next_version() noexcept {
    return next_version_.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  friend class InvalidationCall;
  friend struct testing::EngineAccess;

  EventDispatch::Host event_host();
  /// A block's part of a policy with its strategies attached, not in force yet.
  std::shared_ptr<const BlockPolicy> prepare(PolicyBlock& block, const config::BlockModel& model);
  Reloaded put_in_place(config::PolicyModel next) FRESHET_REQUIRES(reload_mutex_);
  /// Expires all that blocks hold, and what depends on it. Returns how many entries.
  std::uint64_t expire(const std::unordered_set<std::size_t>& blocks);
  /// At once. `causes`: one for each target; without them, that of the options.
  InvalidatedMany invalidate_now(std::span<const Target> targets, const InvalidateOptions& options,
                                 std::span<const std::string> causes = {});
  Invalidated invalidate_now(PolicyBlock& block, const LabelRef& space,
                             const ErasedPredicate& predicate, const InvalidateOptions& options);
  /// What a transaction of this thread makes of the call; nothing if there is none.
  std::optional<InvalidatedMany> collect(std::span<const Target> targets,
                                         const InvalidateOptions& options);
  bool collect(Collected work);
  void deliver_all(const Collected& work, Moment moment, Invalidated& sum);
  /// Invalidates at once; instead of a target that cannot be resolved any more, its namespace.
  Invalidated invalidate_or_more(std::span<const Target> targets, Mode mode,
                                 std::span<const std::string> causes);
  void deliver_targets(const Collected& work, Mode mode, Moment moment, Invalidated& sum);
  void deliver_predicates(const Collected& work, Moment moment, Invalidated& sum);
  /// Refreshes a key, or has it refreshed when the transaction of this thread has committed. Says whether a load was started.
  bool refresh_or_collect(std::string_view key, std::string_view name_space);
  /// Tells whoever listens that something was invalidated.
  void tell(const Target& target, std::uint64_t count, const std::string& cause) noexcept;

  /// The block that serves a namespace. Throws InvalidName or UnknownNamespace.
  PolicyBlock& block_of(std::string_view name_space);
  /// What the sweeper does each time: frees the dead, and starts the refreshes that are due.
  void tick();
  /// Finds dead entries if the call may look; says whether counts are exact now.
  Exactness settle_for_count(bool may_look);
  std::size_t settle_blocks();
  bool all_settled(Instant now) const noexcept;
  /// Takes the counters over into the rates. The sweeper does it as well.
  void look_at_rates();
  void count_matching(const std::vector<EntryRef>& matching, std::size_t list, Invalidated& result);
  /// Whether a call may look at every entry to count.
  bool may_look_at_all() {
    return freshness_.resident() <= kExactUpTo && look_budget_.left(components_.clock->now());
  }
  /// Frees what is dead within a slice of time.
  void sweep_a_slice();
  void retire_bans();
  void start_warming(const config::WarmModel& warm);
  LastRun save_last_run() FRESHET_EXCLUDES(reload_mutex_);
  /// Whether the calling thread runs a loader, or something in the background, or reads for a load.
  bool is_inside() noexcept;
  void wait_for_the_end(std::uint64_t round, Instant until);
  CloseReport what_is_left(std::uint64_t round);
  void drop_everything();
  void report(const CloseReport& report) noexcept;

  Components components_;
  const RaiseSet everything_{.labels = {LabelName(LabelKind::root, std::string_view())}};
  Freshness freshness_;
  SingleFlight flights_{freshness_};
  BlockCounters totals_;  // what belongs to no block
  SignalBus bus_;         // these two before the blocks, which tell them what leaves
  RemovalListeners removals_;
  RaiseTimes raise_times_;  // asked by the blocks' stores
  std::vector<std::unique_ptr<PolicyBlock>> blocks_;
  config::BlockResolver resolver_;  // name to index in blocks_
  RateBook rates_;
  Dependencies dependencies_;
  HoldOff hold_off_;
  LookBudget look_budget_;
  LoadsUnderWay under_way_;
  LoadServices loads_;
  rt::Atomic<std::uint64_t> next_version_{0};  // relaxed: only to be different
  BackgroundWork work_;
  Refresher refresher_;
  Refiller refiller_;
  EventDispatch events_;  // uses what stands above
  ScheduledEvents schedules_;
  // Held while strategies are made and attached: one reload at a time. Before any other lock.
  rt::Mutex reload_mutex_;
  config::PolicyModel running_ FRESHET_GUARDED_BY(reload_mutex_);
  LoadRunner load_runner_;  // these two last: they use the rest
  BackgroundTask sweeper_;
};

}  // namespace freshet::detail
