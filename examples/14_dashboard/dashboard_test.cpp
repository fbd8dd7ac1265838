// 14: an order that comes while a page is being put together is not lost from it.
#include <gmock/gmock.h>

#include <string>

#include "freshet/testing/matchers.hpp"
#include "freshet/testing/scripted_loader.hpp"
#include "freshet/testing/test_cache.hpp"

namespace {

using namespace freshet::testing;

TEST(DashboardTest, AnOrderThatComesWhileAPageIsPutTogetherIsNotLost) {
  auto cache = TestCache::from_yaml_file(EXAMPLES_DIR "/14_dashboard/policy.yaml");
  const auto fragments = cache.cache<std::string>("fragments");
  const auto pages = cache.cache<std::string>("pages");
  // [race]
  ScriptedLoader<std::string> sales("3 orders");
  ScriptedLoader<std::string> frame("<page>");
  const auto load_page = [&](freshet::LoadContext& load) {
    const auto part = fragments.get_or_load("sales", sales, {.tags = {"orders"}});
    return frame(load) + *part;
  };
  frame.during_next([&] {  // the fragment has been read, the page is not done
    sales.set("4 orders");
    cache.invalidator().emit("order_placed");
  });
  EXPECT_THAT(pages.get_or_load("home:ada", load_page), HoldsValue("<page>3 orders"));
  EXPECT_THAT(pages.get("home:ada"), IsMiss());
  EXPECT_THAT(pages.get_or_load("home:ada", load_page), HoldsValue("<page>4 orders"));
  // [/race]
}

}  // namespace
