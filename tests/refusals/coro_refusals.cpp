// Reads and writes of coroutines that must not compile. Each is followed by what the compiler has to say; see memoize_refusals.cpp.
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
awaitable<int> right_write(freshet::CacheInvalidator invalidator, std::shared_ptr<int> owned) {
  const freshet::WriteTargets targets{.tags = {"t"}};
  const freshet::MutateOptions options{.cause = "a write"};
  const auto write = [owned]() -> awaitable<int> { co_return *owned; };
  co_await freshet::async_mutate(invalidator, targets, [&]() -> awaitable<void> { co_return; });
  co_return co_await freshet::async_mutate(invalidator, targets, write, options);
}
static_assert(freshet::detail::kIsDeferred<awaitable<void>>);

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

// A write between invalidations that would both be over when it begins.
void left_empty(freshet::CacheInvalidator& invalidator, const freshet::Cache<int>& cache) {
  const auto one = cache.memoize("one:{}", [](int id) { return id; });
  invalidator.mutate({.tags = {"t"}}, []() -> awaitable<void> { co_return; });
  // says: this write returns before it has happened: what it makes is a future or a coroutine
  // says: boost::asio::awaitable<void
  invalidator.invalidating(one, [](int) -> awaitable<long> { co_return 1L; });
  // says: boost::asio::awaitable<long
  invalidator.begin_transaction().commit([]() -> awaitable<short> { co_return short{}; });
  // says: boost::asio::awaitable<short
}

void blocking_write(freshet::CacheInvalidator& invalidator, const freshet::WriteTargets& targets) {
  freshet::async_mutate(invalidator, targets, [] { return 1; });
  // says: a writer for async_mutate is called with nothing, and makes a boost::asio::awaitable
}

void targets_of_braces(freshet::CacheInvalidator& invalidator) {
  freshet::async_mutate(invalidator, {.tags = {"t"}}, []() -> awaitable<void> { co_return; });
  // says: give these targets or options a name before the co_await
}

void owning_writer(freshet::CacheInvalidator& invalidator, const freshet::WriteTargets& targets,
                   std::shared_ptr<int> owned) {
  freshet::async_mutate(invalidator, targets, [owned]() -> awaitable<void> { co_return; });
  // says: give this writer a name before the co_await, or let it capture by reference
}

void pinned_writer(freshet::CacheInvalidator& invalidator, const freshet::WriteTargets& targets,
                   const Pinned& write) {
  freshet::async_mutate(invalidator, targets, write);
  // says: async_mutate keeps the writer: it must be movable, or copyable where it has a name
}
#endif

}  // namespace

int main() { return sizeof(&right) + sizeof(&right_write) == 0; }
