// NamespaceView: one namespace of one block, behind Cache<T>. Where a read, a load and a put go through.
//
// Thread-safe; keeps the engine, and the namespace's label, alive.
#pragma once

#include <memory>
#include <string>

#include "cache/engine.hpp"
#include "cache/full_key.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/detail/scopes.hpp"

namespace freshet::detail {

/// How long a call waits for a load. kNever: for as long as it takes.
struct LoadWaits {
  Instant soft = kNever;  // not after `hard`
  Instant hard = kNever;
  bool any() const noexcept { return soft != kNever; }
};

/// Whether an entry was made with the versions that a plan names.
bool carries_versions(const Entry& entry, const EntryPlan& plan);

class NamespaceView final : public NamespaceCache,
                            public std::enable_shared_from_this<NamespaceView> {
 public:
  /// `scope` is what every key of this view begins with; empty for the whole namespace. `policy_version` is what the view
  /// announces; empty for none.
  NamespaceView(std::shared_ptr<Engine> engine, PolicyBlock& block, LabelRef space,
                std::string scope, std::string policy_version);

  const std::string& name() const noexcept override;
  Reading get(std::string_view key, const Skip& skip) override;
  void get_many(std::span<const std::string> keys, std::span<Reading> answers) override;
  bool visit(std::string_view key, FunctionRef<void(const void* value)> visitor) override;
  bool contains(std::string_view key) override;
  Reading get_or_load(std::string_view key, ErasedLoader loader, KeepLoader keep,
                      const EntryOptions& options, IfAbsent if_absent) override;
  Reading begin_read(std::string_view key, const EntryOptions& options, IfAbsent if_absent,
                     std::unique_ptr<SteppedRead>& rest) override;
  void bind_loader(std::shared_ptr<const BackgroundLoader> loader) override;
  void cacheable_if(std::shared_ptr<const CacheablePredicate> predicate) override;
  void get_or_load_many(std::span<const std::string_view> keys, ErasedBulkLoader loader,
                        const EntryOptions& options, std::span<Reading> answers) override;
  StoreOutcome put(std::string_view key, ErasedValue value, const EntryOptions& options) override;
  StoreOutcome put(std::string_view key, ErasedValue value, const EntryOptions& options,
                   const Lease& lease) override;
  StoreOutcome write_through(std::string_view key, ErasedValue value, FunctionRef<void()> write,
                             const EntryOptions& options) override;
  void count_write(bool failed) noexcept override;
  Lease lease(std::string_view key) override;
  Invalidated invalidate_if(const ErasedPredicate& predicate,
                            const InvalidateOptions& options) override;
  Connection on_removal(RemovalListener listener) override;
  std::shared_ptr<NamespaceCache> at_version(std::string_view version) override;
  Invalidated invalidate(std::string_view key, const InvalidateOptions& options) override;
  Invalidated clear(const InvalidateOptions& options) override;
  std::shared_ptr<NamespaceCache> scoped(std::string_view scope) override;
  const std::string& scope() const noexcept override { return scope_; }
  Invalidated invalidate_tag(const std::string& tag, const InvalidateOptions& options) override;

 private:
  friend class BulkLoad;
  friend class KeyRead;
  friend class OwnRead;

  /// What get_or_load is called with, and what follows from it.
  struct LoadCall {
    const FullKey& name;
    KeepLoader keep;
    const EntryOptions& options;
    IfAbsent if_absent;
  };
  /// What a first look that finds nothing leaves for those that follow.
  struct FirstLook {
    CallStart start{};
    EntryPlan plan{};
    bool apart = false;      // what is loaded is for this call alone
    bool reads = true;       // something may be found in the cache
    bool announces = false;  // what is found must have been made with the plan's versions
  };

  /// For reads that bring no loader of their own, or none that may run in the background.
  static KeepLoader no_loader() noexcept;
  FullKey full(std::string_view key) const;
  Reading get(const KeyRef& key, const Skip& skip);
  bool visit(const KeyRef& key, FunctionRef<void(const void* value)> visitor);
  /// A hit that takes no lock and has nothing to be done beside it, for a call that announces no versions and stands in nothing. Not
  /// counted. `thread`: the calling thread's number.
  Visited share(const KeyRef& key, std::size_t thread, Reading& into);
  /// The same by a reference to the entry: where reads are captured, and where the fast way does not know.
  bool visit_held(const KeyRef& key, FunctionRef<void(const void* value)> visitor);
  /// Throws InvalidName for what the caller named wrongly, before anything has happened.
  static void check(const EntryOptions& options);
  /// Pins what the caller names, and what the request context of this thread adds.
  EntryPlan plan(const KeyRef& key, const EntryOptions& options);
  /// The same with another context, or none.
  EntryPlan plan(const KeyRef& key, const EntryOptions& options, const ContextState* context);
  void add_resource(const KeyRef& key, const std::string& resource, EntryPlan& plan);
  /// Whether a call announces versions: by its options, its view or its request context.
  bool announces(const EntryOptions& options, const Scopes* open) const noexcept;
  /// Whether this view announces a policy version that is not the current one.
  bool is_outdated() const;
  /// Whether that came about since the plan was made. To be asked after the birth was noted: what changes later is seen by
  /// the fill.
  bool has_become_outdated(const EntryPlan& plan) const { return !plan.outdated && is_outdated(); }
  /// If this thread reads for a load: pins the key for it, before the read; and notes what was read.
  void capture(const Scopes* open, const KeyRef& key);
  static Reading captured(const std::shared_ptr<CaptureState>& capture, Reading reading);
  static Reading captured(const Scopes* open, Reading reading);
  /// Stores a value or forgets the key, and says which.
  StoreOutcome replace(const MadeEntry& made, const EntryPlan& plan, const KeyRef& key, Instant now,
                       const CallStart* since);
  StoreOutcome fill(const MadeEntry& made, const EntryPlan& plan, const KeyRef& key,
                    const Lease& lease, Instant now);
  /// The entry that a caller gets carries what the caller named: whoever waited for another's load named its own labels.
  void add_missing(const KeyRef& key, const EntryRef& ref, const EntryPlan& plan);
  /// Looks whether the labels that a caller names are those of the entry, and adds what it lacks.
  void follow_drift(const KeyRef& key, const EntryRef& ref, const EntryOptions& options);
  Reading read_or_load(const Scopes* open, const LoadCall& call, ErasedLoader loader);
  /// Whether there was something.
  bool look_first(const Scopes* open, const LoadCall& call, FirstLook& looked, Reading& hit);
  /// Stores a value that is true now; with a lease one that was true when that was taken; with `since` one that was written since then.
  StoreOutcome store(const FullKey& name, ErasedValue value, const EntryOptions& options,
                     const Lease* lease, const CallStart* since = nullptr);
  void forget_or_all(const Target& target);
  void forget_at_commit(const Target& target);
  CallStart note_start(const KeyRef& key) const noexcept;
  static Reading loaded(EntryRef entry) noexcept;

  // On error (namespace_view_errors.cpp).
  /// Carries out `load`. If it throws what a loader threw, and the old value may be served to this caller, that. It is judged
  /// now, after the load: it may have been removed meanwhile.
  Reading or_old(const KeyRef& key, const EntryPlan& plan, const EntryOptions& options,
                 FunctionRef<Reading()> load);
  /// The old value, or what has come since, if it may be served to this caller; counted, with what the caller names added.
  Reading look_up_on_error(const KeyRef& key, const EntryPlan& plan, const EntryOptions& options);
  Reading find_on_error(const KeyRef& key, const EntryPlan& plan, const EntryOptions& options);
  /// The failure that still says something to a caller with this plan; null: there is none.
  std::shared_ptr<const FailedLoad> failed_before(const KeyRef& key, const EntryPlan& plan,
                                                  Instant now) const;
  /// Where a load of the key has just failed: the old value; or throws what was thrown then. Empty: load.
  Reading held_back(const KeyRef& key, const EntryPlan& plan, const EntryOptions& options);
  /// What may be served of the key now. Starts a refresh where one is called for, with a loader from
  /// `keep` or the bound one. `plan`, of a caller that announces versions, is what the entry must have been made with; `options` are
  /// those that `keep` comes with.
  Reading look_up(const KeyRef& key, KeepLoader keep, IfAbsent if_absent,
                  const EntryPlan* plan = nullptr, const EntryOptions& options = {});
  Reading absent(EntryRef entry, IfAbsent if_absent, Instant now) noexcept;
  /// What a flight that has ended made; an empty reading means: start over. Throws what its loader threw.
  Reading take(const KeyRef& key, SingleFlight::Flight& flight, const CallStart& start,
               IfAbsent if_absent);
  Reading count_shared(Reading reading) noexcept;

  // In time (namespace_view_timeouts.cpp).
  /// From now on.
  LoadWaits note_waits(const EntryPlan& plan, const EntryOptions& options) const;
  /// The old value, or what has come since, for a call whose load is late.
  Reading look_up_late(const KeyRef& key, const EntryPlan& plan, const EntryOptions& options);
  /// Waits, by `has_ended`, which says whether the load had before that time. Empty: it has. Otherwise the old value, or throws
  /// LoadTimeout.
  Reading old_if_late(const KeyRef& key, const EntryPlan& plan, const EntryOptions& options,
                      const LoadWaits& waits, FunctionRef<bool(Instant until)> has_ended);
  /// The same for a flight of somebody else. Throws RecursiveLoad, and CacheClosed, too.
  Reading wait_in_time(const KeyRef& key, const EntryPlan& plan, const EntryOptions& options,
                       const LoadWaits& waits, SingleFlight::Flight& flight,
                       const LoadLink* reader);
  /// Hands the load to the executor. Null: it is to be made here, as are those that a loader asks for.
  std::shared_ptr<OwnedLoad> begin_owned(const LoadCall& call, const EntryPlan& plan,
                                         const std::shared_ptr<SingleFlight::Flight>& flight,
                                         const LoadLink* reader);
  /// Loads with a flight that this thread leads, here or on the executor; the flight ends by it.
  Reading lead_in_time(const LoadCall& call, const EntryPlan& plan,
                       const std::shared_ptr<SingleFlight::Flight>& flight, const LoadWaits& waits,
                       const LoadLink* reader, FunctionRef<Reading()> load_here);

  std::shared_ptr<Engine> engine_;
  PolicyBlock& block_;
  LabelRef space_;
  std::string scope_;
  std::string policy_version_;
};

}  // namespace freshet::detail
