// The steps of a read that loads, taken by hand: what coroutines do, without one.
#include "freshet/detail/stepped_read.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "freshet/errors.hpp"
#include "freshet/request_context.hpp"
#include "support/cache_fixture.hpp"
#include "support/engine_access.hpp"

namespace freshet::testing {
namespace {

using detail::SteppedRead;
using Step = SteppedRead::Step;

class Told final : public detail::Wakeup {
 public:
  explicit Told(std::function<void()> then = [] {}) : then_(std::move(then)) {}
  void wake() noexcept override {
    ++times;
    then_();
  }
  int times = 0;

 private:
  const std::function<void()> then_;
};

class SteppedReadTest : public CacheFixture {
 protected:
  SteppedReadTest() {
    use(R"(
freshet: 1
namespaces:
  profiles: {strategy: manual}
  patient: {ttl: 1m, stale_if_error: 1h}
)");
  }

  Cache<int> cache(std::string_view name = "profiles") { return invalidator_->cache<int>(name); }

  /// A read whose first look finds nothing.
  std::unique_ptr<SteppedRead> read(std::string_view key, const EntryOptions& options = {},
                                    std::string_view name = "profiles") {
    std::unique_ptr<SteppedRead> rest;
    detail::CacheAccess::core(cache(name))->begin_read(key, options, detail::IfAbsent::load, rest);
    EXPECT_NE(rest, nullptr);
    return rest;
  }
  /// One that has begun to load.
  std::unique_ptr<SteppedRead> load(std::string_view key, const EntryOptions& options = {}) {
    auto read = this->read(key, options);
    EXPECT_EQ(read->begin(), Step::load);
    read->begin_load();
    return read;
  }
  static Step finish(SteppedRead& read, int value) {
    return read.finish_load(detail::erase(value));
  }
  static int value(SteppedRead& read) { return *Handle<int>(read.answer()); }

  std::size_t flights() { return EngineAccess::engine(*invalidator_).flights().size(); }
};

TEST_F(SteppedReadTest, WhatIsCachedIsAnsweredAtOnce) {
  cache().put("k", 7);
  std::unique_ptr<SteppedRead> rest;
  const Handle<int> hit(
      detail::CacheAccess::core(cache())->begin_read("k", {}, detail::IfAbsent::load, rest));
  EXPECT_EQ(rest, nullptr);
  ASSERT_TRUE(hit);
  EXPECT_EQ(*hit, 7);
  EXPECT_EQ(total(&NamespaceStatistics::hits), 1u);
}

TEST_F(SteppedReadTest, AMissLoadsAndIsKept) {
  auto read = load("k", {.tags = {"users"}});
  ASSERT_EQ(finish(*read, 7), Step::answered);
  const Handle<int> made(read->answer());
  EXPECT_EQ(*made, 7);
  EXPECT_EQ(made.origin(), Origin::loaded);
  EXPECT_TRUE(cache().contains("k"));
  EXPECT_EQ(total(&NamespaceStatistics::misses), 1u);
  EXPECT_EQ(total(&NamespaceStatistics::loads), 1u);
  EXPECT_EQ(invalidator_->invalidate_tag("users").count, 1u);
}

TEST_F(SteppedReadTest, WhoWaitsIsToldWhenTheLoadHasEndedWithNoLockHeld) {
  auto leader = load("k");
  auto waiter = read("k");
  ASSERT_EQ(waiter->begin(), Step::wait);
  const auto told = std::make_shared<Told>([&] { EXPECT_EQ(flights(), 0u); });
  ASSERT_TRUE(waiter->watch(told));
  finish(*leader, 7);
  EXPECT_EQ(told->times, 1);
  ASSERT_EQ(waiter->arrived(), Step::answered);
  EXPECT_EQ(value(*waiter), 7);
  EXPECT_EQ(total(&NamespaceStatistics::shared_loads), 1u);
}

TEST_F(SteppedReadTest, ThereIsNothingToWatchOnceTheLoadHasEnded) {
  auto leader = load("k");
  auto waiter = read("k");
  ASSERT_EQ(waiter->begin(), Step::wait);
  finish(*leader, 7);
  const auto told = std::make_shared<Told>();
  EXPECT_FALSE(waiter->watch(told));
  ASSERT_EQ(waiter->arrived(), Step::answered);
  EXPECT_EQ(value(*waiter), 7);
  EXPECT_EQ(told->times, 0);
}

TEST_F(SteppedReadTest, WhoWaitsStartsOverWhereTheLoadWasOvertakenBeforeItCame) {
  auto leader = read("k");
  ASSERT_EQ(leader->begin(), Step::load);
  LoadContext& context = leader->begin_load();
  invalidator_->invalidate_tag("named late");
  auto waiter = read("k");
  ASSERT_EQ(waiter->begin(), Step::wait);
  context.tag("named late");
  ASSERT_EQ(finish(*leader, 1), Step::answered);
  EXPECT_EQ(value(*leader), 1) << "it came before";
  ASSERT_EQ(waiter->arrived(), Step::load);
  waiter->begin_load();
  ASSERT_EQ(finish(*waiter, 2), Step::answered);
  EXPECT_EQ(value(*waiter), 2);
}

TEST_F(SteppedReadTest, WhoWaitsGetsWhatTheLoaderThrew) {
  auto leader = load("k");
  auto waiter = read("k");
  ASSERT_EQ(waiter->begin(), Step::wait);
  ASSERT_TRUE(waiter->watch(std::make_shared<Told>()));
  const auto error = std::make_exception_ptr(std::logic_error("origin is away"));
  EXPECT_THROW(leader->fail_load(error), std::logic_error);
  EXPECT_THROW(waiter->arrived(), std::logic_error);
  EXPECT_EQ(flights(), 0u);
  EXPECT_EQ(total(&NamespaceStatistics::load_failures), 1u);
}

TEST_F(SteppedReadTest, AnOldValueIsServedWhereTheLoaderThrew) {
  cache("patient").put("k", 1);
  pass(2min);
  auto leader = read("k", {}, "patient");
  ASSERT_EQ(leader->begin(), Step::load);
  leader->begin_load();
  const auto error = std::make_exception_ptr(std::logic_error("origin is away"));
  ASSERT_EQ(leader->fail_load(error), Step::answered);
  const Handle<int> old(leader->answer());
  EXPECT_EQ(*old, 1);
  EXPECT_EQ(old.staleness(), Staleness::load_failed);
}

TEST_F(SteppedReadTest, ALoadThatIsGivenUpLeavesNothingBehindAndWhoWaitsStartsOver) {
  auto leader = load("k");
  auto waiter = read("k");
  ASSERT_EQ(waiter->begin(), Step::wait);
  const auto told = std::make_shared<Told>();
  ASSERT_TRUE(waiter->watch(told));
  leader.reset();
  EXPECT_EQ(told->times, 1);
  EXPECT_EQ(flights(), 0u);
  ASSERT_EQ(waiter->arrived(), Step::load);
  waiter->begin_load();
  ASSERT_EQ(finish(*waiter, 8), Step::answered);
  EXPECT_EQ(value(*waiter), 8);
}

TEST_F(SteppedReadTest, OneThatLeadsAndGoesBeforeItsLoaderRanLeavesNothingBehind) {
  auto leader = read("k");
  ASSERT_EQ(leader->begin(), Step::load);
  EXPECT_EQ(flights(), 1u);
  leader.reset();
  EXPECT_EQ(flights(), 0u);
}

TEST_F(SteppedReadTest, WhoGoesWhileItWaitsIsNotTold) {
  auto leader = load("k");
  auto waiter = read("k");
  ASSERT_EQ(waiter->begin(), Step::wait);
  const auto told = std::make_shared<Told>();
  ASSERT_TRUE(waiter->watch(told));
  waiter.reset();
  EXPECT_EQ(told.use_count(), 1);
  finish(*leader, 7);
  EXPECT_EQ(told->times, 0);
}

TEST_F(SteppedReadTest, AThreadWaitsForACoroutinesLoadAndLoadsItselfIfThatIsGivenUp) {
  auto leader = load("k");
  std::thread waiter([&] { EXPECT_EQ(*cache().get_or_load("k", [] { return 8; }), 8); });
  while (total(&NamespaceStatistics::misses) < 2) std::this_thread::yield();
  leader.reset();
  waiter.join();
}

TEST_F(SteppedReadTest, WhatIsInvalidatedDuringTheLoadIsAnsweredAndNotKept) {
  auto early = load("k", {.tags = {"users"}});
  auto waiter = read("k");
  ASSERT_EQ(waiter->begin(), Step::wait) << "it began before the invalidation";
  invalidator_->invalidate_tag("users");
  auto late = read("k", {.tags = {"users"}});
  ASSERT_EQ(late->begin(), Step::load) << "it began after it";
  late->begin_load();
  ASSERT_EQ(finish(*early, 1), Step::answered);
  EXPECT_EQ(value(*early), 1);
  EXPECT_FALSE(cache().contains("k"));
  ASSERT_EQ(waiter->arrived(), Step::answered);
  EXPECT_EQ(value(*waiter), 1);
  ASSERT_EQ(finish(*late, 2), Step::answered);
  EXPECT_EQ(*cache().get("k"), 2);
}

TEST_F(SteppedReadTest, ALoaderThatAsksForItsOwnKeyIsToldSo) {
  auto leader = load("k");
  const detail::ScopesGuard loads(leader->scopes_of_load());
  auto again = read("k");
  ASSERT_EQ(again->begin(), Step::wait);
  EXPECT_THROW(again->watch(std::make_shared<Told>()), RecursiveLoad);
  EXPECT_THROW(cache().get_or_load("k", [] { return 1; }), RecursiveLoad)
      << "in the other form too";
}

TEST_F(SteppedReadTest, LoadersThatWaitForEachOtherAreToldSo) {
  auto a = load("a");
  auto b = load("b");
  std::unique_ptr<SteppedRead> b_of_a, a_of_b;
  {
    const detail::ScopesGuard loads(a->scopes_of_load());
    b_of_a = read("b");
    ASSERT_EQ(b_of_a->begin(), Step::wait);
    ASSERT_TRUE(b_of_a->watch(std::make_shared<Told>()));
  }
  const detail::ScopesGuard loads(b->scopes_of_load());
  a_of_b = read("a");
  ASSERT_EQ(a_of_b->begin(), Step::wait);
  EXPECT_THROW(a_of_b->watch(std::make_shared<Told>()), RecursiveLoad);
  b_of_a.reset();
  EXPECT_TRUE(a_of_b->watch(std::make_shared<Told>())) << "nobody waits for b any more";
}

TEST_F(SteppedReadTest, ALoadMadeForAnotherMayNotWaitForThatOne) {
  auto a = load("a");
  std::unique_ptr<SteppedRead> b;
  {
    const detail::ScopesGuard loads(a->scopes_of_load());
    b = load("b");
  }
  const detail::ScopesGuard loads(b->scopes_of_load());
  auto again = read("a");
  ASSERT_EQ(again->begin(), Step::wait);
  EXPECT_THROW(again->watch(std::make_shared<Told>()), RecursiveLoad);
}

TEST_F(SteppedReadTest, AThreadThatReadsForALoadMayNotWaitForIt) {
  const auto made = cache().get_or_load("k", [&](LoadContext& load) {
    std::thread([&] {
      const auto reads = load.capture().enter();
      EXPECT_THROW(cache().get_or_load("k", [] { return 2; }), RecursiveLoad);
    }).join();
    return 1;
  });
  EXPECT_EQ(*made, 1);
}

TEST_F(SteppedReadTest, ALoaderMayReadOneKeyTwiceAtATime) {
  auto a = load("a");
  const detail::ScopesGuard loads(a->scopes_of_load());
  auto b = load("b");
  auto same = read("b");
  ASSERT_EQ(same->begin(), Step::wait);
  EXPECT_TRUE(same->watch(std::make_shared<Told>()));
  finish(*b, 2);
  ASSERT_EQ(same->arrived(), Step::answered);
  EXPECT_EQ(value(*same), 2);
}

TEST_F(SteppedReadTest, WhatALoaderReadsBecomesLabelsOnWhateverThread) {
  cache().put("inner", 1);
  auto outer = load("outer");
  std::thread([&] {
    const detail::ScopesGuard loads(outer->scopes_of_load());
    EXPECT_EQ(*cache().get("inner"), 1);
    auto late = load("late");
    ASSERT_EQ(finish(*late, 2), Step::answered);
    late->answer();
  }).join();
  ASSERT_EQ(finish(*outer, 3), Step::answered);
  EXPECT_TRUE(cache().contains("outer"));
  cache().invalidate("late");
  EXPECT_FALSE(cache().contains("outer"));
}

TEST_F(SteppedReadTest, WhatWasOpenAtTheCallIsOpenInEveryStep) {
  std::unique_ptr<SteppedRead> rest;
  {
    const RequestContext context({.tags = {"tenant:7"}});
    rest = read("k");
  }
  std::thread([&] { ASSERT_EQ(rest->begin(), Step::load); }).join();
  rest->begin_load();
  ASSERT_EQ(finish(*rest, 1), Step::answered);
  EXPECT_EQ(invalidator_->invalidate_tag("tenant:7").count, 1u);
}

TEST_F(SteppedReadTest, PastTheCacheLoadsAreAloneAndMayNotComeBackToTheirKey) {
  {
    const Bypass bypass;
    auto first = load("k");
    auto second = load("k");
    ASSERT_EQ(finish(*first, 1), Step::answered);
    {
      const detail::ScopesGuard loads(second->scopes_of_load());
      EXPECT_THROW(read("k")->begin(), RecursiveLoad);
    }
    ASSERT_EQ(finish(*second, 2), Step::answered);
    EXPECT_EQ(value(*second), 2);
  }
  EXPECT_FALSE(cache().contains("k"));
}

}  // namespace
}  // namespace freshet::testing
