// CacheInvalidator: the centre. Made from a policy, it hands out typed views and invalidates what they hold.
#pragma once

#include <any>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "freshet/cache.hpp"
#include "freshet/closing.hpp"
#include "freshet/components.hpp"
#include "freshet/detail/around_write.hpp"
#include "freshet/detail/refused_calls.hpp"
#include "freshet/detail/write_window.hpp"
#include "freshet/emitted.hpp"
#include "freshet/entry_report.hpp"
#include "freshet/event.hpp"
#include "freshet/hot_key.hpp"
#include "freshet/invalidating_writer.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/mutation.hpp"
#include "freshet/plugin.hpp"
#include "freshet/policy.hpp"
#include "freshet/reloaded.hpp"
#include "freshet/rule.hpp"
#include "freshet/signal_bus.hpp"
#include "freshet/statistics.hpp"
#include "freshet/transaction.hpp"
#include "freshet/warming.hpp"

namespace freshet {

namespace detail {
class Engine;
struct InvalidatorAccess;
}  // namespace detail

namespace testing {
struct EngineAccess;  // of our own tests
}

class CacheInvalidatorBuilder;

/// Orchestrates; owns nothing but the wiring. Thread-safe. Copies and views share one engine, which lives as long as any
/// of them. Names that are empty or too long throw InvalidName, a namespace that no block serves throws UnknownNamespace;
/// after either, nothing has changed.
class CacheInvalidator {
 public:
  /// Reads a policy. Throws ConfigError with everything that is wrong with it.
  static CacheInvalidator from_yaml_file(const std::filesystem::path& file,
                                         Components components = {});
  static CacheInvalidator from_yaml(std::string_view text, Components components = {});

  /// The same in code, through the same validation.
  static CacheInvalidatorBuilder builder();

  /// A view of one namespace. All views of a block have one type. Throws ViewError for a second type, or for a type
  /// without SizeOf where the block limits bytes.
  template <class T>
  Cache<T> cache(std::string_view name_space) {
    return Cache<T>(open(name_space, detail::kValueType<T>));
  }

  /// Forgets one key. True if something fresh was there. O(1).
  Invalidated invalidate(std::string_view key, std::string_view name_space,
                         const InvalidateOptions& options = {});

  /// Forgets every entry that carries the tag, in any namespace. O(1) whatever their number (the count: see
  /// Invalidated::exactness).
  Invalidated invalidate_tag(std::string_view tag, const InvalidateOptions& options = {});

  /// Forgets a namespace. O(1).
  Invalidated invalidate_namespace(std::string_view name_space,
                                   const InvalidateOptions& options = {});

  /// Forgets everything. O(1).
  Invalidated invalidate_all(const InvalidateOptions& options = {});

  /// Forgets every entry of one namespace that carries the tag. A ban: tested against each entry once.
  Invalidated invalidate_tag_in(std::string_view tag, std::string_view name_space,
                                const InvalidateOptions& options = {});

  /// Forgets every entry that carries all of the tags. A ban.
  Invalidated invalidate_all_of(std::vector<std::string> tags,
                                const InvalidateOptions& options = {});

  /// Forgets what depends on a resource, directly or through the keys of other entries; not the resource itself, if it is a
  /// key. The first takes all namespaces; the second what depends on the key `resource` of one. O(1).
  Invalidated invalidate_dependents(std::string_view resource,
                                    const InvalidateOptions& options = {});
  Invalidated invalidate_dependents_of_key(std::string_view key, std::string_view name_space,
                                           const InvalidateOptions& options = {});

  /// Forgets the key `prefix` and all keys under `prefix:` of a namespace (the block's `separator` if it is another). O(1); a
  /// ban: nothing is kept for it by key.
  Invalidated invalidate_prefix(std::string_view prefix, std::string_view name_space,
                                const InvalidateOptions& options = {});

  /// Forgets the keys of a namespace that a glob matches (Target::matching says how). A ban.
  Invalidated invalidate_matching(std::string_view glob, std::string_view name_space,
                                  const InvalidateOptions& options = {});

  /// `hash` is the version of `dependency` from here on: forgets what was made with another, and refuses values that still
  /// announce one. The same hash again does nothing. O(pairs of the dependency in use).
  Invalidated invalidate_version(std::string_view dependency, std::string_view hash,
                                 const InvalidateOptions& options = {});
  /// The same with a version never seen before: entries that pinned `{dependency}` without a hash are gone.
  Invalidated bump_version(std::string_view dependency, const InvalidateOptions& options = {});

  /// `version` is the policy version of a namespace from here on: forgets the namespace, and views that announce another
  /// (Cache::at_version) miss. The same version again does nothing.
  Invalidated set_policy_version(std::string_view name_space, std::string_view version,
                                 const InvalidateOptions& options = {});

  /// Forgets what the predicate says of a namespace. It is asked about each entry before this returns, with no lock held;
  /// loads of the namespace that are under way are answered and not kept. O(entries of the block).
  Invalidated invalidate_if(std::string_view name_space, const EntryPredicate& predicate,
                            const InvalidateOptions& options = {});

  /// Forgets all targets together: a load that began before this returns is kept by none of them, one that begins after
  /// by each. A target that cannot be done (an unknown namespace, a bad name) says so in its outcome and does not stop
  /// the others.
  InvalidatedMany invalidate_many(std::span<const Target> targets,
                                  const InvalidateOptions& options = {});
  InvalidatedMany invalidate_many(std::initializer_list<Target> targets,
                                  const InvalidateOptions& options = {}) {
    return invalidate_many(std::span(targets.begin(), targets.size()), options);
  }

  /// Forgets what belongs to one thing of the domain, as `entities` of the policy says, together: its keys, tags and
  /// namespaces. `id` is the value of the field `id`. Throws UnknownEntity, and InvalidName for a missing field.
  template <class Id>
  requires std::convertible_to<Id, FieldValue> Invalidated
  invalidate_entity(std::string name, Id&& id, const InvalidateOptions& options = {}) {
    return invalidate_entity(Event(std::move(name), {{"id", std::forward<Id>(id)}}), options);
  }
  Invalidated invalidate_entity(std::string name, std::initializer_list<EventField> fields,
                                const InvalidateOptions& options = {}) {
    return invalidate_entity(Event(std::move(name), fields), options);
  }

  /// Calls `write` and answers what it answers. What it makes stale is invalidated before it and again after it, by return or
  /// by exception: no value loaded before or during the write is kept and served after its end. `options` may choose another
  /// order. With Mode::expire such a value may yet be served, marked as stale, where policy serves stale ones. A version with a
  /// hash retires at the end also what was made with that hash before. In a transaction both invalidations are collected.
  /// Throws what `write` throws; InvalidName or UnknownNamespace for a target, before anything has happened. One that makes a future
  /// or a coroutine does not compile: async_mutate of freshet/coro.hpp awaits it.
  ///   invalidator.mutate({.tags = {"user:42"}}, [&] { db.update(42, patch); });
  template <std::invocable Write>
  std::invoke_result_t<Write&> mutate(const WriteTargets& targets, Write&& write,
                                      const MutateOptions& options = {}) {
    detail::WriteWindow window(engine_, targets, options);
    return detail::around_write(
        options.order, [&window] { window.invalidate(); }, write);
  }
  /// Does not compile, and says why.
  template <class Write>
  void mutate(const WriteTargets&, Write&&, const MutateOptions& = {}) {
    detail::refuse_writer<Write>();
  }

  /// Opens a transaction on this thread: invalidations wait for its commit, and values that are not committed stay out of the
  /// cache. transaction.hpp says how.
  Transaction begin_transaction() { return Transaction(engine_); }

  /// `writer`, wrapped so that `memoized` forgets what it makes stale, before it runs and after, also when it throws;
  /// invalidating_writer.hpp says whose result that is. Within the cache that the function was made from.
  ///   auto rename = invalidator.invalidating(get_user, [&](int id, std::string name) { db.rename(id, name); });
  template <class M, class Writer>
  auto invalidating(const M& memoized, Writer writer, WriterOptions options = {}) const {
    return detail::invalidating(memoized, std::move(writer), options);
  }
  /// With the key arguments made of the writer's: {.key = [](const Order& order) { return order.user_id; }}.
  template <class M, class Writer>
  auto invalidating(const M& memoized, Writer writer, KeyedWriterOptions<M, Writer> options) const {
    return detail::invalidating(memoized, std::move(writer), std::move(options));
  }
  /// With everything forgotten that the function made: {.clear_all = true}.
  template <class M, class Writer>
  auto invalidating(const M& memoized, Writer writer, ClearingWriterOptions options) const {
    return detail::invalidating(memoized, std::move(writer), options);
  }

  /// Calls `handler` for each event of this name until the connection goes. Handlers in place run after what the event
  /// invalidates, so they read fresh data. A handler owns what it uses; one that keeps a CacheInvalidator keeps the
  /// cache for as long as it is registered.
  Connection register_event_handler(std::string event, std::function<void(const Event&)> handler,
                                    Delivery delivery = Delivery::in_place);
  /// The same for every event.
  Connection register_event_handler(std::function<void(const Event&)> handler,
                                    Delivery delivery = Delivery::in_place);

  /// Tells of what the cache itself does. Posted to the executor, so that no read or fill waits for whoever listens; a handler
  /// in place is called before the call that it tells of returns, and must not call the cache.
  Connection on_notice(NoticeKind kind, std::function<void(const CacheNotice&)> handler,
                       Delivery delivery = Delivery::posted);

  /// Something happened: the policy's rules, the strategies and the handlers take it from here. What a rule debounces or
  /// batches happens later and is counted as `deferred`. Throws InvalidName for an event without a name.
  Emitted emit(const Event& event);
  Emitted emit(std::string event, std::initializer_list<EventField> fields = {}) {
    return emit(Event(std::move(event), fields));
  }

  /// Adds tags to an entry that is already stored. Says whether it was there. Invalidations before this do not count.
  bool tag(std::string_view key, std::string_view name_space, std::span<const std::string> tags);
  bool tag(std::string_view key, std::string_view name_space,
           std::initializer_list<std::string> tags) {
    return tag(key, name_space, std::span(tags.begin(), tags.size()));
  }

  /// Adds a resource that an entry depends on to one that is already stored. Says whether it was there. Invalidations before
  /// this do not count.
  bool add_dependency(std::string_view key, std::string_view name_space, std::string_view resource);

  /// Puts another policy in place of the one at work, without losing an entry. Throws ConfigError with everything that is
  /// wrong with it, or what a strategy throws when it is made or attached; then the old policy stays as it was, whole. Blocks
  /// may not come or go; their capacity and eviction, `analytics` and `plugins` may not change.
  ///
  /// Entries keep their deadlines; what is stored from here on gets those of the new strategy. Where the `key` or `tags` of a
  /// block change, its entries expire, for they carry the old tags, unless it says `on_reload: keep`. A block that reads as
  /// before keeps its strategy and what that has learned. Calls under way may yet go by the old policy. Reloads wait for
  /// each other; do not call this from a strategy.
  Reloaded reload_yaml(std::string_view text);
  Reloaded reload_yaml_file(const std::filesystem::path& file);

  /// What has happened so far. Gathered on the call; each number is exact once the calls it counts have returned.
  Statistics stats() const;

  /// The most-read keys of all namespaces, hottest first, at most `count`. What their numbers mean stands in
  /// AnalyticsOptions and HotKey.
  std::vector<HotKey> hot_keys(std::size_t count) const;

  /// The same of one namespace; the name of a block stands for all its namespaces. Throws UnknownNamespace.
  std::vector<HotKey> hot_keys(std::size_t count, std::string_view name_space) const;

  /// Has keys loaded in the background that nothing fresh is there of; warming.hpp says how. Returns at once. Throws InvalidName
  /// or UnknownNamespace for a key that cannot be, and Error if more than kMaxWarmKeys would wait; then none is loaded.
  WarmProgress warm(std::span<const KeyName> keys);
  WarmProgress warm(std::initializer_list<KeyName> keys) {
    return warm(std::span(keys.begin(), keys.size()));
  }
  /// The same for the keys of a file. Throws ConfigError with the lines that are wrong.
  WarmProgress warm_from_file(const std::filesystem::path& file);
  /// How far that has come. Safe to ask at any time.
  WarmProgress warming() const;
  /// Writes the `count` most-read keys to a file, for warm_from_file() or `warm: {last_run: …}` of another run. Whoever reads it
  /// meanwhile, or after a crash, finds the old file or the new one, whole. False if it could not be written: that is logged and
  /// counted.
  bool save_hot_keys(const std::filesystem::path& file, std::size_t count = 1'000) const;

  /// What each block holds: sizes, ages, time to the deadline, and which entries expire next. Takes one shard's lock at a
  /// time, for as many entries as `options` says.
  EntryReport inspect(const InspectOptions& options = {}) const;

  /// The same of the block that serves a namespace; of all its namespaces if it is a glob. Throws UnknownNamespace.
  EntryReport inspect(std::string_view name_space, const InspectOptions& options = {}) const;

  /// The names of the policy's blocks, in its order; a name may be a glob.
  std::vector<std::string> namespaces() const;

  /// One step of the sweeper, by hand: frees every entry whose deadline has come, then looks for dead ones among at most
  /// `max_entries` entries. Returns how many it freed. A background task does the same.
  std::size_t sweep(std::size_t max_entries = SIZE_MAX);

  /// Frees every entry that is dead, on this thread: counts are exact afterwards, until something is invalidated again.
  void settle();

  /// Stops the background work, saves the hot keys if the policy says where, and drops every entry. Afterwards reads miss, loads are answered and not kept, puts are
  /// refused. Calling it again does nothing.
  /// It waits for what runs in the background, but not where that could wait for it: called by a loader, or by something in the
  /// background.
  void close();

  /// The same in an orderly way, with a limit, and says what was left: stops schedules, debounced events, the sweeper and loads in
  /// the background; tells loads under way that they are cancelled, if asked; waits for what runs as long as `options` says; saves
  /// the hot keys; ends with CacheClosed whoever waits for a load that has not ended; drops every entry. Loads that began after it
  /// did are not waited for.
  /// May be called twice, also at once: each waits by its own options, and the first one to come there reports what was dropped.
  /// Called by a loader, a refresh, a schedule's or a debounced event's handler, it waits for nothing (CloseReport::from_inside).
  /// Called by another thread that such a one waits for, it waits as long as `options` says: give it a limit.
  /// What was left goes on and ends by itself; the last copy of the invalidator or of a view waits for what runs in the background.
  CloseReport close(const CloseOptions& options);

 private:
  friend class CacheInvalidatorBuilder;
  friend struct testing::EngineAccess;
  friend struct detail::InvalidatorAccess;
  explicit CacheInvalidator(std::shared_ptr<detail::Engine> engine) noexcept
      : engine_(std::move(engine)) {}
  std::shared_ptr<detail::NamespaceCache> open(std::string_view name_space,
                                               const detail::ValueType& type);
  Invalidated invalidate_entity(const Event& entity, const InvalidateOptions& options);

  std::shared_ptr<detail::Engine> engine_;
};

namespace detail {
/// For what stands beside CacheInvalidator in headers of its own.
struct InvalidatorAccess {
  static const std::shared_ptr<Engine>& engine(const CacheInvalidator& invalidator) noexcept {
    return invalidator.engine_;
  }
};
}  // namespace detail

/// Collects a policy given in code: blocks, rules and entities. Confined to one thread.
///
///   auto invalidator = CacheInvalidator::builder()
///       .cache("user_*", TtlOptions{.ttl = 15min})
///       .on("user_logout", {RuleAction::invalidate_namespace("user_{user_id}"),
///                           RuleAction::invalidate_tag("user:{user_id}")})
///       .build();
class CacheInvalidatorBuilder {
 public:
  /// A block served by the strategy whose options these are: TtlOptions, EventOptions,
  /// ManualOptions, or those of a strategy that `components.strategies` knows; PluginOptions names a
  /// plugin's; HybridOptions stands for several. `name` may be a glob.
  template <class Options>
  CacheInvalidatorBuilder& cache(std::string name, Options options, BlockOptions block = {}) {
    if constexpr (requires { options.parts(); }) {
      return add(std::move(name), options.parts(), std::move(block));
    } else {
      return add(std::move(name), {std::any(std::move(options))}, std::move(block));
    }
  }

  /// What an event of this name leads to. Each call adds a rule; their order is that of the calls.
  CacheInvalidatorBuilder& on(std::string event, std::vector<RuleAction> actions,
                              RuleOptions options = {});

  /// How many events of this name are carried out in a second, 1 to 1,000,000. What comes beyond waits for the second's end,
  /// equal events together. The event needs a rule.
  CacheInvalidatorBuilder& max_per_second(std::string event, std::uint64_t count);

  /// An event that comes by itself: at a time of the calendar, or after an interval, as freshet/schedule.hpp writes them. An
  /// event may have several. It is emitted, without fields, within a tenth of a second of its time; what came while the process
  /// slept comes once.
  CacheInvalidatorBuilder& schedule(std::string event, std::string time);

  /// What invalidate_entity and the action of that name take together.
  CacheInvalidatorBuilder& entity(std::string name, EntityParts parts);

  /// Adds a plugin, whose strategy `cache` can name with PluginOptions. A relative
  /// path starts at the working directory. It is loaded by build(), which says what is wrong
  /// with it; freshet/plugin.hpp tells how long that may take.
  CacheInvalidatorBuilder& plugin(std::filesystem::path file);

  /// What is loaded at start, before anybody asks; `warm:` of a policy.
  CacheInvalidatorBuilder& warm(WarmOptions options);

  CacheInvalidatorBuilder& components(Components components);

  /// Throws ConfigError with everything that is wrong.
  CacheInvalidator build();

 private:
  struct Block {
    std::string name;
    std::vector<std::any> strategies;
    BlockOptions block;
  };
  CacheInvalidatorBuilder& add(std::string name, std::vector<std::any> strategies,
                               BlockOptions block);

  std::vector<Block> blocks_;
  RulesInCode rules_;
  std::vector<std::filesystem::path> plugins_;
  WarmOptions warm_;
  Components components_;
};

}  // namespace freshet
