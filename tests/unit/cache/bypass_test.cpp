// Bypass: neither read nor fill, and nothing shared with those who do.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "freshet/request_context.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::Each;

class BypassTest : public CacheFixture {
 protected:
  BypassTest() { use("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n"); }
  Cache<int> p() { return invalidator_->cache<int>("p"); }
  template <class Work>
  static auto elsewhere(Work work) {
    return std::async(std::launch::async, work).get();
  }
  static std::vector<std::optional<int>> two(std::span<const std::string_view> missing) {
    return std::vector<std::optional<int>>(missing.size(), 2);
  }
};

TEST_F(BypassTest, NothingIsReadAndNothingIsKept) {
  p().put("k", 1);
  const std::vector<std::string> keys = {"k", "new", "k"};
  {
    Bypass bypass;
    EXPECT_FALSE(p().get("k"));
    EXPECT_FALSE(p().contains("k"));
    EXPECT_FALSE(p().visit("k", [](int) {}));
    EXPECT_THAT(p().get_many(keys), Each(::testing::IsFalse()));
    EXPECT_EQ(*p().get_or_load("k", [] { return 2; }), 2);
    for (const auto& handle : p().get_many(keys, two)) EXPECT_EQ(*handle, 2);
    EXPECT_EQ(*p().memoize("read:{}", [](int id) { return id; })(3), 3);
  }
  EXPECT_EQ(*p().get("k"), 1);
  EXPECT_FALSE(p().contains("new") || p().contains("read:3"));
}

TEST_F(BypassTest, WhatALoaderThrowsOrLeavesOutReachesTheCaller) {
  Bypass bypass;
  const std::vector<std::string> keys = {"k"};
  EXPECT_THROW(p().get_or_load("k", []() -> int { throw std::runtime_error("no"); }),
               std::runtime_error);
  EXPECT_THROW(
      p().get_many(keys,
                   [](auto) -> std::vector<std::optional<int>> { throw std::runtime_error("no"); }),
      std::runtime_error);
  EXPECT_FALSE(p().get_many(keys, [](auto) { return std::vector<std::optional<int>>(1); })[0]);
}

TEST_F(BypassTest, ALoaderThatComesBackToItsOwnKeyIsTold) {
  Bypass bypass;
  std::function<int()> first, second;
  first = [&] { return *p().get_or_load("a", second); };
  second = [&] { return *p().get_or_load("b", first); };
  EXPECT_THROW(first(), RecursiveLoad);
  const std::vector<std::string> keys = {"a", "b"};
  EXPECT_THROW(p().get_many(keys, [&](auto missing) { return first(), two(missing); }),
               RecursiveLoad);
  EXPECT_EQ(*p().get_or_load("a", [&] { return *p().get_or_load("b", [] { return 1; }); }), 1);
  EXPECT_EQ(*p().get_many(keys, two)[0], 2) << "nothing is left behind";
}

TEST_F(BypassTest, ALoadOfOthersIsNotJoined) {
  std::promise<void> loading, done;
  std::thread reader([&] {
    p().get_or_load("k", [&] {
      loading.set_value();
      done.get_future().wait();
      return 1;
    });
  });
  loading.get_future().wait();
  {
    Bypass bypass;
    EXPECT_EQ(*p().get_or_load("k", [] { return 2; }), 2);
    const std::vector<std::string> keys = {"k"};
    EXPECT_EQ(*p().get_many(keys, two)[0], 2);
  }
  done.set_value();
  reader.join();
  EXPECT_EQ(*p().get("k"), 1);
}

TEST_F(BypassTest, NobodyJoinsALoadOfTheBypass) {
  Bypass bypass;
  EXPECT_EQ(*p().get_or_load(
                "k",
                [&] {
                  EXPECT_EQ(elsewhere([&] { return *p().get_or_load("k", [] { return 1; }); }), 1);
                  return 2;
                }),
            2);
  const std::vector<std::string> keys = {"m"};
  p().get_many(keys, [&](std::span<const std::string_view> missing) {
    EXPECT_EQ(elsewhere([&] { return *p().get_or_load("m", [] { return 1; }); }), 1);
    return two(missing);
  });
  EXPECT_EQ(*elsewhere([&] { return p().get("m"); }), 1);
}

TEST_F(BypassTest, APutForgetsTheKeyForWhatIsCachedIsNotTrueAnyMore) {
  p().put("k", 1);
  {
    Bypass bypass;
    EXPECT_EQ(p().put("k", 2), StoreOutcome::skipped);
  }
  EXPECT_FALSE(p().contains("k"));
}

TEST_F(BypassTest, InvalidationsAreAsAlways) {
  p().put("k", 1, {.tags = {"t"}});
  Bypass bypass;
  EXPECT_EQ(invalidator_->invalidate_tag("t").count, 1u);
}

// The page is kept: it was begun outside.
TEST_F(BypassTest, ALoaderThatBypassesDependsOnWhatItHasRead) {
  const auto page = [&] {
    return *p().get_or_load("page", [&] {
      Bypass bypass;
      return *p().get_or_load("row", [] { return 1; }, {.tags = {"t"}});
    });
  };
  page();
  EXPECT_TRUE(p().contains("page"));
  EXPECT_EQ(invalidator_->invalidate_tag("t").count, 1u);
  EXPECT_FALSE(p().contains("page"));
  page();
  p().put("row", 2);
  EXPECT_FALSE(p().contains("page"));
}

TEST_F(BypassTest, HoldsOnOtherThreadsOnceItIsHandedOnAndCannotBeEnteredAfterItsEnd) {
  p().put("k", 1);
  std::optional<OpenScopes> scopes;
  {
    Bypass bypass;
    scopes = OpenScopes::here();
    elsewhere([&] {
      EXPECT_TRUE(p().get("k"));
      const auto entered = scopes->enter();
      EXPECT_FALSE(p().get("k"));
    });
  }
  EXPECT_THROW(static_cast<void>(scopes->enter()), ScopeEnded);
  EXPECT_TRUE(p().get("k"));
}

TEST_F(BypassTest, ScopesOfAThreadWithoutAnyAreNothing) {
  const OpenScopes scopes = OpenScopes::here();
  Bypass bypass;
  p().put("k", 1);
  const auto outside = scopes.enter();
  p().put("k", 1);
  EXPECT_TRUE(p().get("k")) << "what is entered stands in place of what is open";
}

}  // namespace
}  // namespace freshet::testing
