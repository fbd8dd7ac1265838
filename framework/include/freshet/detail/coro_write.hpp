// How a coroutine writes between two invalidations: under async_mutate.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "freshet/detail/coro_load.hpp"
#include "freshet/detail/coro_support.hpp"
#include "freshet/detail/write_window.hpp"

namespace freshet::detail {

template <class Result>
inline constexpr bool kIsAsioAwaitable = false;
template <class Value>
inline constexpr bool kIsAsioAwaitable<boost::asio::awaitable<Value>> = true;

template <class Writer>
concept AwaitableWriter =
    std::is_invocable_v<Writer&> && kIsAsioAwaitable<std::invoke_result_t<Writer&>>;

/// The window and the writer are locals, in this order, so that the window closes before who awaits this goes on, and where this is
/// destroyed after all that the writer holds, what it captured included: parameters go last.
template <class Result, class Writer>
boost::asio::awaitable<Result> write_in_window(std::unique_ptr<AwaitedWrite> made, Writer given) {
  const std::unique_ptr<AwaitedWrite> window = std::move(made);
  Writer writer = std::move(given);
  window->begin();
  if constexpr (std::is_void_v<Result>) {
    co_await writer();
    window->end();
  } else {
    Result result = co_await writer();
    window->end();
    co_return std::move(result);
  }
}

/// What async_mutate returns.
template <class Targets, class Writer, class Options>
auto async_write(const std::shared_ptr<Engine>& engine, Targets&& targets, Writer&& writer,
                 Options&& options) {
  using Own = std::decay_t<Writer>;
  static_assert(AwaitableWriter<Own>,
                "Freshet: a writer for async_mutate is called with nothing, and makes a "
                "boost::asio::awaitable; one that has written when it returns is for mutate");
  static_assert(std::is_constructible_v<Own, Writer&&>,
                "Freshet: async_mutate keeps the writer: it must be movable, or copyable where it "
                "has a name");
  static_assert(kSafeInCoroutine<Writer&&>,
                "Freshet: give this writer a name before the co_await, or let it capture by "
                "reference: g++ 12 destroys temporaries with such captures twice");
  static_assert(kSafeInCoroutine<Targets&&> && kSafeInCoroutine<Options&&>,
                "Freshet: give these targets or options a name before the co_await: g++ 12 "
                "destroys such temporaries twice");
  if constexpr (AwaitableWriter<Own> && std::is_constructible_v<Own, Writer&&>) {
    using Result = typename Awaited<std::invoke_result_t<Own&>>::type;
    return write_in_window<Result, Own>(std::make_unique<AwaitedWrite>(engine, targets, options),
                                        std::forward<Writer>(writer));
  }
}

}  // namespace freshet::detail
