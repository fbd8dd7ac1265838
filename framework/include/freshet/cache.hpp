// Cache<T>: the typed view of one namespace. Get one from CacheInvalidator::cache<T>().
//
// A view is two words, cheap to copy, thread-safe, and keeps the engine alive. Values are shared and immutable.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "freshet/detail/around_write.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/detail/refused_calls.hpp"
#include "freshet/errors.hpp"
#include "freshet/handle.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/lease.hpp"
#include "freshet/loader.hpp"
#include "freshet/memoized.hpp"
#include "freshet/outcome.hpp"
#include "freshet/removal_cause.hpp"
#include "freshet/signal_bus.hpp"

namespace freshet {

namespace detail {
struct CacheAccess;
}

/// Makes a T: from nothing, or from a LoadContext& through which it may say more about the value.
template <class F, class T>
concept LoaderOf = std::is_invocable_r_v<T, F&> || std::is_invocable_r_v<T, F&, LoadContext&>;

/// Makes a T, or nullopt where the origin has nothing.
template <class F, class T>
concept OptionalLoaderOf =
    !LoaderOf<F, T> && (std::is_invocable_r_v<std::optional<T>, F&> ||
                        std::is_invocable_r_v<std::optional<T>, F&, LoadContext&>);

/// Makes many: given the keys that are missing, answers with as many optionals in the same order.
template <class F, class T>
concept BulkLoaderOf =
    std::is_invocable_r_v<std::vector<std::optional<T>>, F&, std::span<const std::string_view>>;

/// Writes a value to its origin.
template <class F, class T>
concept WriteOf = std::invocable<F&, const T&> || std::invocable<F&>;

template <class T>
class Cache {
  static_assert(std::is_object_v<T> && !std::is_const_v<T>,
                "Cache<T> holds values: T is an object type without const");
  static_assert(std::is_move_constructible_v<T>, "Cache<T> moves values in: T must be movable");

 public:
  /// The namespace that this view reads and writes.
  const std::string& name() const noexcept { return core_->name(); }

  /// The cached value, or an empty handle.
  Handle<T> get(std::string_view key, const Skip& skip = {}) const {
    return Handle<T>(core_->get(key, skip));
  }

  /// Whether get() would find something now. Counts as neither hit nor miss, and is no access for the eviction policy.
  bool contains(std::string_view key) const { return core_->contains(key); }

  /// Calls `visitor(const T&)` if the key is cached; says whether it was. Cheaper than get() by the reference count that a handle
  /// costs. No lock is held meanwhile, and memory of what leaves the cache waits for the visitor to return: let it be quick. The
  /// value must not be used after it has; what it throws reaches the caller.
  /// It is also called with what policy serves stale, and is not told: `visitor(const T&, const Provenance&)` is, at the price of get().
  template <class Visitor>
  requires(
      std::invocable<Visitor&, const T&> ||
      std::invocable<Visitor&, const T&, const Provenance&>) bool visit(std::string_view key,
                                                                        Visitor&& visitor) const {
    if constexpr (std::invocable<Visitor&, const T&, const Provenance&>) {
      const Handle<T> found = get(key);
      if (found) std::invoke(visitor, *found, found.provenance());
      return static_cast<bool>(found);
    } else {
      return core_->visit(key, [&visitor](const void* value) {
        std::invoke(visitor, *static_cast<const T*>(value));
      });
    }
  }
  /// Does not compile, and says what the visitor lacks. As are those below that refuse.
  template <class Visitor>
  bool visit(std::string_view, Visitor&&) const {
    detail::refuse_visitor<T, Visitor>();
    return false;
  }

  /// The cached value, or what `loader` makes. Concurrent calls for a key share one load; what the loader throws reaches
  /// all of them. The value is kept unless policy, loader or an invalidation meanwhile say otherwise; it is returned in
  /// any case. Throws RecursiveLoad where waiting would never end.
  /// Under a policy that refreshes (soft_ttl, predictive, some plugins) a copy of the loader may run
  /// on the executor after this call has returned: let it own what it captures, or give it nothing
  /// but what outlives the cache. A loader that cannot be copied is never kept; bind_loader serves
  /// such refreshes.
  /// Under a load_timeout the load is made by a copy of the loader on Components::load_executor, which may go on after this call
  /// has returned with the old value, or thrown LoadTimeout: the same holds for what it captures, and it must own neither a view nor
  /// an invalidator. A loader that cannot be copied, and one that is called for a loader, runs here, to its end.
  /// A loader that returns std::optional<T> may say nullopt: the answer is an empty handle, and that there is nothing is kept
  /// under the same rules as a value, for negative_ttl. One that returns a T is never answered with an empty handle.
  /// Under stale_if_error a call that would throw what a loader threw is given the old value instead, if that is there and may be
  /// served; the handle's staleness() says so. RecursiveLoad is always thrown, and so is what a load in a Bypass or transaction
  /// throws.
  template <class Loader>
  requires(LoaderOf<Loader, T> ||
           OptionalLoaderOf<Loader, T>) Handle<T> get_or_load(std::string_view key, Loader&& loader,
                                                              const EntryOptions& options = {})
  const {
    auto erased = [&loader](LoadContext& context, detail::ValueSink sink) {
      run(loader, context, sink);
    };
    auto keep = [&loader]() -> std::shared_ptr<const detail::BackgroundLoader> {
      using Owned = std::decay_t<Loader>;
      constexpr bool runs = LoaderOf<Owned, T> || OptionalLoaderOf<Owned, T>;
      if constexpr (std::is_copy_constructible_v<Owned> && runs) {
        return std::make_shared<const detail::BackgroundLoader>(
            [owned = Owned(loader)](std::string_view, LoadContext& context,
                                    detail::ValueSink sink) mutable { run(owned, context, sink); });
      } else {
        static_cast<void>(loader);  // it cannot be copied: nobody keeps it
        return nullptr;
      }
    };
    constexpr auto if_absent =
        LoaderOf<Loader, T> ? detail::IfAbsent::load : detail::IfAbsent::answer;
    return Handle<T>(core_->get_or_load(key, erased, keep, options, if_absent));
  }
  template <class Loader>
  void get_or_load(std::string_view, Loader&&, const EntryOptions& = {}) const {
    detail::refuse_loader<T, Loader>();
  }

  /// get_or_load for coroutines of Boost.Asio: `co_await cache.async_get_or_load(key, loader)`, with a loader that makes an
  /// awaitable. Include freshet/coro.hpp, which documents it.
  template <class Loader>
  auto async_get_or_load(std::string_view key, Loader&& loader) const;
  template <class Loader, class Options = EntryOptions>
  requires std::is_same_v<std::remove_cvref_t<Options>, EntryOptions>
  auto async_get_or_load(std::string_view key, Loader&& loader, Options&& options) const;

  /// `function` with its results cached here, under keys made by `key` of its arguments; memoized.hpp says how, and what
  /// happens to the arguments. `options` hold for every result. What cannot be memoized does not compile. Throws
  /// InvalidName.
  ///   auto get_user = profiles.memoize("user:{}", [&](int id) { return db.load_profile(id); });
  template <class Function, class Positions = typename detail::AllPositionsOf<Function>::type>
  auto memoize(detail::KeyFormatFor<Function> key, Function function,
               EntryOptions options = {}) const {
    return detail::memoize<T, Positions>(core_, key, std::move(function), std::move(options));
  }
  /// With keys made of these arguments alone: key_arguments<0, 2>.
  template <class Function, std::size_t... Positions>
  auto memoize(detail::KeyFormat<sizeof...(Positions)> key, KeyArguments<Positions...>,
               Function function, EntryOptions options = {}) const {
    return detail::memoize<T, KeyArguments<Positions...>>(core_, key, std::move(function),
                                                          std::move(options));
  }
  /// With keys that a function makes: key_by("search", [](const Query& q) { return q.words(); }).
  template <class Function, class MakeKey,
            class Positions = typename detail::AllPositionsOf<Function>::type>
  auto memoize(KeyBy<MakeKey> key, Function function, EntryOptions options = {}) const {
    return detail::memoize<T, Positions>(core_, std::move(key), std::move(function),
                                         std::move(options));
  }
  template <class Function, class MakeKey, std::size_t... Positions>
  auto memoize(KeyBy<MakeKey> key, KeyArguments<Positions...>, Function function,
               EntryOptions options = {}) const {
    return detail::memoize<T, KeyArguments<Positions...>>(core_, std::move(key),
                                                          std::move(function), std::move(options));
  }

  /// Does not compile, and says what is missing.
  template <class Function>
  void memoize(Function) const {
    static_assert(
        !std::is_same_v<Function, Function>,
        "Freshet: say what the keys begin with, for a compiler has no name for a function "
        "that is the same in every build: memoize(\"load_profile\", function)");
  }

  /// The loader for loads in the background: refreshes of what nobody happens to read, and of what
  /// get() finds past its soft deadline. `loader(std::string_view key)`, or with a LoadContext&,
  /// makes a T, or an optional; it runs on the executor, possibly on several threads at once. It serves the whole
  /// namespace, with full keys; a later one replaces it; CacheInvalidator::close() lets it go. It
  /// must not own a view or invalidator, which would then never end. What an entry is to carry it
  /// names itself, by its LoadContext: a refresh keeps the labels that callers gave to the entry that
  /// it replaces, but where the entry is gone, or never was, nobody else knows any.
  template <class Loader>
  requires(std::is_invocable_r_v<std::optional<T>, Loader&, std::string_view, LoadContext&> ||
           std::is_invocable_r_v<std::optional<T>, Loader&,
                                 std::string_view>) void bind_loader(Loader loader) const {
    core_->bind_loader(std::make_shared<const detail::BackgroundLoader>(
        [loader = std::move(loader)](std::string_view key, LoadContext& context,
                                     detail::ValueSink sink) mutable {
          if constexpr (std::is_invocable_v<Loader&, std::string_view, LoadContext&>) {
            const auto load = [&] { return loader(key, context); };
            run(load, context, sink);
          } else {
            const auto load = [&] { return loader(key); };
            run(load, context, sink);
          }
        }));
  }
  template <class Loader>
  void bind_loader(Loader) const {
    detail::refuse_bound_loader<T, Loader>();
  }

  /// Which values of this namespace may be kept, whoever makes them: `predicate(const T&)`, or with the full key in front. What
  /// it says no to is answered and not kept; a put of it takes out what was there. It is called by every load and put, before
  /// the value is stored, possibly on several threads at once and with no lock held; one that throws keeps the value out
  /// (handler_failures). A later one replaces it; CacheInvalidator::close() lets it go. It must not own a view or invalidator.
  template <class Predicate>
  requires(std::is_invocable_r_v<bool, const Predicate&, const T&> ||
           std::is_invocable_r_v<bool, const Predicate&, std::string_view,
                                 const T&>) void cacheable_if(Predicate predicate) const {
    core_->cacheable_if(std::make_shared<const detail::CacheablePredicate>(
        [predicate = std::move(predicate)](std::string_view key, const void* value) -> bool {
          if constexpr (std::is_invocable_r_v<bool, const Predicate&, const T&>) {
            return std::invoke(predicate, *static_cast<const T*>(value));
          } else {
            return std::invoke(predicate, key, *static_cast<const T*>(value));
          }
        }));
  }
  template <class Predicate>
  void cacheable_if(Predicate) const {
    detail::refuse_predicate<T, Predicate>();
  }

  /// One handle per key, empty where nothing is cached.
  std::vector<Handle<T>> get_many(std::span<const std::string> keys) const {
    std::vector<detail::Reading> readings(keys.size());
    core_->get_many(keys, readings);
    return handles_of(readings);
  }

  /// One handle per key; what is missing comes from one call of `loader`, which is given the missing keys and answers
  /// with as many optionals, nullopt for what does not exist (an empty handle, kept for negative_ttl). A key that somebody else is
  /// loading is waited for instead, after this call's own load, for as long as load_timeout says; then it gets the old value, or LoadTimeout is
  /// thrown. Throws BulkLoadMismatch for an answer of another length.
  template <BulkLoaderOf<T> BulkLoader>
  std::vector<Handle<T>> get_many(std::span<const std::string> keys, BulkLoader&& loader,
                                  const EntryOptions& options = {}) const {
    auto erased = [&loader](std::span<const std::string_view> missing, detail::BulkSink sink) {
      std::vector<std::optional<T>> values = loader(missing);
      if (values.size() != missing.size()) {
        throw BulkLoadMismatch("a bulk loader was asked for " + std::to_string(missing.size()) +
                               " values and made " + std::to_string(values.size()));
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i]) sink(i, detail::erase(*values[i]));
      }
    };
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    std::vector<detail::Reading> readings(keys.size());
    core_->get_or_load_many(views, erased, options, readings);
    return handles_of(readings);
  }
  template <class BulkLoader>
  void get_many(std::span<const std::string>, BulkLoader&&, const EntryOptions& = {}) const {
    detail::refuse_bulk_loader<T, BulkLoader>();
  }

  /// Stores a value that is true now. Overtakes every load and lease of the key under way.
  StoreOutcome put(std::string_view key, T value, const EntryOptions& options = {}) const {
    return core_->put(key, detail::erase(value), options);
  }

  /// Stores a value that was fetched under a lease, unless something invalidated it since.
  StoreOutcome put(std::string_view key, T value, const Lease& lease,
                   const EntryOptions& options = {}) const {
    return core_->put(key, detail::erase(value), options, lease);
  }

  /// Writes a value to its origin and keeps it, right beside other writers and readers: forgets the key, calls `write(value)`, or
  /// `write()`, and stores the value, unless the key was written or a label of the value raised meanwhile. Then the key is left empty, and the
  /// outcome says why; so it is when `write` throws, which is thrown on. Of writers of one key that overlap none keeps its value. In a
  /// transaction the key is forgotten at its commit, and the value is not kept.
  ///   users.write_through("user:42", ada, [&](const User& user) { db.save(user); });
  template <WriteOf<T> Write>
  StoreOutcome write_through(std::string_view key, T value, Write&& write,
                             const EntryOptions& options = {}) const {
    const auto call = [&] {
      if constexpr (std::invocable<Write&, const T&>) {
        static_cast<void>(detail::require_done<std::invoke_result_t<Write&, const T&>>());
        std::invoke(write, std::as_const(value));
      } else {
        static_cast<void>(detail::require_done<std::invoke_result_t<Write&>>());
        std::invoke(write);
      }
    };
    return core_->write_through(key, detail::erase(value), call, options);
  }
  template <class Write>
  void write_through(std::string_view, T, Write&&, const EntryOptions& = {}) const {
    detail::refuse_write_through<Write>();
  }

  /// Permission to fill `key`, to be taken before the value is fetched.
  Lease lease(std::string_view key) const { return core_->lease(key); }

  /// Forgets one key. The same as CacheInvalidator::invalidate(key, name()).
  Invalidated invalidate(std::string_view key, const InvalidateOptions& options = {}) const {
    return core_->invalidate(key, options);
  }

  /// Forgets everything in this view: its namespace; of a scoped view, all of its scope and the key that is called like the
  /// scope, as when a session ends. O(1), and no load that is under way survives it. As CacheInvalidator::invalidate_namespace and
  /// invalidate_prefix.
  Invalidated clear(const InvalidateOptions& options = {}) const { return core_->clear(options); }

  /// Forgets what `predicate(std::string_view key, const T&)` says of this namespace (it is not asked where the origin had
  /// nothing), under the rules of
  /// CacheInvalidator::invalidate_if().
  template <std::predicate<std::string_view, const T&> Predicate>
  Invalidated invalidate_if(Predicate predicate, const InvalidateOptions& options = {}) const {
    const auto own = std::make_shared<Predicate>(std::move(predicate));  // a transaction keeps it
    return core_->invalidate_if(
        [own](const EntryDescription& entry, const void* value) -> bool {
          return value != nullptr && (*own)(entry.key, *static_cast<const T*>(value));
        },
        options);
  }

  /// Calls `listener` for each entry of this namespace that leaves from here on, until the connection goes; for a scoped view,
  /// of its scope, with the key as it is there. It is called on the executor, one removal after the other, with the value that
  /// left. No removal is lost: when 10,000 wait, the thread that removes calls it in place. So a listener must not take a
  /// lock that is held around calls of the cache; it may call the cache. One that throws is counted (handler_failures) and
  /// the others are called. A listener that keeps a view keeps the cache for as long as it is registered.
  [[nodiscard]] Connection on_removal(
      std::function<void(std::string_view key, const T& value, RemovalCause cause)> listener)
      const {
    return core_->on_removal([listener = std::move(listener)](
                                 std::string_view key, const void* value, RemovalCause cause) {
      listener(key, *static_cast<const T*>(value), cause);
    });
  }

  /// The same namespace, read by somebody who announces a policy version: once another one is current
  /// (CacheInvalidator::set_policy_version), reads miss, and loads and puts are answered and not kept.
  Cache at_version(std::string_view version) const { return Cache(core_->at_version(version)); }

  /// The same namespace with every key under `scope:`. What one scope holds, another does not see. `scope` must not be
  /// empty or contain ':'. Throws InvalidName. Who names a key of the view elsewhere (in `depends_on`, to a CacheInvalidator, in a
  /// rule) writes it in full: "session-9:cart".
  Cache scoped(std::string_view scope) const { return Cache(core_->scoped(scope)); }

 private:
  static std::vector<Handle<T>> handles_of(std::span<detail::Reading> readings) {
    std::vector<Handle<T>> handles;
    handles.reserve(readings.size());
    for (detail::Reading& reading : readings) handles.emplace_back(std::move(reading));
    return handles;
  }

  template <class Loader>
  static void run(Loader& loader, LoadContext& context, detail::ValueSink sink) {
    if constexpr (std::is_invocable_r_v<T, Loader&, LoadContext&>) {
      T value = loader(context);
      sink(detail::erase(value));
    } else if constexpr (std::is_invocable_r_v<T, Loader&>) {
      T value = loader();
      sink(detail::erase(value));
    } else {
      std::optional<T> value = load_optional(loader, context);
      sink(value ? detail::erase(*value) : detail::absent_value());
    }
  }
  template <class Loader>
  static std::optional<T> load_optional(Loader& loader, LoadContext& context) {
    if constexpr (std::is_invocable_v<Loader&, LoadContext&>) {
      return loader(context);
    } else {
      return loader();
    }
  }

  friend class CacheInvalidator;
  friend struct detail::CacheAccess;
  explicit Cache(std::shared_ptr<detail::NamespaceCache> core) noexcept : core_(std::move(core)) {}

  std::shared_ptr<detail::NamespaceCache> core_;
};

namespace detail {
/// For what stands beside Cache<T> in headers of its own.
struct CacheAccess {
  template <class T>
  static const std::shared_ptr<NamespaceCache>& core(const Cache<T>& cache) noexcept {
    return cache.core_;
  }
};
}  // namespace detail

}  // namespace freshet
