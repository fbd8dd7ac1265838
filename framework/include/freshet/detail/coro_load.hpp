// How a coroutine takes the steps of a read: under Cache<T>::async_get_or_load.
//
// The loader runs as a coroutine of its own, on an executor that keeps its scopes, and owns the handler that resumes the reader: what
// destroys the loader destroys the reader after it, and its read ends what it led.
#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "freshet/detail/coro_support.hpp"
#include "freshet/detail/coro_waits.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/detail/recycled_frame.hpp"
#include "freshet/detail/scoped_executor.hpp"
#include "freshet/handle.hpp"
#include "freshet/loader.hpp"

namespace freshet::detail {

/// What an awaitable of the default executor gives; void for anything else.
template <class Awaitable>
struct Awaited {
  using type = void;
};
template <class Value>
struct Awaited<boost::asio::awaitable<Value>> {
  using type = Value;
};

template <class F>
struct AwaitedOfCall {
  using type = void;
};
template <std::invocable F>
struct AwaitedOfCall<F> : Awaited<std::invoke_result_t<F>> {};
template <class F>
struct AwaitedOfContextCall {
  using type = void;
};
template <std::invocable<LoadContext&> F>
struct AwaitedOfContextCall<F> : Awaited<std::invoke_result_t<F, LoadContext&>> {};

template <class F>
using AwaitedOf = typename AwaitedOfCall<F&>::type;
template <class F>
using AwaitedWithContextOf = typename AwaitedOfContextCall<F&>::type;

template <class Value, class T>
concept AwaitableLoad = !std::is_void_v<Value> && (std::is_convertible_v<Value, T> ||
                                                   std::is_convertible_v<Value, std::optional<T>>);

/// Makes an awaitable of a T, or of a std::optional<T>, from nothing or from a LoadContext&.
template <class F, class T>
concept AwaitableLoaderOf =
    AwaitableLoad<AwaitedOf<F>, T> || AwaitableLoad<AwaitedWithContextOf<F>, T>;

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

/// With a context where the loader takes one.
template <class F>
inline constexpr bool kTakesContext = !std::is_void_v<AwaitedWithContextOf<F>>;
template <class F>
using LoadedBy = std::conditional_t<kTakesContext<F>, AwaitedWithContextOf<F>, AwaitedOf<F>>;

template <class Loader, class T>
constexpr IfAbsent if_absent() {
  return std::is_convertible_v<LoadedBy<Loader>, T> ? IfAbsent::load : IfAbsent::answer;
}

template <class Value>
struct CoroLoaded {
  std::optional<Value> value{};
  std::exception_ptr error{};
};

/// What was found already.
template <class T>
boost::asio::awaitable<Handle<T>> made_of(Recycled, Handle<T> handle) {
  co_return std::move(handle);
}

/// Runs the loader, then resumes who waits for it, by a post, for what is open here is not open there.
template <class Loader, class Value, class Handler>
boost::asio::awaitable<void> load_and_resume(Handler resumes, Loader* loader, LoadContext* context,
                                             CoroLoaded<Value>* loaded) {
  try {
    if constexpr (kTakesContext<Loader>) {
      loaded->value.emplace(co_await (*loader)(*context));
    } else {
      loaded->value.emplace(co_await (*loader)());
    }
  } catch (...) {
    loaded->error = std::current_exception();
  }
  boost::asio::post(std::move(resumes));
}

inline bool is_cancellation(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& failure) {
    return failure.code() == boost::asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

template <class T, class Value>
SteppedRead::Step finish(SteppedRead& read, CoroLoaded<Value>& loaded) {
  if (loaded.error) {
    if (!is_cancellation(loaded.error)) return read.fail_load(loaded.error);
    read.cancel_load();
    std::rethrow_exception(loaded.error);
  }
  std::optional<T> value;
  try {
    if constexpr (std::is_convertible_v<Value, T>) {
      value.emplace(std::move(*loaded.value));
    } else {
      value = std::move(*loaded.value);
    }
  } catch (...) {  // what it cannot be made into a T by is as good as the loader's
    return read.fail_load(std::current_exception());
  }
  return read.finish_load(value ? erase(*value) : absent_value());
}

// What has captures is made in functions that are no coroutines: g++ 12 destroys such temporaries of a co_await twice.

/// Suspends who awaits it until the loader has run on `executor`.
template <class Value, class Loader>
boost::asio::awaitable<void> loader_run_on(boost::asio::any_io_executor executor, Loader* loader,
                                           LoadContext* context, CoroLoaded<Value>* loaded) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      // Once it is spawned, whoever awaits this may be resumed, and go, on another thread.
      [executor = std::move(executor), loader, context, loaded](auto handler) {
        boost::asio::co_spawn(executor,
                              load_and_resume(std::move(handler), loader, context, loaded),
                              boost::asio::detached);
      },
      boost::asio::use_awaitable);
}

inline boost::asio::awaitable<void> parked(std::shared_ptr<CoroWait> wait) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      // Once it is posted, whoever awaits this may be resumed, and all that knows of the wait may go, on another thread.
      [wait = std::move(wait)](auto handler) {
        const std::shared_ptr<CoroWait> own = wait;
        own->park(std::move(handler));
      },
      boost::asio::use_awaitable);
}

/// Where the loader runs: on the caller's executor, in what the load stands in.
inline boost::asio::any_io_executor executor_of_load(const boost::asio::any_io_executor& callers,
                                                     const SteppedRead& read) {
  return ScopedExecutor(callers, std::make_shared<const Scopes>(read.scopes_of_load()));
}

template <class Value, class Loader>
boost::asio::awaitable<void> run_loader(SteppedRead* read, Loader* loader,
                                        CoroLoaded<Value>* loaded) {
  LoadContext* const context = &read->begin_load();
  const boost::asio::any_io_executor callers = co_await boost::asio::this_coro::executor;
  const boost::asio::any_io_executor executor = executor_of_load(callers, *read);
  co_await loader_run_on(executor, loader, context, loaded);
}

/// Waits for a load that is made elsewhere.
inline boost::asio::awaitable<void> wait_for_load(SteppedRead* read) {
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  const CoroWaitScope scope(executor);
  if (read->watch(scope.wait())) co_await parked(scope.wait());
}

template <class T, class Loader>
boost::asio::awaitable<Handle<T>> read_by_steps(std::unique_ptr<SteppedRead> read, Loader loader) {
  SteppedRead& steps = *read;
  SteppedRead::Step step = steps.begin();
  while (step != SteppedRead::Step::answered) {
    if (step == SteppedRead::Step::load) {
      CoroLoaded<LoadedBy<Loader>> loaded;
      co_await run_loader(&steps, &loader, &loaded);
      step = finish<T>(steps, loaded);
    } else {
      co_await wait_for_load(&steps);
      step = steps.arrived();
    }
  }
  co_return Handle<T>(steps.answer());
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
    return read_by_steps<T, Own>(std::move(rest), std::forward<Loader>(loader));
  }
}

}  // namespace freshet::detail
