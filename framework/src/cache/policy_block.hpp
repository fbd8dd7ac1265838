// PolicyBlock: one block of the policy at work: its strategy, its store, its counters, and how its entries are made.
//
// Thread-safe. Owned by the engine; holds references to the engine's freshness.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/policy_model.hpp"
#include "freshet/loader.hpp"
#include "freshet/strategy.hpp"
#include "freshet/strategy_registry.hpp"
#include "stats/counters.hpp"
#include "store/store.hpp"
#include "strategy/key_template.hpp"

namespace freshet::detail {

/// What is known of an entry before its value is.
struct EntryPlan {
  std::vector<LabelRef> labels;          // the namespace, the block's tags, the caller's
  std::vector<EntryView::Field> fields;  // of the key; they point into it
  bool key_matches = true;               // whether the key fits the block's template
};

/// What a value turned into: an entry, and where it may be stored or why it may not.
struct MadeEntry {
  EntryRef entry;
  StoreOutcome outcome;  // `stored` means: may be stored
};

class PolicyBlock final : public RemovalObserver {
 public:
  PolicyBlock(const config::BlockModel& model, Freshness& freshness,
              const StrategyCollaborators& collaborators);

  const std::string& name() const noexcept { return name_; }
  const std::string& strategy_name() const noexcept { return strategy_name_; }
  const BlockOptions& options() const noexcept { return options_; }
  Store& store() noexcept { return store_; }
  BlockCounters& counters() noexcept { return counters_; }

  /// Fixes the type of the block's values at first use. Throws ViewError for another one later, and for one whose size
  /// nobody described where the policy limits bytes.
  void bind_type(const ValueType& type) FRESHET_EXCLUDES(type_mutex_);

  /// Pins what an entry under `key` will carry. Throws InvalidName for a bad tag.
  EntryPlan plan(const LabelRef& space, std::string_view key, const std::vector<std::string>& tags);

  /// Asks the strategy for deadlines and makes the entry. `labels` become the entry's.
  MadeEntry make_entry(const KeyRef& key, const EntryPlan& plan, std::vector<LabelRef> labels,
                       Revision birth, const EntryOptions& options, const LoadContext* context,
                       Duration load_time, Instant now, ErasedValue value);

  /// Adds a fill's or put's outcome to the counters.
  void count(StoreOutcome outcome) noexcept;

  /// Adds a load to the counters.
  void count_load(Duration time, bool made_a_value) noexcept {
    counters_.add(made_a_value ? Metric::loads : Metric::load_failures);
    counters_.add(Metric::load_time_ns,
                  static_cast<std::uint64_t>(std::max<Duration::rep>(0, time.count())));
  }

  NamespaceStatistics statistics() const;

  void on_removed(const Entry& entry, RemovalCause cause) noexcept override;

 private:
  const std::string name_;
  const std::string strategy_name_;
  const BlockOptions options_;
  const Place bytes_place_;
  Freshness& freshness_;
  const std::optional<KeyTemplate> key_;
  const std::vector<TagTemplate> tags_;
  const std::unique_ptr<Strategy> strategy_;
  BlockCounters counters_;
  Store store_;
  rt::Mutex type_mutex_;
  const std::type_info* type_ FRESHET_GUARDED_BY(type_mutex_) = nullptr;
};

}  // namespace freshet::detail
