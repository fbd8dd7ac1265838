// Loaders, predicates and writes that must not compile. Each is followed by what the compiler has to say; see memoize_refusals.cpp.
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/cache_invalidator.hpp"

namespace {

using Missing = std::span<const std::string_view>;
using Answer = std::vector<std::optional<int>>;

// The right way of what is wrong below.
void right(freshet::CacheInvalidator& invalidator, const freshet::Cache<int>& cache,
           const std::vector<std::string>& keys) {
  cache.get_or_load("a", [] { return 1; });
  cache.get_or_load("a", [](freshet::LoadContext& load) { return load.key().size() > 1 ? 1 : 2; });
  cache.get_or_load("a", [owned = std::make_unique<int>(1)]() mutable { return ++*owned; }, {});
  const auto optional = []() -> std::optional<short> { return std::nullopt; };
  cache.get_or_load("a", optional, {.tags = {"t"}});
  cache.get_or_load("a", [](auto& load) { return load.tag("t"), 1; });
  cache.get_or_load("a", [] { return std::async([] { return 1; }).get(); });
  cache.get_many(keys);
  cache.get_many(keys, [](Missing missing) { return Answer(missing.size()); });
  cache.visit("a", [](int) {});
  cache.visit("a", [](const int&, const freshet::Provenance&) {});
  cache.bind_loader([](std::string_view) { return 1; });
  cache.bind_loader([](std::string_view, freshet::LoadContext&) { return std::optional(1); });
  cache.cacheable_if([](int value) { return value > 0; });
  cache.cacheable_if([](std::string_view key, int) { return !key.empty(); });
  invalidator.mutate({.tags = {"t"}}, [] {});
  auto transaction = invalidator.begin_transaction();
  transaction.commit([owned = 1]() mutable { return ++owned; });
}

#ifndef FRESHET_ONLY_RIGHT
void loaders(const freshet::Cache<int>& cache) {
  cache.get_or_load("a", [] { return std::async([] { return 1; }); });
  // says: this loader returns before it has a value: what it makes is a future or a coroutine
  // says: co_await cache.async_get_or_load(key, loader), of freshet/coro.hpp
  cache.get_or_load("a", [](std::string_view) { return 1; });
  // says: a loader of get_or_load is not given the key: let it capture the key, or take a LoadContext&
  cache.get_or_load("a", [](int, int) { return 1; }, {.tags = {"t"}});
  // says: a loader of get_or_load is called with nothing, or with a LoadContext&
  cache.get_or_load("a", [] { return std::string(); });
  // says: a loader of get_or_load makes a value of the cache's type, or a std::optional of one
}

void bulk_loaders(const freshet::Cache<int>& cache, const std::vector<std::string>& keys) {
  cache.get_many(keys, [](const std::vector<std::string>&) { return Answer(); });
  // says: the loader of get_many is called once, with the keys that are missing
  cache.get_many(keys, [](Missing missing) { return std::vector<int>(missing.size()); });
  // says: the loader of get_many answers with a std::vector<std::optional<T>> of the cache's T
  cache.get_many(keys, [](Missing) { return std::async([] { return Answer(); }); }, {});
  // says: the loader of get_many returns before it has its values
}

void bound_loaders(const freshet::Cache<int>& cache) {
  cache.bind_loader([] { return 1; });
  // says: the loader of bind_loader serves the whole namespace: it is called with the key
  cache.bind_loader([](std::string_view) { return std::string(); });
  // says: the loader of bind_loader makes a value of the cache's type, or a std::optional of one
  cache.bind_loader([](std::string_view) { return std::async([] { return 1; }); });
  // says: the loader of bind_loader returns before it has a value
}

void visitors(const freshet::Cache<int>& cache) {
  cache.visit("a", [](int&) {});
  // says: the visitor of visit is called with a value of the cache, a const T&, or with that and a const Provenance&
}

void predicates(const freshet::Cache<int>& cache) {
  cache.cacheable_if([](const std::string&) { return true; });
  // says: the predicate of cacheable_if is called with a value of the cache, a const T&
  cache.cacheable_if([count = 0](int) mutable { return ++count < 3; });
  // says: the predicate of cacheable_if is called by several threads at once
  cache.cacheable_if([](int) { return std::string(); });
  // says: the predicate of cacheable_if answers with a bool
}

void writes(freshet::CacheInvalidator& invalidator, const freshet::Cache<int>& cache) {
  invalidator.mutate({.tags = {"t"}}, [](int) {});
  // says: a write is called with nothing: let a lambda capture what it needs
  invalidator.begin_transaction().commit([](int) {});
  // says: refuse_writer
  cache.write_through("a", 1, [](const std::string&) {});
  // says: the write of write_through is called with the value, a const T&, or with nothing
  cache.memoize("a:{}", [](int) { return std::async([] { return 1; }); });
  // says: this function returns before it has a value: what it makes is a future or a coroutine
}
#endif

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    auto invalidator = freshet::CacheInvalidator::from_yaml("");
    right(invalidator, invalidator.cache<int>("numbers"), {"a", "b"});
  }
}
