// PolicyBlock: one block of the policy at work: its strategy, its store, its counters, and how its entries are made.
//
// What a reload may replace stands in its BlockPolicy; an entry is stored by the one in force when it is stored. A lock is
// taken to get at it, so that hits never do.
// Thread-safe. Owned by the engine; holds references to the engine's freshness and signals.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analytics/hot_keys.hpp"
#include "cache/block_policy.hpp"
#include "cache/failed_loads.hpp"
#include "cache/refill_queue.hpp"
#include "cache/removal_listeners.hpp"
#include "config/policy_model.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/loader.hpp"
#include "freshet/signal_bus.hpp"
#include "freshet/strategy.hpp"
#include "freshet/strategy_registry.hpp"
#include "refresh/refresh_budget.hpp"
#include "stats/counters.hpp"
#include "store/store.hpp"

namespace freshet::detail {

/// What is known of an entry before its value is.
struct EntryPlan {
  std::shared_ptr<const BlockPolicy> policy;  // that it was made with
  std::uint64_t label_epoch = 0;              // of the block, when it was made
  std::vector<LabelRef> labels;               // the namespace, the block's tags, the caller's
  std::vector<EntryView::Field> fields;       // of the key; they point into it and `policy`
  bool key_matches = true;                    // whether the key fits the block's template
  bool versioned = false;                     // the caller announces versions, among the labels
  bool outdated = false;    // one of them is not the current one: nothing cached is for this caller
  Revision proven_since{};  // since when writes of the keys among the labels are seen
  std::uint64_t declared = 0;  // a hash of the labels that the caller names
};

/// What a value is to be stored with, beside its plan.
struct EntryTerms {
  Revision birth{};
  EntryRequest request{};
  const LoadContext* context = nullptr;
  Duration load_time{};            // for the strategy: what it takes to make the value
  Instant at_most = kNever;        // what it was made from is good until then
  bool inherits_overflow = false;  // what it was made from has labels beyond a limit
  bool has_no_value = false;       // the origin has nothing: what is kept is that

  /// Whether a loader said that the origin has nothing, with or without a value that stands for that.
  bool is_absent() const noexcept {
    return has_no_value || (context != nullptr && context->is_absent());
  }
};

/// What a value turned into: an entry, and where it may be stored or why it may not.
struct MadeEntry {
  EntryRef entry;
  StoreOutcome outcome;  // `stored` means: may be stored
};

class PolicyBlock final : public RemovalObserver {
 public:
  /// `position` is that of the block in the policy. A policy is to be installed before anything else.
  PolicyBlock(const config::BlockModel& model, std::size_t position, Freshness& freshness,
              SignalBus& bus, RemovalListeners& removals, const AnalyticsOptions& analytics,
              const RaiseTimes& times);

  const std::string& name() const noexcept { return name_; }
  std::size_t position() const noexcept { return position_; }
  Store& store() noexcept { return store_; }
  BlockCounters& counters() noexcept { return counters_; }
  HotKeyTracker& hot_keys() noexcept { return hot_keys_; }
  FailedLoads& failed_loads() noexcept { return failed_loads_; }
  const FailedLoads& failed_loads() const noexcept { return failed_loads_; }

  /// What is in force now.
  std::shared_ptr<const BlockPolicy> policy() const FRESHET_EXCLUDES(policy_mutex_);
  /// Puts an attached policy in force and retires the one before it. `relabels`: what was planned with that one must not be
  /// kept, and the caller is about to expire what was stored with it. One call at a time.
  void install(const std::shared_ptr<const BlockPolicy>& policy, bool relabels)
      FRESHET_EXCLUDES(policy_mutex_);
  /// Whether the labels of a plan are those that the block's entries carry now. A load that asks after it has noted its birth,
  /// and a put that asks once it has stored, cannot miss the raise that follows a change.
  bool has_current_labels(const EntryPlan& plan) const noexcept {
    // acquire: pairs with the release in install(). A revision that is read after the raise that follows it sees the change.
    return plan.label_epoch == label_epoch_.load(std::memory_order_acquire);
  }

  /// Fixes the type of the block's values at first use. Throws ViewError for another one later, and for one whose size
  /// nobody described where the policy limits bytes.
  void bind_type(const ValueType& type) FRESHET_EXCLUDES(type_mutex_);

  /// Pins what an entry under `key` will carry. Throws InvalidName for a bad tag.
  EntryPlan plan(const LabelRef& space, std::string_view key, const std::vector<std::string>& tags);

  /// Asks the strategy for deadlines and makes the entry. `labels` become the entry's, as far as the block's limit and its
  /// rule allow.
  MadeEntry make_entry(const KeyRef& key, const EntryPlan& plan, std::vector<LabelRef> labels,
                       const EntryTerms& terms, Instant now, ErasedValue value);

  /// Adds a tag or resource to `labels`; where the limit on labels in all is reached, what stands for the rest.
  void add_label(LabelKind kind, std::string_view text, std::vector<LabelRef>& labels);

  /// Adds what a load has read. Where the limit in all is reached, labels that only `captured` holds give way to what stands
  /// for them.
  void add_captured(const std::vector<LabelRef>& captured, std::vector<LabelRef>& labels);

  /// What to do with an entry that is read past its soft deadline, or `expired` by an invalidation.
  ReadDecision on_soft_expired(const Entry& entry, Instant now, bool expired);

  /// The loader for background loads of a namespace; null if none is bound.
  std::shared_ptr<const BackgroundLoader> bound_loader(const LabelRef& space) const
      FRESHET_EXCLUDES(loaders_mutex_);
  /// Null unbinds.
  void bind_loader(const LabelRef& space, std::shared_ptr<const BackgroundLoader> loader)
      FRESHET_EXCLUDES(loaders_mutex_);
  /// Which values of a namespace may be kept; a later one replaces it.
  void bind_predicate(const LabelRef& space, std::shared_ptr<const CacheablePredicate> predicate)
      FRESHET_EXCLUDES(loaders_mutex_);
  /// Whether any is bound.
  bool has_bound_loaders() const FRESHET_EXCLUDES(loaders_mutex_);
  /// Lets go of all bound loaders and predicates, and of what they hold.
  void unbind_loaders() FRESHET_EXCLUDES(loaders_mutex_);

  RefreshBudget& budget() noexcept { return budget_; }
  RefillQueue& refills() noexcept { return refills_; }
  void count_refresh() noexcept { counters_.add(Metric::refreshes); }

  /// Tells whoever listens what happened to a key. One flag test if nobody does.
  void tell(NoticeKind kind, const Label& space, std::string_view key,
            std::optional<RemovalCause> removal = {}) noexcept {
    if (bus_.listened(kind)) publish(kind, space, key, removal);
  }

  /// Adds a fill's or put's outcome to the counters.
  void count(StoreOutcome outcome) noexcept;

  /// Adds a read to the counters and to the analytics.
  void count_read(const KeyRef& key, bool hit) noexcept {
    count_read(key, hit, rt::thread_number());
  }
  /// The same for who has asked for its thread's number already.
  void count_read(const KeyRef& key, bool hit, std::size_t thread) noexcept {
    counters_.add_from(thread, hit ? Metric::hits : Metric::misses);
    hot_keys_.note_from(thread, [&key] {
      return CountedName{key.hash, key.space->text(), key.key};
    });
  }

  /// Adds a load to the counters.
  void count_load(Duration time, bool made_a_value) noexcept {
    counters_.add(made_a_value ? Metric::loads : Metric::load_failures);
    counters_.add(Metric::load_time_ns,
                  static_cast<std::uint64_t>(std::max<Duration::rep>(0, time.count())));
  }

  NamespaceStatistics statistics() const;

  void on_removed(const Entry& entry, RemovalCause cause) noexcept override;
  void on_swept(RemovalCause cause) noexcept override;

 private:
  /// When an entry is over, by the strategy or, where the origin has nothing, by negative_ttl.
  static Deadlines deadlines_of(const BlockPolicy& policy, const EntryView& view,
                                const EntryTerms& terms, Instant now);
  /// What the bound predicate says.
  bool is_cacheable(const KeyRef& key, const ErasedValue& value) FRESHET_EXCLUDES(loaders_mutex_);
  /// Cuts `labels` down to what an entry may carry. False: it may not be kept.
  bool fit_labels(const LabelLimits& limits, std::vector<LabelRef>& labels,
                  const Deadlines& deadlines, bool inherits_overflow);
  void add_label(const LabelLimits& limits, LabelKind kind, std::string_view text,
                 std::vector<LabelRef>& labels);
  void publish(NoticeKind kind, const Label& space, std::string_view key,
               std::optional<RemovalCause> removal) noexcept;

  /// Whether a policy that the caller holds has not been replaced. acquire: pairs with the release in install().
  bool is_in_force(const BlockPolicy& policy) const noexcept {
    return in_force_.load(std::memory_order_acquire) == &policy;
  }

  const std::size_t position_;
  const std::string name_;
  const bool limits_bytes_;
  const bool in_recency_order_;
  const Place bytes_place_;
  Freshness& freshness_;
  SignalBus& bus_;
  RemovalListeners& removals_;
  mutable rt::Mutex policy_mutex_;
  std::shared_ptr<const BlockPolicy> policy_ FRESHET_GUARDED_BY(policy_mutex_);
  rt::Atomic<const BlockPolicy*> in_force_{
      nullptr};  // policy_, to compare with; written under policy_mutex_
  rt::Atomic<std::uint64_t> label_epoch_{0};                          // written under policy_mutex_
  std::uint64_t old_failures_ FRESHET_GUARDED_BY(policy_mutex_) = 0;  // of strategies replaced
  BlockCounters counters_;
  HotKeyTracker hot_keys_;
  Store store_;
  RefreshBudget budget_;
  RefillQueue refills_;
  rt::Mutex type_mutex_;
  const std::type_info* type_ FRESHET_GUARDED_BY(type_mutex_) = nullptr;
  struct BoundLoader {
    LabelRef space;  // keeps the key of the map alive
    std::shared_ptr<const BackgroundLoader> loader;
  };
  struct BoundPredicate {
    LabelRef space;
    std::shared_ptr<const CacheablePredicate> predicate;
  };
  mutable rt::Mutex loaders_mutex_;
  std::unordered_map<const Label*, BoundLoader> loaders_ FRESHET_GUARDED_BY(loaders_mutex_);
  std::unordered_map<const Label*, BoundPredicate> predicates_ FRESHET_GUARDED_BY(loaders_mutex_);
  // Whether there is a predicate; stored under loaders_mutex_. release, acquire in is_cacheable().
  rt::Atomic<bool> has_predicates_{false};
  FailedLoads failed_loads_;
};

}  // namespace freshet::detail
