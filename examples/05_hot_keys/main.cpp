// 05: which keys are read most. Counting costs bounded memory and next to nothing on a hit; each
// answer says by how much it may be too high.
#include <fmt/core.h>

#include <exception>
#include <string>

#include "freshet/freshet.hpp"

namespace {

/// A shop on a quiet day: product n is looked at about 200 / n times, carts a few times each.
void browse(freshet::CacheInvalidator& invalidator) {
  const auto products = invalidator.cache<std::string>("products");
  for (int n = 1; n <= 100; ++n) {
    for (int look = 0; look < 200 / n; ++look)
      products.get_or_load(fmt::format("product:{}", n), [] { return std::string("a product"); });
  }
  for (int user = 1; user <= 3; ++user) {
    const auto carts = invalidator.cache<std::string>(fmt::format("cart_{}", user));
    for (int look = 0; look < 30 * user; ++look) carts.get("items");
  }
}

void show(const char* title, const std::vector<freshet::HotKey>& keys) {
  fmt::print("{}\n", title);
  for (const freshet::HotKey& key : keys) {
    fmt::print("  {:<9} {:<10} read {:>3} times, at most {} too many\n", key.name_space, key.key,
               key.accesses, key.error);
  }
}

void run(const char* policy) {
  freshet::Components components;
  components.analytics.tracked_keys = 50;  // of 103 keys that are read
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy, components);
  browse(invalidator);
  show("in all namespaces", invalidator.hot_keys(5));
  show("among the carts", invalidator.hot_keys(2, "cart_*"));
  show("in the cart of user 1", invalidator.hot_keys(2, "cart_1"));
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
