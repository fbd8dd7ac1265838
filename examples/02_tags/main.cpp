// 02: tags name what an entry is about, and one call takes everything about it. The lease at the
// end shows the race that a hand-written cache loses: a value fetched before an invalidation,
// stored after it.
#include <fmt/core.h>

#include <exception>
#include <string>

#include "freshet/freshet.hpp"

namespace {

using Listings = freshet::Cache<std::string>;

void show(const Listings& listings) {
  fmt::print("  cached:");
  for (const char* key : {"code/python/src", "code/python/tests", "code/javascript/src"}) {
    if (listings.contains(key)) fmt::print(" {}", key);
  }
  fmt::print("\n");
}

void fill(const Listings& listings) {
  listings.put("code/python/src", "app.py util.py", {.tags = {"code", "code/python"}});
  listings.put("code/python/tests", "test_app.py", {.tags = {"code", "code/python"}});
  listings.put("code/javascript/src", "index.js", {.tags = {"code", "code/javascript"}});
  show(listings);
}

void invalidate(freshet::CacheInvalidator& invalidator, const Listings& listings, const char* tag) {
  const freshet::Invalidated gone = invalidator.invalidate_tag(tag);
  fmt::print("invalidate_tag({}) took {}\n", tag, gone.count);
  show(listings);
}

/// Somebody fetches a listing while somebody else changes the code.
void late_fill(freshet::CacheInvalidator& invalidator, const Listings& listings) {
  const freshet::Lease lease = listings.lease("code/python/src");
  const std::string fetched = "app.py util.py";  // from before the change
  invalidator.invalidate_tag("code/python");     // the change
  const freshet::EntryOptions options{.tags = {"code", "code/python"}};
  const bool late = is_stored(listings.put("code/python/src", fetched, lease, options));
  fmt::print("a put under a lease from before the invalidation is {}\n",
             late ? "stored" : "refused");
  show(listings);
  const freshet::Lease next = listings.lease("code/python/src");
  const bool again =
      is_stored(listings.put("code/python/src", "app.py util.py new.py", next, options));
  fmt::print("a put under a lease from after it is {}\n", again ? "stored" : "refused");
  show(listings);
}

void run(const char* policy) {
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy);
  const Listings listings = invalidator.cache<std::string>("listings");
  fmt::print("three listings, each tagged with its language and with \"code\"\n");
  fill(listings);
  invalidate(invalidator, listings, "code/python");
  invalidate(invalidator, listings, "code/python");
  fmt::print("all three again\n");
  fill(listings);
  invalidate(invalidator, listings, "code");
  late_fill(invalidator, listings);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : EXAMPLE_DIR "/policy.yaml");
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
