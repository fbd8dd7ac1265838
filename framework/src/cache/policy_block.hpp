// PolicyBlock: one block of the policy at work: its strategy, its store, its counters, and how its entries are made.
//
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
#include "cache/guarded_strategy.hpp"
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
#include "strategy/key_template.hpp"

namespace freshet::detail {

/// What is known of an entry before its value is.
struct EntryPlan {
  std::vector<LabelRef> labels;          // the namespace, the block's tags, the caller's
  std::vector<EntryView::Field> fields;  // of the key; they point into it
  bool key_matches = true;               // whether the key fits the block's template
  bool versioned = false;                // the caller announces versions, among the labels
  bool outdated = false;    // one of them is not the current one: nothing cached is for this caller
  Revision proven_since{};  // since when writes of the keys among the labels are seen
  std::uint64_t declared = 0;  // a hash of the labels that the caller names
};

/// What a value is to be stored with, beside its plan.
struct EntryTerms {
  Revision birth{};
  Entry::Request request{};
  const LoadContext* context = nullptr;
  Duration load_time{};
  Instant at_most = kNever;        // what it was made from is good until then
  bool inherits_overflow = false;  // what it was made from has labels beyond a limit
};

/// What a value turned into: an entry, and where it may be stored or why it may not.
struct MadeEntry {
  EntryRef entry;
  StoreOutcome outcome;  // `stored` means: may be stored
};

class PolicyBlock final : public RemovalObserver {
 public:
  /// `position` is that of the block in the policy.
  PolicyBlock(const config::BlockModel& model, std::size_t position, Freshness& freshness,
              const StrategyCollaborators& collaborators, SignalBus& bus,
              RemovalListeners& removals, const AnalyticsOptions& analytics);

  const std::string& name() const noexcept { return name_; }
  const std::string& strategy_name() const noexcept { return strategy_name_; }
  const BlockOptions& options() const noexcept { return options_; }
  std::size_t position() const noexcept { return position_; }
  Store& store() noexcept { return store_; }
  BlockCounters& counters() noexcept { return counters_; }
  HotKeyTracker& hot_keys() noexcept { return hot_keys_; }
  Strategy& strategy() noexcept { return *strategies_.whole; }

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

  /// What to do with an entry that is read past its soft deadline.
  ReadDecision on_soft_expired(const Entry& entry, Instant now);

  /// The loader for background loads of a namespace; null if none is bound.
  std::shared_ptr<const BackgroundLoader> bound_loader(const LabelRef& space) const
      FRESHET_EXCLUDES(loaders_mutex_);
  /// Null unbinds.
  void bind_loader(const LabelRef& space, std::shared_ptr<const BackgroundLoader> loader)
      FRESHET_EXCLUDES(loaders_mutex_);
  /// Lets go of all bound loaders, and of what they hold.
  void unbind_loaders() FRESHET_EXCLUDES(loaders_mutex_);

  RefreshBudget& budget() noexcept { return budget_; }
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
    const std::size_t slot = thread_slot();
    counters_.add_from(slot, hit ? Metric::hits : Metric::misses);
    hot_keys_.note_from(slot, [&key] { return CountedName{key.hash, key.space->text(), key.key}; });
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
  /// Cuts `labels` down to what an entry may carry. False: it may not be kept.
  bool fit_labels(std::vector<LabelRef>& labels, const Deadlines& deadlines,
                  bool inherits_overflow);
  void publish(NoticeKind kind, const Label& space, std::string_view key,
               std::optional<RemovalCause> removal) noexcept;

  const std::size_t position_;
  const std::string name_;
  const std::string strategy_name_;
  const BlockOptions options_;
  const Place bytes_place_;
  Freshness& freshness_;
  SignalBus& bus_;
  RemovalListeners& removals_;
  const std::optional<KeyTemplate> key_;
  const std::vector<TagTemplate> tags_;
  const BlockStrategies strategies_;
  BlockCounters counters_;
  HotKeyTracker hot_keys_;
  Store store_;
  RefreshBudget budget_;
  rt::Mutex type_mutex_;
  const std::type_info* type_ FRESHET_GUARDED_BY(type_mutex_) = nullptr;
  struct BoundLoader {
    LabelRef space;  // keeps the key of the map alive
    std::shared_ptr<const BackgroundLoader> loader;
  };
  mutable rt::Mutex loaders_mutex_;
  std::unordered_map<const Label*, BoundLoader> loaders_ FRESHET_GUARDED_BY(loaders_mutex_);
};

}  // namespace freshet::detail
