// What the coroutines of freshet/coro.hpp need of Boost.Asio: its headers, or an error that says what is missing.
#pragma once

// clang-format off
#include <utility>  // which awaitable.hpp of Boost 1.74 takes for granted
// clang-format on

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/version.hpp>

#if !defined(BOOST_ASIO_HAS_CO_AWAIT)
#error \
    "freshet/coro.hpp: Boost.Asio has no co_await with this compiler and standard library (g++ has it from 10, in C++20)"
#endif
