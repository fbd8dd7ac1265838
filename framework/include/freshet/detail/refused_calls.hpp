// What the compiler says of a callable that a call cannot use, in words. Each of these is called by an overload that takes anything, and
// so is chosen only where the right one does not fit.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "freshet/detail/deferred.hpp"
#include "freshet/handle.hpp"

namespace freshet {
class LoadContext;
}

namespace freshet::detail {

/// What calling an F gives; void where it cannot be called so.
template <class F, class... Arguments>
struct ResultOfCall {
  using type = void;
};
template <class F, class... Arguments>
requires std::invocable<F, Arguments...>
struct ResultOfCall<F, Arguments...> : std::invoke_result<F, Arguments...> {
};
template <class F, class... Arguments>
inline constexpr bool kGivesDeferred = kIsDeferred<typename ResultOfCall<F, Arguments...>::type>;

/// The first of these that holds is what is said.
template <class T, class Loader>
consteval void refuse_loader() {
  constexpr bool called = std::invocable<Loader&> || std::invocable<Loader&, LoadContext&>;
  constexpr bool deferred = kGivesDeferred<Loader&> || kGivesDeferred<Loader&, LoadContext&>;
  constexpr bool takes_key = !called && std::invocable<Loader&, std::string_view>;
  static_assert(
      !deferred,
      "Freshet: this loader returns before it has a value: what it makes is a future or a "
      "coroutine. co_await cache.async_get_or_load(key, loader), of freshet/coro.hpp, takes "
      "one that makes a boost::asio::awaitable; a future is waited for inside the loader");
  static_assert(!takes_key,
                "Freshet: a loader of get_or_load is not given the key: let it capture the key, or "
                "take a LoadContext&, whose key() that is");
  static_assert(called || takes_key,
                "Freshet: a loader of get_or_load is called with nothing, or with a LoadContext&");
  static_assert(deferred || !called,
                "Freshet: a loader of get_or_load makes a value of the cache's type, or a "
                "std::optional of one; what this one returns is neither");
}

template <class T, class Loader>
consteval void refuse_bulk_loader() {
  using Keys = std::span<const std::string_view>;
  constexpr bool called = std::invocable<Loader&, Keys>;
  constexpr bool deferred = kGivesDeferred<Loader&, Keys>;
  static_assert(
      !deferred,
      "Freshet: the loader of get_many returns before it has its values: what it makes is a "
      "future or a coroutine: wait for it inside the loader");
  static_assert(called,
                "Freshet: the loader of get_many is called once, with the keys that are missing, a "
                "std::span<const std::string_view>");
  static_assert(
      deferred || !called,
      "Freshet: the loader of get_many answers with a std::vector<std::optional<T>> of the "
      "cache's T, one for each key in the same order, nullopt for what does not exist");
}

template <class T, class Loader>
consteval void refuse_bound_loader() {
  constexpr bool called = std::invocable<Loader&, std::string_view> ||
                          std::invocable<Loader&, std::string_view, LoadContext&>;
  constexpr bool deferred = kGivesDeferred<Loader&, std::string_view> ||
                            kGivesDeferred<Loader&, std::string_view, LoadContext&>;
  static_assert(
      !deferred,
      "Freshet: the loader of bind_loader returns before it has a value: what it makes is a "
      "future or a coroutine. It runs on the executor: wait for it inside the loader");
  static_assert(
      called,
      "Freshet: the loader of bind_loader serves the whole namespace: it is called with the "
      "key, a std::string_view, or with that and a LoadContext&");
  static_assert(deferred || !called,
                "Freshet: the loader of bind_loader makes a value of the cache's type, or a "
                "std::optional of one; what this one returns is neither");
}

template <class T, class Predicate>
consteval void refuse_predicate() {
  constexpr bool called = std::invocable<const Predicate&, const T&> ||
                          std::invocable<const Predicate&, std::string_view, const T&>;
  constexpr bool changes = !called && (std::invocable<Predicate&, const T&> ||
                                       std::invocable<Predicate&, std::string_view, const T&>);
  static_assert(
      !changes,
      "Freshet: the predicate of cacheable_if is called by several threads at once, so it "
      "must be callable as const: no mutable lambda; what it changes stands behind a lock");
  static_assert(
      called || changes,
      "Freshet: the predicate of cacheable_if is called with a value of the cache, a const "
      "T&, or with the key in front, a std::string_view");
  static_assert(!called, "Freshet: the predicate of cacheable_if answers with a bool");
}

template <class T, class Visitor>
consteval void refuse_visitor() {
  static_assert(
      !std::is_same_v<T, T>,
      "Freshet: the visitor of visit is called with a value of the cache, a const T&, or with "
      "that and a const Provenance&, and changes neither");
}

template <class Write>
consteval void refuse_writer() {
  static_assert(!std::is_same_v<Write, Write>,
                "Freshet: a write is called with nothing: let a lambda capture what it needs: "
                "[&] { db.update(42, patch); }");
}

template <class Write>
consteval void refuse_write_through() {
  static_assert(!std::is_same_v<Write, Write>,
                "Freshet: the write of write_through is called with the value, a const T&, or with "
                "nothing");
}

}  // namespace freshet::detail
