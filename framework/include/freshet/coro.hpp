// co_await for coroutines of Boost.Asio: a read that loads, and a write between its invalidations, without blocking a thread. Link
// freshet::coro.
//
//   boost::asio::awaitable<void> session() {
//     Handle<Profile> p = co_await profiles.async_get_or_load("user:42", [&]() -> boost::asio::awaitable<Profile> {
//       co_return co_await db.load_profile(42);
//     });
//   }
//
// Everything that get_or_load promises holds here, in any mixture of the two: one load for all who may share it, whoever leads; nothing
// kept that was invalidated meanwhile; old values on error; RecursiveLoad where waiting would never end.
// What differs:
//   - A hit is found when async_get_or_load is called, before anything is awaited; so is a wrong name. Nothing is allocated
//     for it, with Boost 1.74; with another version what Asio allocates for a frame.
//   - load_timeout does not apply: nobody gets an old value or a LoadTimeout because a load is late.
//   - RecursiveLoad, and what the loader's reads become labels of, reach as far as `this_coro::executor` of the loader does: what it
//     spawns on another executor and awaits must be given LoadContext::capture().
//   - The loader is kept in the awaitable. It runs on the caller's executor and stands in what was open where the call was made
//     (request context, bypass, transaction), after each co_await too; what it reads through Freshet becomes labels of the entry.
//     Such a scope belongs to a thread: do not hold one of your own across a co_await.
//   - A copy of the loader does not serve refreshes: bind_loader does.
//   - Cancellation. A coroutine that is destroyed while it loads or waits (its io_context goes, the operation that it awaits is dropped)
//     leaves nothing behind, and so does a loader that ends with boost::asio::error::operation_aborted, which its caller gets: whoever
//     waits for such a load starts over, one after the other: a time-out of the origin is to be another error. A coroutine of a context that was stopped is neither: run it again, or destroy it.
//   - A loader that starts a read of its own key and does not wait for it gets RecursiveLoad all the same.
// A write: `co_await freshet::async_mutate(invalidator, targets, writer)`, below.
// g++ 12 destroys temporaries twice that stand in the same expression as a co_await and are made of braces or captures. So a loader that
// captures by value, targets and options are given a name first; the compiler says so. FRESHET_CORO_TRUST_TEMPORARIES, defined before this
// header, lifts that where the compiler is known to be right.
// With Boost 1.74 these are the coroutines of the default executor, boost::asio::any_io_executor. Memory that Asio does not get for a
// handler ends the program, as in its own operations. Thread-safe like Cache<T>.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "freshet/cache.hpp"
#include "freshet/cache_invalidator.hpp"
#include "freshet/detail/coro_load.hpp"
#include "freshet/detail/coro_write.hpp"

namespace freshet {

/// An awaitable of a Handle<T>. The loader is moved or copied into it; `options` are used before this returns. Throws InvalidName here,
/// and to who awaits it what get_or_load throws. Await it once; one that is never awaited has only looked. O(1) on a hit.
template <class T>
template <class Loader, class Options>
requires std::is_same_v<std::remove_cvref_t<Options>, EntryOptions>
auto Cache<T>::async_get_or_load(std::string_view key, Loader&& loader, Options&& options) const {
  static_assert(detail::kSafeInCoroutine<Options&&>,
                "Freshet: give these options a name before the co_await: g++ 12 destroys such "
                "temporaries twice");
  return detail::async_read<T>(*core_, key, std::forward<Loader>(loader), options);
}
template <class T>
template <class Loader>
auto Cache<T>::async_get_or_load(std::string_view key, Loader&& loader) const {
  return detail::async_read<T>(*core_, key, std::forward<Loader>(loader), EntryOptions());
}

/// CacheInvalidator::mutate for a write that is a coroutine: an awaitable of what `writer`'s awaitable gives.
///   const freshet::WriteTargets targets{.tags = {"user:42"}};
///   co_await freshet::async_mutate(invalidator, targets, [&] { return db.update(42, patch); });
/// The window opens when it is awaited, stays open while the writer waits, and closes where that ends: by return, before who awaits
/// it goes on; by exception; and where the coroutine is destroyed on the way, for the write may have happened. What reaches the origin
/// after that is not covered: let the writer end its request with itself.
/// The writer is moved or copied into the awaitable and runs as the caller's coroutines do; the targets and options are used before this
/// returns, options.report until the awaitable goes. A transaction that is open where this is called collects both invalidations;
/// they are carried out at once where it has ended by then.
/// Throws InvalidName or UnknownNamespace for a target here, before anything has happened; to who awaits it what the writer throws.
/// Await it once; one that is never awaited has written nothing.
template <class Writer, class Targets = WriteTargets>
requires std::is_same_v<std::remove_cvref_t<Targets>, WriteTargets>
auto async_mutate(CacheInvalidator& invalidator, Targets&& targets, Writer&& writer) {
  const MutateOptions options;
  return detail::async_write(detail::InvalidatorAccess::engine(invalidator),
                             std::forward<Targets>(targets), std::forward<Writer>(writer), options);
}
template <class Writer, class Targets = WriteTargets, class Options = MutateOptions>
requires(std::is_same_v<std::remove_cvref_t<Targets>, WriteTargets>&&
             std::is_same_v<std::remove_cvref_t<Options>,
                            MutateOptions>) auto async_mutate(CacheInvalidator& invalidator,
                                                              Targets&& targets, Writer&& writer,
                                                              Options&& options) {
  return detail::async_write(detail::InvalidatorAccess::engine(invalidator),
                             std::forward<Targets>(targets), std::forward<Writer>(writer),
                             std::forward<Options>(options));
}

}  // namespace freshet
