// Memoized functions and writers that must not compile. Each is followed by what the compiler has to say, in full or in part;
// refusals_test.sh compiles this once as it is, which must fail and say all of it, and once with FRESHET_ONLY_RIGHT.
#include <memory>
#include <string>
#include <utility>

#include "freshet/cache_invalidator.hpp"

namespace {

struct Patch {
  std::string name;
};
struct NoText {
  int number = 0;
};
struct Database {
  int load(int id) const { return id; }
};

// The right way of what is wrong below.
void right(freshet::CacheInvalidator& invalidator, const freshet::Cache<int>& cache) {
  using freshet::key_arguments;
  const auto one = cache.memoize("one:{}", [](int id) { return id; });
  const auto two = cache.memoize("two:{}:{}", [](int id, const std::string&) { return id; });
  cache.memoize("some:{}", key_arguments<1>, [](NoText&, int id) { return id; }).invalidate(1);
  invalidator.invalidating(one, [](int, const Patch&) {}, {.order = freshet::Order::before});
  invalidator.invalidating(two, [](const Patch&) {},
                           {.key = [](const Patch& patch) { return std::pair(1, patch.name); }});
  invalidator.invalidating(two, [](const Patch&) {}, {.clear_all = true});
}

#ifndef FRESHET_ONLY_RIGHT
void formats(const freshet::Cache<int>& cache) {
  cache.memoize("a:{}", [](int, int) { return 0; });
  // says: key_format_needs_one_placeholder_for_each_key_argument_or_none_at_all
  cache.memoize("b:{}{}", [](int, int) { return 0; });
  // says: key_format_needs_a_separator_such_as_a_colon_between_placeholders
  cache.memoize("c:{0}", [](int) { return 0; });
  // says: key_format_has_something_other_than_empty_braces_for_a_placeholder
  cache.memoize("", [](int) { return 0; });
  // says: key_format_is_empty
}

void functions(const freshet::Cache<int>& cache) {
  cache.memoize([](int id) { return id; });
  // says: say what the keys begin with
  cache.memoize("a", [](auto id) { return id; });
  // says: this has no single list of parameters to make keys of
  cache.memoize("b", &Database::load);
  // says: bind_member(&Database::load_profile, &database)
  cache.memoize("c", [count = 0](int id) mutable { return count += id; });
  // says: a memoized function is called by several threads at once
  cache.memoize("d", [](int) { return std::string(); });
  // says: what this function returns is no value of the cache's type, nor a std::optional of one
  cache.memoize("e", [](const NoText&) { return 0; });
  // says: a value of this type has no text to stand in a key
  cache.memoize("f", freshet::key_arguments<1>, [](int id) { return id; });
  // says: key_arguments<...> names a position that the function does not have
  cache.memoize("g", freshet::bind_member(&Database::load, Database{}));
  // says: give bind_member the object's address
}

void writers(freshet::CacheInvalidator& invalidator, const freshet::Cache<int>& cache) {
  const auto one = cache.memoize("one:{}", [](int id) { return id; });
  const auto two = cache.memoize("two:{}:{}", [](int id, const std::string&) { return id; });
  invalidator.invalidating(one, [](const Patch&) {});
  // says: the first parameters of this writer are not the key arguments of the memoized function
  invalidator.invalidating(two, [](const Patch&) {},
                           {.key = [](const Patch& patch) { return patch.name; }});
  // says: what key of an invalidating writer returns is not the key argument of the memoized function
  invalidator.invalidating(one, [](const Patch&) {}, {.key = [](int id) { return id; }});
  // says: key of an invalidating writer is called with the writer's arguments
  invalidator.invalidating(two, [](const Patch&) {}, {.clear_all = false});
  // says: clear_all_can_only_be_true
  invalidator.invalidating(cache, [](int) {});
  // says: invalidating takes what Cache<T>::memoize returned
}
#endif

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    auto invalidator = freshet::CacheInvalidator::from_yaml("");
    right(invalidator, invalidator.cache<int>("numbers"));
  }
}
