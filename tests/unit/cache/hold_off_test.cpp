// HoldOff: how far back a load is judged, and that it ends.
#include "cache/hold_off.hpp"

#include <gtest/gtest.h>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

class HeldBlockTest : public CacheFixture {
 protected:
  HeldBlockTest() {
    use(R"(
freshet: 1
namespaces:
  held: {strategy: manual, hold_off: 5s}
  other: {strategy: manual}
)");
  }
  Cache<std::string> held() { return invalidator_->cache<std::string>("held"); }
  Cache<std::string> other() { return invalidator_->cache<std::string>("other"); }
  bool keeps(std::string_view key, const EntryOptions& options = {}) {
    held().get_or_load(
        key, [] { return std::string("v"); }, options);
    return held().contains(key);
  }
};

TEST_F(HeldBlockTest, AWriteOfAKeyHoldsItsDependentsOffAndNoLongerThanThat) {
  const EntryOptions depends{.depends_on = {"other/part"}};
  ASSERT_TRUE(keeps("page", depends));
  clock_->advance(1min);
  other().put("part", "new");
  EXPECT_FALSE(keeps("page", depends));
  clock_->advance(4s);
  EXPECT_FALSE(keeps("page", depends));
  clock_->advance(1s);
  EXPECT_TRUE(keeps("page", depends));
}

}  // namespace
}  // namespace freshet::testing
