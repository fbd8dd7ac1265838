// Reads of coroutines that must not compile. Each is followed by what the compiler has to say; see memoize_refusals.cpp.
#include <memory>
#include <string>

#include "freshet/coro.hpp"

namespace {

using boost::asio::awaitable;

// The right way of what is wrong below.
awaitable<void> right(freshet::Cache<std::string> cache, std::shared_ptr<int> owned) {
  co_await cache.async_get_or_load("a", []() -> awaitable<std::string> { co_return "a"; });
  co_await cache.async_get_or_load("b", [&](freshet::LoadContext& load) -> awaitable<const char*> {
    load.tag("t");
    co_return "b";
  });
  const auto load = [owned]() -> awaitable<std::string> { co_return std::to_string(*owned); };
  const freshet::EntryOptions options{.ttl = std::chrono::minutes(1)};
  co_await cache.async_get_or_load("c", load, options);
}

#ifndef FRESHET_ONLY_RIGHT
void blocking(const freshet::Cache<std::string>& cache) {
  cache.async_get_or_load("a", [] { return std::string(); });
  // says: a loader for async_get_or_load is called with nothing or a LoadContext&, and makes a boost::asio::awaitable
}

void another_type(const freshet::Cache<std::string>& cache) {
  cache.async_get_or_load("a", []() -> awaitable<std::shared_ptr<int>> { co_return nullptr; });
  // says: of the cache's T or of a std::optional<T>
}

void owner(const freshet::Cache<std::string>& cache, std::shared_ptr<int> owned) {
  cache.async_get_or_load("a", [owned]() -> awaitable<std::string> { co_return "a"; });
  // says: give this loader a name before the co_await, or let it capture by reference
}

void options(const freshet::Cache<std::string>& cache) {
  cache.async_get_or_load("a", []() -> awaitable<std::string> { co_return "a"; },
                          {.ttl = std::chrono::minutes(1)});
  // says: give these options a name before the co_await
}

struct Pinned {
  Pinned() = default;
  Pinned(const Pinned&) = delete;
  awaitable<std::string> operator()() const { co_return "a"; }
};
void pinned(const freshet::Cache<std::string>& cache, const Pinned& load) {
  cache.async_get_or_load("a", load);
  // says: async_get_or_load keeps the loader: it must be movable, or copyable where it has a name
}
#endif

}  // namespace

int main() { return sizeof(&right) == 0; }
