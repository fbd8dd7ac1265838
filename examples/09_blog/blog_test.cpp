// 09: a post that is saved while a list is being made is not lost from that list.
#include <gmock/gmock.h>

#include <string>

#include "freshet/testing/matchers.hpp"
#include "freshet/testing/scripted_loader.hpp"
#include "freshet/testing/test_cache.hpp"

namespace {

using namespace freshet::testing;

// [race]
TEST(BlogTest, APostSavedWhileItsListIsBeingMadeIsNotLost) {
  auto cache = TestCache::from_yaml_file(EXAMPLES_DIR "/09_blog/policy.yaml");
  const auto lists = cache.cache<std::string>("lists");
  ScriptedLoader<std::string> database("Ducks");
  database.during_next([&] {  // the query has run, and its rows are on their way
    database.set("Ducks Geese");
    cache.invalidator().emit("post_saved", {{"id", 2}, {"author", "ada"}});
  });
  EXPECT_THAT(lists.get_or_load("by:ada", database), HoldsValue("Ducks"));
  EXPECT_THAT(lists.get("by:ada"), IsMiss());
  EXPECT_THAT(lists.get_or_load("by:ada", database), HoldsValue("Ducks Geese"));
}
// [/race]

}  // namespace
