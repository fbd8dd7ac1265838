// NamespaceCache: what stands under a Cache<T>, without T. The typed view erases the type on the way in and restores it
// on the way out; everything else happens in framework/src/cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "freshet/detail/entry_ref.hpp"
#include "freshet/detail/function_ref.hpp"
#include "freshet/detail/stepped_read.hpp"
#include "freshet/detail/value_type.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/lease.hpp"
#include "freshet/loader.hpp"
#include "freshet/outcome.hpp"
#include "freshet/removal_cause.hpp"
#include "freshet/signal_bus.hpp"

namespace freshet::detail {

/// Takes the value that a loader made. Called exactly once, before the loader returns, on its thread.
using ValueSink = FunctionRef<void(ErasedValue)>;
using ErasedLoader = FunctionRef<void(LoadContext&, ValueSink)>;

/// A loader that may run after the call that gave it, on another thread.
using BackgroundLoader = std::function<void(std::string_view key, LoadContext&, ValueSink)>;

/// Makes an owning copy of a call's loader, or null if it cannot be copied.
using KeepLoader = FunctionRef<std::shared_ptr<const BackgroundLoader>()>;

/// Takes one of the values that a bulk loader made: the position of its key in the call, and the value. A position that
/// is not called has no value: the origin has nothing there.
using BulkSink = FunctionRef<void(std::size_t position, ErasedValue)>;
using ErasedBulkLoader = FunctionRef<void(std::span<const std::string_view> keys, BulkSink)>;

/// Whether a value may be kept; `key` with its scope. Called off every lock, on any thread.
using CacheablePredicate = std::function<bool(std::string_view key, const void* value)>;

/// What a caller makes of an entry that says that the origin has nothing: it has no value to give to somebody who wants one.
enum class IfAbsent : std::uint8_t { load, answer };

/// A predicate over entries with their values; null for an entry that says that the origin has nothing.
using ErasedPredicate = std::function<bool(const EntryDescription&, const void* value)>;

/// Told of entries that left, with their values.
using RemovalListener =
    std::function<void(std::string_view key, const void* value, RemovalCause cause)>;

/// One namespace of one policy block. Thread-safe. The calls are those of Cache<T>, which documents them.
class NamespaceCache {
 public:
  virtual ~NamespaceCache() = default;

  virtual const std::string& name() const noexcept = 0;
  virtual Reading get(std::string_view key, const Skip& skip) = 0;
  virtual void get_many(std::span<const std::string> keys, std::span<Reading> answers) = 0;
  virtual bool visit(std::string_view key, FunctionRef<void(const void* value)> visitor) = 0;
  virtual bool contains(std::string_view key) = 0;
  virtual Reading get_or_load(std::string_view key, ErasedLoader loader, KeepLoader keep,
                              const EntryOptions& options, IfAbsent if_absent) = 0;
  /// get_or_load without the loader, in steps: the answer where one is cached, else `rest`, which keeps this. Counts as one
  /// read.
  virtual Reading begin_read(std::string_view key, const EntryOptions& options, IfAbsent if_absent,
                             std::unique_ptr<SteppedRead>& rest) = 0;
  virtual void bind_loader(std::shared_ptr<const BackgroundLoader> loader) = 0;
  virtual void cacheable_if(std::shared_ptr<const CacheablePredicate> predicate) = 0;
  virtual void get_or_load_many(std::span<const std::string_view> keys, ErasedBulkLoader loader,
                                const EntryOptions& options, std::span<Reading> answers) = 0;
  virtual StoreOutcome put(std::string_view key, ErasedValue value,
                           const EntryOptions& options) = 0;
  virtual StoreOutcome put(std::string_view key, ErasedValue value, const EntryOptions& options,
                           const Lease& lease) = 0;
  virtual StoreOutcome write_through(std::string_view key, ErasedValue value,
                                     FunctionRef<void()> write, const EntryOptions& options) = 0;
  /// A write around which something of this namespace is invalidated has ended.
  virtual void count_write(bool failed) noexcept = 0;
  virtual Lease lease(std::string_view key) = 0;
  virtual Invalidated invalidate(std::string_view key, const InvalidateOptions& options) = 0;
  virtual Invalidated clear(const InvalidateOptions& options) = 0;
  virtual Invalidated invalidate_if(const ErasedPredicate& predicate,
                                    const InvalidateOptions& options) = 0;
  virtual Connection on_removal(RemovalListener listener) = 0;
  virtual std::shared_ptr<NamespaceCache> at_version(std::string_view version) = 0;
  virtual std::shared_ptr<NamespaceCache> scoped(std::string_view scope) = 0;

  /// What every key of this view begins with in the namespace; empty for the whole namespace.
  virtual const std::string& scope() const noexcept = 0;
  /// That of CacheInvalidator.
  virtual Invalidated invalidate_tag(const std::string& tag, const InvalidateOptions& options) = 0;
};

}  // namespace freshet::detail
