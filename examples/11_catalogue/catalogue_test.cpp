// 11: two writers of one price at once leave the price that the database has.
#include <gmock/gmock.h>

#include <functional>
#include <utility>

#include "freshet/testing/matchers.hpp"
#include "freshet/testing/test_cache.hpp"

namespace {

using namespace freshet::testing;

// [race]
TEST(CatalogueTest, TwoWritersAtOnceLeaveThePriceThatTheDatabaseHas) {
  auto cache = TestCache::from_yaml_file(EXAMPLES_DIR "/11_catalogue/policy.yaml");
  int stored = 500;
  std::function<void()> meanwhile;
  const auto price = cache.cache<int>("prices").memoize("price:{}", [&](int) { return stored; });
  const auto set_price = cache.invalidator().invalidating(price, [&](int, int cents) {
    stored = cents;
    if (meanwhile) std::exchange(meanwhile, nullptr)();  // written, and not yet returned
  });
  meanwhile = [&] {
    EXPECT_THAT(price(7), HoldsValue(299));  // a reader in between sees the first write,
    set_price(7, 199);                       // and another writer comes by
  };
  set_price(7, 299);
  EXPECT_THAT(price(7), HoldsValue(199));
}
// [/race]

}  // namespace
