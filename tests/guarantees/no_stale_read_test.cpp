// G1: once a remove returns, no get that starts later returns a value whose load began before that call.
//
// Each way to invalidate is staged at each point of each way in: while the loader runs, between the load and the fill,
// between the judgement of the fill and its insertion.
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <thread>

#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  profiles: {strategy: manual}
)";

struct Way {
  std::string name;
  std::function<void(CacheInvalidator&)> invalidate;
};

std::vector<Way> ways() {
  return {
      {"Key", [](auto& invalidator) { invalidator.invalidate("user:42", "profiles"); }},
      {"Tag", [](auto& invalidator) { invalidator.invalidate_tag("users"); }},
      {"Namespace", [](auto& invalidator) { invalidator.invalidate_namespace("profiles"); }},
      {"All", [](auto& invalidator) { invalidator.invalidate_all(); }},
      {"ManyWithTheKey",
       [](auto& invalidator) {
         invalidator.invalidate_many({Target::tag("none"), Target::key("user:42", "profiles")});
       }},
      {"ManyWithTheTag",
       [](auto& invalidator) {
         invalidator.invalidate_many({Target::key("other", "profiles"), Target::tag("users")});
       }},
  };
}

class NoStaleReadTest : public CacheFixture, public ::testing::WithParamInterface<Way> {
 protected:
  NoStaleReadTest() { use(kPolicy); }

  void invalidate() { GetParam().invalidate(*invalidator_); }
  void invalidate_elsewhere() {
    std::thread([this] { invalidate(); }).join();
  }

  Cache<std::string> profiles() { return invalidator_->cache<std::string>("profiles"); }
  const EntryOptions options_{.tags = {"users"}};
};

TEST_P(NoStaleReadTest, ALoadOvertakenWhileItsLoaderRunsIsNotKept) {
  auto cache = profiles();
  const auto handle = cache.get_or_load(
      "user:42",
      [&] {
        invalidate();
        return std::string("old");
      },
      options_);
  EXPECT_EQ(*handle, "old") << "the caller asked before the invalidation";
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, ALoadThatNamesItsTagAtTheEndIsNotKeptEither) {
  auto cache = profiles();
  cache.get_or_load("user:42", [&](LoadContext& load) {
    invalidate();
    load.tag("users");
    return std::string("old");
  });
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, ALoadOvertakenBetweenItsEndAndItsFillIsNotKept) {
  auto cache = profiles();
  PausePoint pause("load_done_before_fill", [this] { invalidate_elsewhere(); });
  cache.get_or_load(
      "user:42", [] { return std::string("old"); }, options_);
  EXPECT_TRUE(pause.reached());
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, APutUnderALeaseTakenBeforeIsRefused) {
  auto cache = profiles();
  const Lease lease = cache.lease("user:42");
  invalidate();
  const StoreOutcome outcome = cache.put("user:42", "old", lease, options_);
  EXPECT_FALSE(is_stored(outcome));
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, ABulkLoadOvertakenIsNotKept) {
  auto cache = profiles();
  const std::vector<std::string> keys{"user:42", "user:43"};
  cache.get_many(
      keys,
      [&](std::span<const std::string_view> missing) {
        invalidate();
        return std::vector<std::optional<std::string>>(missing.size(), "old");
      },
      options_);
  EXPECT_FALSE(cache.get("user:42"));
}

TEST_P(NoStaleReadTest, WhatWasStoredBeforeIsGone) {
  auto cache = profiles();
  cache.put("user:42", "old", options_);
  invalidate();
  EXPECT_FALSE(cache.get("user:42"));
  EXPECT_FALSE(cache.contains("user:42"));
}

TEST_P(NoStaleReadTest, WhatIsLoadedAfterIsKept) {
  auto cache = profiles();
  cache.put("user:42", "old", options_);
  invalidate();
  cache.get_or_load(
      "user:42", [] { return std::string("new"); }, options_);
  const auto handle = cache.get("user:42");
  ASSERT_TRUE(handle);
  EXPECT_EQ(*handle, "new");
}

// A waiter that starts after the invalidation must not be given the load that began before it.
TEST_P(NoStaleReadTest, AWaiterDoesNotJoinALoadThatTheInvalidationOvertook) {
  auto cache = profiles();
  std::promise<void> loading, release;
  std::thread leader([&] {
    const auto handle = cache.get_or_load(
        "user:42",
        [&] {
          loading.set_value();
          release.get_future().wait();
          return std::string("old");
        },
        options_);
    EXPECT_EQ(*handle, "old");
  });
  loading.get_future().wait();
  invalidate();
  const auto handle = cache.get_or_load(
      "user:42", [] { return std::string("new"); }, options_);
  EXPECT_EQ(*handle, "new");
  release.set_value();
  leader.join();
  EXPECT_EQ(*cache.get("user:42"), "new")
      << "the overtaken load must not put its value over the new one";
}

INSTANTIATE_TEST_SUITE_P(EveryKind, NoStaleReadTest, ::testing::ValuesIn(ways()),
                         [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace freshet::testing
