// RequestContext: labels for all that is made in a scope.
#include "freshet/request_context.hpp"

#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "freshet/memoized.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

class RequestContextTest : public CacheFixture {
 protected:
  RequestContextTest() {
    use("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n  q: {ttl: 1h, soft_ttl: 45m}\n");
  }
  Cache<int> p() { return invalidator_->cache<int>("p"); }
  std::uint64_t forget(const char* tag) { return invalidator_->invalidate_tag(tag).count; }
  static void elsewhere(const std::function<void()>& work) { std::thread(work).join(); }
};

TEST_F(RequestContextTest, WhateverIsMadeInsideCarriesItsLabels) {
  const Lease lease = p().lease("leased");
  const auto memoized = p().memoize("read:{}", [](int id) { return id; });
  {
    RequestContext context({.tags = {"tenant:7"}});
    p().put("put", 1);
    p().put("leased", 1, lease);
    p().get_or_load("loaded", [] { return 1; });
    const std::vector<std::string> keys = {"many"};
    p().get_many(keys, [](auto) { return std::vector<std::optional<int>>{1}; });
    memoized(1);
    invalidator_->cache<int>("q").scoped("s").put("k", 1);
    p().get_or_load("outer", [&] { return *p().get_or_load("inner", [] { return 1; }); });
  }
  p().put("outside", 1);
  EXPECT_EQ(forget("tenant:7"), 8u);
  EXPECT_TRUE(p().contains("outside"));
}

TEST_F(RequestContextTest, BesideThoseOfTheCall) {
  RequestContext context({.tags = {"a"}});
  p().put("k", 1, {.tags = {"b"}});
  EXPECT_EQ(forget("b"), 1u);
  p().put("k", 1, {.tags = {"b"}});
  EXPECT_EQ(forget("a"), 1u);
}

TEST_F(RequestContextTest, ResourcesAndVersionsAreLabelsToo) {
  {
    RequestContext context({.depends_on = {"table:users"}, .versions = {{"prompt", "v1"}}});
    p().put("a", 1);
    p().get_or_load("b", [] { return 1; });
  }
  EXPECT_EQ(invalidator_->invalidate_dependents("table:users", {.dry_run = true}).count, 2u);
  EXPECT_EQ(invalidator_->invalidate_version("prompt", "v2").count, 2u);
}

TEST_F(RequestContextTest, VersionsAreAnnounced) {
  const std::vector<std::string> keys = {"k"};
  const auto load = [] { return 2; };
  const auto load_many = [](auto) { return std::vector<std::optional<int>>{3}; };
  p().put("k", 1, {.versions = {{"prompt", "v1"}}});
  {
    RequestContext context({.versions = {{"prompt", "v1"}}});
    EXPECT_EQ(*p().get_or_load("k", load), 1);
  }
  p().put("k", 1);
  {
    RequestContext context({.versions = {{"prompt", "v1"}}});
    EXPECT_EQ(*p().get_or_load("k", load), 2) << "that was made with no version";
  }
  invalidator_->invalidate_version("prompt", "v2");
  p().put("k", 1);
  RequestContext context({.versions = {{"prompt", "v1"}}});
  EXPECT_EQ(*p().get_or_load("k", load), 2);
  EXPECT_EQ(*p().get_many(keys, load_many)[0], 3);
  EXPECT_EQ(*p().get("k"), 1) << "neither was kept";
  EXPECT_EQ(p().put("k", 4), StoreOutcome::refused_version);
}

TEST_F(RequestContextTest, WhatIsFoundInTheCacheIsLeftAsItIs) {
  p().put("k", 1, {.tags = {"own"}});
  RequestContext context({.tags = {"request:9"}});
  p().get("k");
  p().get_or_load("k", [] { return 2; });
  p().get_or_load("k", [] { return 2; }, {.tags = {"own", "late"}});
  EXPECT_EQ(forget("request:9"), 0u);
  EXPECT_EQ(forget("late"), 1u) << "what the call names is added, as ever";
}

TEST_F(RequestContextTest, WhoeverWaitsForTheLoadOfAnotherAddsTheLabelsOfItsContext) {
  std::promise<void> loading;
  std::thread reader([&] {
    p().get_or_load("k", [&] {
      loading.set_value();
      while (total(&NamespaceStatistics::misses) < 2) std::this_thread::yield();
      return 1;
    });
  });
  loading.get_future().wait();
  {
    RequestContext context({.tags = {"a"}});
    EXPECT_EQ(*p().get_or_load("k", [] { return 2; }), 1);
  }
  reader.join();
  EXPECT_EQ(forget("a"), 1u);
}

TEST_F(RequestContextTest, InsideAnotherOneTheLabelsOfBothCount) {
  RequestContext outer({.tags = {"a"}});
  {
    RequestContext inner({.tags = {"b"}});
    p().put("both", 1);
    EXPECT_EQ(forget("b"), 1u);
    p().put("both", 1);
  }
  p().put("one", 1);
  EXPECT_EQ(forget("b"), 1u);
  p().put("two", 1);
  EXPECT_EQ(forget("a"), 2u) << "the inner one has ended";
  {
    RequestContext inner({.tags = {"b"}});
    p().put("both", 1);
    EXPECT_EQ(forget("a"), 1u) << "those of the outer one count inside";
  }
}

TEST_F(RequestContextTest, ARefreshKeepsTheLabels) {
  const auto q = invalidator_->cache<int>("q");
  int loads = 0;
  const auto load = [&] { return ++loads; };
  {
    RequestContext context({.tags = {"tenant:7"}, .depends_on = {"table:users"}});
    q.get_or_load("loaded", load);
    q.put("put", 0);
  }
  q.bind_loader([&](std::string_view) { return ++loads; });
  clock_->advance(45min);
  q.get_or_load("loaded", load);
  q.get("put");
  executor_->run_ready();
  EXPECT_EQ(loads, 3);
  EXPECT_EQ(total(&NamespaceStatistics::refreshes), 2u);
  EXPECT_EQ(invalidator_->invalidate_dependents("table:users", {.dry_run = true}).count, 2u);
  EXPECT_EQ(forget("tenant:7"), 2u);
}

TEST_F(RequestContextTest, WhatTheExecutorDoesIsNotDoneInside) {
  const auto q = invalidator_->cache<int>("q");
  q.put("k", 0);
  q.bind_loader([&](std::string_view) {
    p().put("by the refresh", 1);
    return 1;
  });
  clock_->advance(45min);
  RequestContext context({.tags = {"a"}});
  q.get("k");
  executor_->run_ready();
  EXPECT_TRUE(p().contains("by the refresh"));
  EXPECT_EQ(forget("a"), 0u);
}

TEST_F(RequestContextTest, ABadNameIsRefusedAndNothingIsOpen) {
  EXPECT_THROW(RequestContext({.tags = {"a", ""}}), InvalidName);
  EXPECT_THROW(RequestContext({.depends_on = {""}}), InvalidName);
  EXPECT_THROW(RequestContext({.versions = {{"", "v"}}}), InvalidName);
  p().put("k", 1);
  EXPECT_EQ(forget("a"), 0u);
}

TEST_F(RequestContextTest, HoldsOnOtherThreadsOnceItIsHandedOn) {
  RequestContext context({.tags = {"a"}});
  elsewhere([&] { p().put("without", 1); });
  elsewhere([&, scopes = OpenScopes::here()] {
    {
      const auto entered = scopes.enter();
      p().put("with", 1);
    }
    p().put("after", 1);
  });
  EXPECT_EQ(forget("a"), 1u);
  EXPECT_FALSE(p().contains("with"));
}

TEST_F(RequestContextTest, AndForThreadsThatReadForALoader) {
  RequestContext context({.tags = {"a"}});
  p().get_or_load("page", [&](LoadContext& load) {
    elsewhere([&, capture = load.capture()] {
      const auto reads = capture.enter();
      p().get_or_load("row", [] { return 1; });
    });
    return 1;
  });
  EXPECT_EQ(forget("a"), 2u);
}

TEST_F(RequestContextTest, AfterItsEndItCannotBeEnteredAndAThreadInsideIsSafe) {
  std::optional<OpenScopes> scopes;
  std::promise<void> inside, ended;
  std::thread worker;
  {
    RequestContext context({.tags = {"a"}});
    scopes = OpenScopes::here();
    worker = std::thread([&] {
      const auto entered = scopes->enter();
      inside.set_value();
      ended.get_future().wait();
      p().put("late", 1);
    });
    inside.get_future().wait();
  }
  ended.set_value();
  worker.join();
  EXPECT_EQ(forget("a"), 1u);
  EXPECT_THROW(static_cast<void>(scopes->enter()), ScopeEnded);
  p().put("k", 1);
  EXPECT_EQ(forget("a"), 0u);
}

TEST_F(RequestContextTest, OneThatGoesOutOfOrderTakesOnlyItselfAlong) {
  auto first = std::make_unique<RequestContext>(ContextLabels{.tags = {"a"}});
  auto second = std::make_unique<RequestContext>(ContextLabels{.tags = {"b"}});
  first.reset();
  p().put("inside", 1);
  second.reset();
  p().put("outside", 1);
  EXPECT_EQ(forget("b"), 1u);
  EXPECT_TRUE(p().contains("outside"));
}

}  // namespace
}  // namespace freshet::testing
