// KeyLoad: one load of whoever leads it, from its loader to its place in the store. LoaderRun: one run of its loader.
// PreviousEntry: what that loader is told of the entry that it replaces.
//
// Used by a read that loads, by a bulk load for each of its keys, and by a refresh. A refresh is a
// load like any other: its birth was noted before it began.
#pragma once

#include <exception>
#include <optional>
#include <string_view>

#include "cache/capture_state.hpp"
#include "cache/dependencies.hpp"
#include "cache/hold_off.hpp"
#include "cache/loads_under_way.hpp"
#include "cache/policy_block.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "refresh/single_flight.hpp"

namespace freshet::detail {

/// What every load uses. Owned by the engine.
struct LoadServices {
  const Clock& clock;
  Freshness& freshness;
  SingleFlight& flights;
  const Dependencies& dependencies;
  const HoldOff& hold_off;
  LoadsUnderWay& under_way;
};

/// Borrows everything, for the duration of the load.
struct KeyLoad {
  const LoadServices& services;
  PolicyBlock& block;
  const KeyRef& key;
  const EntryPlan& plan;
  SingleFlight::Flight& flight;
  std::optional<Duration> ttl{};     // what the caller asked for
  bool captures = true;              // whether what the loader reads becomes labels
  bool fills = true;                 // whether the value may be kept
  bool sees_previous = true;         // whether the loader may be told what is there
  bool is_shared = true;             // false: for its caller alone, and so is its failure
  const Entry* refreshed = nullptr;  // the entry that is loaded again, if it is a refresh

  /// Runs the loader, keeps what it makes if it may be kept, hands it to those who wait. Ends the
  /// flight whatever happens; throws what the loader throws.
  EntryRef run(std::string_view given_key, ErasedLoader loader) const;

  /// What a loader left behind, apart from the value.
  struct Loaded {
    const LoadContext* context = nullptr;
    const Entry* renewed = nullptr;  // the origin says that this is still right
    CaptureState::Captured captured{};
    Instant began{};
    Revision held_from{};     // what the load is judged by in a block with a hold-off
    Duration load_time{};     // until the value was there, as measured
    bool counts_time = true;  // in the statistics: one of the keys that a bulk loader answers does
  };
  /// To be noted before the loader runs.
  Loaded begin() const;

  /// The second half, for a value that is there. Ends the flight, unless it throws.
  EntryRef finish(const Loaded& loaded, ErasedValue value) const;

  /// Remembers that the loader threw, where the block asks for it. Before the flight ends: whoever comes after that finds it.
  void note_failure(const Loaded& loaded, const std::exception_ptr& error,
                    bool is_of_this_key = true) const noexcept;

 private:
  /// Adds what the loader named and read. Returns since when writes of the keys among it are seen.
  Revision add_labels(const Loaded& loaded, std::vector<LabelRef>& labels) const;
  void drop_old(const MadeEntry& made, const Loaded& loaded, Revision proven_since) const;
  /// What the load itself says against it.
  StoreOutcome may_keep(const MadeEntry& made, const Loaded& loaded, Revision proven_since) const;
  StoreOutcome keep(const MadeEntry& made, const Loaded& loaded, Revision proven_since) const;
};

/// What LoadContext::previous() finds: the entry that a load replaces, if its loader may go by it.
class PreviousEntry final : public PreviousValue {
 public:
  /// Borrows the load.
  explicit PreviousEntry(const KeyLoad& load) noexcept : load_(load) {}

  Reading of(const std::type_info& type) override;
  std::string_view validator() override;
  /// What was found; null before.
  const Entry* entry() const noexcept { return found_ ? &entry_of(found_) : nullptr; }

 private:
  void look();
  /// Whether a loader that asks its origin about this, and hears that it is still right, may say so.
  bool may_be_renewed(const Entry& entry) const;

  const KeyLoad& load_;
  bool looked_ = false;
  Instant looked_at_{};
  EntryRef found_;
};

/// One run of a loader, whoever calls it: what it is given, and how it ends. Every call of it stands in what the load stands in.
class LoaderRun {
 public:
  /// Borrows the load. The time counts from here.
  explicit LoaderRun(const KeyLoad& load, LoadsUnderWay::By by = LoadsUnderWay::By::thread)
      : load_(load),
        self_(load.services.under_way, load.key, by),
        loaded_(load.begin()),
        previous_(load) {}
  LoaderRun(const LoaderRun&) = delete;
  LoaderRun& operator=(const LoaderRun&) = delete;

  /// Once, before the loader. Throws std::bad_alloc, which is then how the run ended.
  LoadContext& prepare(std::string_view given_key);
  /// What is open while the loader runs: what it reads is its own, or nobody's. After prepare().
  Scopes scopes() const;

  /// The loader made a value: keeps it if it may be kept, hands it to those who wait. Ends the flight, unless it throws.
  void finish(ErasedValue value);
  /// The loader, or finish(), threw; null: it was given up. Ends the flight, unless that has ended.
  void fail(const std::exception_ptr& error) noexcept;

  /// What was made; empty until then.
  const EntryRef& result() const noexcept { return result_; }

 private:
  Duration elapsed() const { return load_.services.clock.now() - loaded_.began; }

  const KeyLoad& load_;
  LoadsUnderWay::Load self_;
  KeyLoad::Loaded loaded_;
  PreviousEntry previous_;
  std::shared_ptr<CaptureState> capture_;
  std::optional<LoadContext> context_;
  bool taken_ = false;
  EntryRef result_;
};

/// Whether a failure still says something of its key: neither that nor what it carries was written or invalidated since.
bool stands(const FailedLoad& failure, const Freshness& freshness, const KeyRef& key) noexcept;

/// Whether a load of the key failed so lately that its old value is to be served without another one.
bool is_held_back(const LoadServices& services, const PolicyBlock& block, const KeyRef& key,
                  Instant now);

/// Whether a value whose load began at `began`, judged by `held_from`, came too soon after an invalidation.
bool is_held_off(const LoadServices& services, const PolicyBlock& block, const KeyRef& key,
                 std::span<const LabelRef> labels, Instant began, Revision held_from);

}  // namespace freshet::detail
