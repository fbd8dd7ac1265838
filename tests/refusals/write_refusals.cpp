// Writes that must not compile. Each is followed by what the compiler has to say; see memoize_refusals.cpp.
#include <future>
#include <memory>
#include <string>

#include "freshet/cache_invalidator.hpp"

namespace {

// What a library of coroutines may return.
struct Task {
  struct promise_type;
};
struct Awaitable {
  bool await_ready() const { return false; }
  void await_resume() const {}
};
struct FutureOfAnother {
  bool valid() const { return true; }
  void wait() const {}
  int get() const { return 0; }
};
template <class T>
concept Deferred = freshet::detail::kIsDeferred<T>;

static_assert(Deferred<std::future<void>> && Deferred<std::shared_future<int>&>);
static_assert(Deferred<const Task> && Deferred<Task&&> && Deferred<Awaitable>);
static_assert(Deferred<FutureOfAnother>);
static_assert(!Deferred<void> && !Deferred<int> && !Deferred<int&> && !Deferred<std::string>);
static_assert(!Deferred<std::unique_ptr<int>> && !Deferred<std::optional<std::string>>);
static_assert(!Deferred<freshet::Handle<int>> && !Deferred<freshet::Invalidated>);

// The right way of what is wrong below.
void right(freshet::CacheInvalidator& invalidator, const freshet::Cache<int>& cache) {
  const auto one = cache.memoize("one:{}", [](int id) { return id; });
  auto write = [] { return std::async(std::launch::deferred, [] { return 1; }); };
  invalidator.mutate({.tags = {"t"}}, [&] { return write().get(); });
  invalidator.invalidating(one, [&](int) { write().wait(); })(1);
  invalidator.begin_transaction().commit([&] { write().wait(); });
  cache.write_through("a", 1, [&](int) { return write().get(); });
}

#ifndef FRESHET_ONLY_RIGHT
void future(freshet::CacheInvalidator& invalidator) {
  invalidator.mutate({.tags = {"t"}}, [] { return std::async([] {}); });
  // says: this write returns before it has happened: what it makes is a future or a coroutine
  // says: co_await freshet::async_mutate(invalidator, targets, writer), of freshet/coro.hpp
  // says: std::future<void>
}

void coroutine(freshet::CacheInvalidator& invalidator) {
  invalidator.mutate({.tags = {"t"}}, [] { return Task(); });
  // says: ::Task>
}

void writer(freshet::CacheInvalidator& invalidator, const freshet::Cache<int>& cache) {
  const auto one = cache.memoize("one:{}", [](int id) { return id; });
  invalidator.invalidating(one, [](int) { return Awaitable(); });
  // says: ::Awaitable>
}

void through(const freshet::Cache<int>& cache) {
  cache.write_through("a", 1, [](int) { return Task(); });
  // says: require_done
}

void commit(freshet::CacheInvalidator& invalidator) {
  invalidator.begin_transaction().commit([] { return FutureOfAnother(); });
  // says: ::FutureOfAnother>
}
#endif

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    auto invalidator = freshet::CacheInvalidator::from_yaml("");
    right(invalidator, invalidator.cache<int>("numbers"));
  }
}
