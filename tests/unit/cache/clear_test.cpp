// Cache::clear: everything in a view goes, the loads under way with it, and nothing beside it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

class ClearTest : public CacheFixture {
 protected:
  ClearTest() {
    use(R"(
freshet: 1
namespaces:
  carts: {strategy: manual}
  paths: {strategy: manual, separator: "/"}
  shown: {strategy: ttl, ttl: 1h, soft_ttl: 30m}
  other: {strategy: manual}
)");
  }
  Cache<int> cache(std::string_view name) { return invalidator_->cache<int>(name); }
};

TEST_F(ClearTest, TheWholeNamespaceGoesAndNoOther) {
  cache("carts").put("a", 1);
  cache("carts").scoped("s").put("b", 2);
  cache("other").put("a", 3);
  EXPECT_EQ(cache("carts").clear().count, 2u);
  EXPECT_FALSE(cache("carts").get("a"));
  EXPECT_FALSE(cache("carts").scoped("s").get("b"));
  EXPECT_TRUE(cache("other").get("a"));
}

TEST_F(ClearTest, AScopeLeavesTheOthersAlone) {
  for (const char* name : {"carts", "paths"}) {
    const Cache<int> view = cache(name);
    const Cache<int> ada = view.scoped("ada");
    ada.put("cart", 1);
    ada.scoped("tab-1").put("cart", 2);
    view.scoped("adam").put("cart", 3);
    view.put("cart", 4);
    EXPECT_EQ(ada.clear().count, 2u) << name;
    EXPECT_FALSE(ada.get("cart")) << name;
    EXPECT_FALSE(ada.scoped("tab-1").get("cart")) << name;
    EXPECT_TRUE(view.scoped("adam").get("cart")) << name;
    EXPECT_TRUE(view.get("cart")) << name;
  }
}

TEST_F(ClearTest, AScopeInsideAnotherLeavesThatAlone) {
  const Cache<int> ada = cache("carts").scoped("ada");
  ada.put("cart", 1);
  ada.scoped("tab-1").put("cart", 2);
  EXPECT_EQ(ada.scoped("tab-1").clear().count, 1u);
  EXPECT_TRUE(ada.get("cart"));
}

TEST_F(ClearTest, TheNameOfAScopeIsNoPattern) {
  for (const char* name : {"carts", "paths"}) {
    const Cache<int> view = cache(name);
    for (const char* scope : {"*", "[a-z]", "?", "\\x"}) {
      view.scoped(scope).put("cart", 1);
      view.scoped("x").put("cart", 2);
      EXPECT_EQ(view.scoped(scope).clear().count, 1u) << name << " " << scope;
      EXPECT_FALSE(view.scoped(scope).get("cart")) << name << " " << scope;
      EXPECT_TRUE(view.scoped("x").get("cart")) << name << " " << scope;
    }
  }
}

TEST_F(ClearTest, ALoadUnderWayIsNotKept) {
  for (const char* name : {"carts", "paths"}) {
    const Cache<int> ada = cache(name).scoped("ada");
    const auto loaded = ada.get_or_load("cart", [&] {
      ada.clear();
      return 1;
    });
    EXPECT_EQ(*loaded, 1) << name;
    EXPECT_FALSE(ada.get("cart")) << name << ": the session had ended";
    const auto beside = cache(name).scoped("bob").get_or_load("cart", [&] {
      ada.clear();
      return 2;
    });
    EXPECT_EQ(*beside, 2) << name;
    EXPECT_TRUE(cache(name).scoped("bob").get("cart")) << name;
  }
}

// One resource for all, and one of the same name in each session; each with a writer of the whole and a writer of one entry.
TEST_F(ClearTest, WritersOfAResourceReachItInTheirScopeAndInNoOther) {
  const std::vector<Cache<int>> scopes{cache("carts"), cache("carts").scoped("ada"),
                                       cache("carts").scoped("bob")};
  std::vector<Memoized<int(int)>> carts;
  for (const Cache<int>& scope : scopes)
    carts.push_back(scope.memoize("cart:{}", [](int id) { return id; }));
  const auto cached = [&] {  // of each scope, its carts 1 and 2
    std::string all;
    for (const Cache<int>& scope : scopes) {
      for (const char* key : {"cart:1", "cart:2"}) all += scope.contains(key) ? '1' : '0';
    }
    return all;
  };
  const std::vector<std::string> without_one{"011111", "110111", "111101"};
  const std::vector<std::string> without_all{"001111", "110011", "111100"};
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    for (const auto& cart : carts) cart(1), cart(2);
    const auto write_one =
        invalidator_->invalidating(carts[i], [](const std::string&, int) {},
                                   {.key = [](const std::string&, int id) { return id; }});
    write_one("a new line", 1);
    EXPECT_EQ(cached(), without_one[i]);
    carts[i](1);
    const auto write_all = invalidator_->invalidating(carts[i], [](int) {}, {.clear_all = true});
    write_all(2);
    EXPECT_EQ(cached(), without_all[i]);
  }
  for (const auto& cart : carts) cart(1), cart(2);
  scopes[1].clear();
  EXPECT_EQ(cached(), "110011") << "the session ends";
}

TEST_F(ClearTest, ToExpireIsNotToRemove) {
  const Cache<int> ada = cache("shown").scoped("ada");
  ada.put("cart", 1);
  EXPECT_EQ(ada.clear({.mode = Mode::expire, .dry_run = true}).count, 1u);
  EXPECT_FALSE(ada.get("cart").stale());
  ada.clear({.mode = Mode::expire});
  EXPECT_TRUE(ada.get("cart").stale());
  ada.clear();
  EXPECT_FALSE(ada.get("cart"));
}

}  // namespace
}  // namespace freshet::testing
