// kIsDeferred: whether what a call returns stands for something that has yet to happen: a future, or what a coroutine returns.
//
// By what the type can do, so that none has to be known here: it is waited for as std::future is (boost::future too), it may stand
// behind co_await (boost::asio::awaitable), or a coroutine may return it. Where the compiler has no coroutines, only what the type
// has itself is seen. Specialise it for a type that it is wrong about.
#pragma once

#include <type_traits>
#include <utility>

#if defined(__cpp_impl_coroutine) && __has_include(<coroutine>)
#include <coroutine>
#endif

namespace freshet::detail {

template <class T>
concept LikeFuture = requires(T& value) {
  value.valid();
  value.wait();
  value.get();
};

template <class T>
concept Awaiter = requires(T& value) {
  value.await_ready();
  value.await_resume();
};

#if defined(__cpp_impl_coroutine) && __has_include(<coroutine>)
template <class T>
concept HasCoAwait = requires {
  std::declval<T>().operator co_await();
}
|| requires { operator co_await(std::declval<T>()); };
template <class T>
concept OfCoroutine = requires {
  typename std::coroutine_traits<T>::promise_type;
};
#else
template <class T>
concept HasCoAwait = false;
template <class T>
concept OfCoroutine = requires {
  typename T::promise_type;
};
#endif

/// Of values and references alike.
template <class T>
inline constexpr bool kIsDeferred = LikeFuture<T> || Awaiter<T> || HasCoAwait<T> || OfCoroutine<T>;
template <class T>
inline constexpr bool kIsDeferred<T&> = kIsDeferred<T>;
template <class T>
inline constexpr bool kIsDeferred<T&&> = kIsDeferred<T>;
template <class T>
inline constexpr bool kIsDeferred<const T> = kIsDeferred<T>;
template <>
inline constexpr bool kIsDeferred<void> = false;

}  // namespace freshet::detail
