// Under Cache<T>::async_get_or_load: the look that the call takes, and what is refused by the compiler. The rest takes steps
// (coro_steps.hpp).
#pragma once

#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "freshet/detail/coro_asio.hpp"
#include "freshet/detail/coro_steps.hpp"
#include "freshet/detail/coro_support.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/detail/recycled_frame.hpp"
#include "freshet/handle.hpp"
#include "freshet/loader.hpp"

namespace freshet::detail {

template <class Value>
struct Awaited<boost::asio::awaitable<Value>> {
  using type = Value;
};

#if defined(__GNUC__) && !defined(__clang__) && !defined(FRESHET_CORO_TRUST_TEMPORARIES)
/// Whether a temporary of the type may stand beside a co_await.
template <class Reference>
inline constexpr bool kSafeInCoroutine =
    std::is_lvalue_reference_v<Reference> ||
    std::is_trivially_destructible_v<std::remove_reference_t<Reference>>;
#else
template <class Reference>
inline constexpr bool kSafeInCoroutine = true;
#endif

/// What was found already.
template <class T>
boost::asio::awaitable<Handle<T>> made_of(Recycled, Handle<T> handle) {
  co_return std::move(handle);
}

/// What Cache<T>::async_get_or_load returns.
template <class T, class Loader>
auto async_read(NamespaceCache& core, std::string_view key, Loader&& loader,
                const EntryOptions& options) {
  using Own = std::decay_t<Loader>;
  static_assert(AwaitableLoaderOf<Own, T>,
                "Freshet: a loader for async_get_or_load is called with nothing or a LoadContext&, "
                "and makes a "
                "boost::asio::awaitable of the cache's T or of a std::optional<T>");
  static_assert(std::is_constructible_v<Own, Loader&&>,
                "Freshet: async_get_or_load keeps the loader: it must be movable, or copyable "
                "where it has a name");
  static_assert(kSafeInCoroutine<Loader&&>,
                "Freshet: give this loader a name before the co_await, or let it capture by "
                "reference: g++ 12 destroys "
                "temporaries with such captures twice");
  if constexpr (AwaitableLoaderOf<Own, T> && std::is_constructible_v<Own, Loader&&>) {
    std::unique_ptr<SteppedRead> rest;
    Reading hit = core.begin_read(key, options, if_absent<Own, T>(), rest);
    if (!rest) return made_of(Recycled{}, Handle<T>(std::move(hit)));
    return read_by_steps<AsioCoro, T, Own>(std::move(rest), std::forward<Loader>(loader));
  }
}

}  // namespace freshet::detail
