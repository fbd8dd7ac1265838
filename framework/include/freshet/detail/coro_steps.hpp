// How a coroutine takes the steps of a read, whatever coroutines are made of: Boost.Asio's (coro_load.hpp), or those of the simulation.
//
// The loader runs as a coroutine of its own, on an executor that keeps its scopes, and owns the handler that resumes the reader: what
// destroys the loader destroys the reader after it, and its read ends what it led.
//
// A Coro says what they are made of:
//   Awaitable<Value>         what a coroutine returns and another awaits; detail::Awaited knows it
//   Executor, executor       what runs a coroutine; what it awaits to be told which
//   Handler, post(handler)   resumes a coroutine on its executor, once. Who destroys it destroys the coroutine
//   suspended(take)          what suspends who awaits it, and calls take(handler); both may be gone before that returns
//   spawn(executor, awaitable<void>)
//   scoped(executor, scopes)            one that opens these around whatever it runs
//   waits_of(executor)                  the ParkedWaits of its context
//   is_cancellation(error)              whether a loader that throws it was given up
#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "freshet/detail/namespace_cache.hpp"
#include "freshet/detail/parked_wait.hpp"
#include "freshet/detail/scopes.hpp"
#include "freshet/detail/stepped_read.hpp"
#include "freshet/handle.hpp"
#include "freshet/loader.hpp"

namespace freshet::detail {

/// What an awaitable gives; void for anything else.
template <class Awaitable>
struct Awaited {
  using type = void;
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

/// Runs the loader, then resumes who waits for it, by a post, for what is open here is not open there.
template <class Coro, class Loader, class Value>
typename Coro::template Awaitable<void> load_and_resume(typename Coro::Handler resumes,
                                                        Loader* loader, LoadContext* context,
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
  Coro::post(std::move(resumes));
}

template <class Coro, class T, class Value>
SteppedRead::Step finish(SteppedRead& read, CoroLoaded<Value>& loaded) {
  if (loaded.error) {
    if (!Coro::is_cancellation(loaded.error)) return read.fail_load(loaded.error);
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
template <class Coro, class Value, class Loader>
typename Coro::template Awaitable<void> loader_run_on(typename Coro::Executor executor,
                                                      Loader* loader, LoadContext* context,
                                                      CoroLoaded<Value>* loaded) {
  return Coro::suspended(
      // Once it is spawned, whoever awaits this may be resumed, and go, on another thread.
      [executor = std::move(executor), loader, context, loaded](typename Coro::Handler handler) {
        Coro::spawn(executor, load_and_resume<Coro>(std::move(handler), loader, context, loaded));
      });
}

template <class Coro>
typename Coro::template Awaitable<void> parked(std::shared_ptr<ParkedWait<Coro>> wait) {
  return Coro::suspended(
      // Once it is posted, whoever awaits this may be resumed, and all that knows of the wait may go, on another thread.
      [wait = std::move(wait)](typename Coro::Handler handler) {
        const std::shared_ptr<ParkedWait<Coro>> own = wait;
        own->park(std::move(handler));
      });
}

template <class Coro, class Value, class Loader>
typename Coro::template Awaitable<void> run_loader(SteppedRead* read, Loader* loader,
                                                   CoroLoaded<Value>* loaded) {
  LoadContext* const context = &read->begin_load();
  const typename Coro::Executor callers = co_await Coro::executor;
  const typename Coro::Executor executor = Coro::scoped(callers, read->scopes_of_load());
  co_await loader_run_on<Coro>(executor, loader, context, loaded);
}

/// Waits for a load that is made elsewhere.
template <class Coro>
typename Coro::template Awaitable<void> wait_for_load(SteppedRead* read) {
  const typename Coro::Executor executor = co_await Coro::executor;
  const ParkedWaitScope<Coro> scope(Coro::waits_of(executor));
  if (read->watch(scope.wait())) co_await parked(scope.wait());
}

template <class Coro, class T, class Loader>
typename Coro::template Awaitable<Handle<T>> read_by_steps(std::unique_ptr<SteppedRead> read,
                                                           Loader loader) {
  SteppedRead& steps = *read;
  SteppedRead::Step step = steps.begin();
  while (step != SteppedRead::Step::answered) {
    if (step == SteppedRead::Step::load) {
      CoroLoaded<LoadedBy<Loader>> loaded;
      co_await run_loader<Coro>(&steps, &loader, &loaded);
      step = finish<Coro, T>(steps, loaded);
    } else {
      co_await wait_for_load<Coro>(&steps);
      step = steps.arrived();
    }
  }
  co_return Handle<T>(steps.answer());
}

}  // namespace freshet::detail
