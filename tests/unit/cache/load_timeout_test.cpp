// Row C8: a slow load does not hold up its callers: a soft time-out serves the old value, a hard one throws, and the load goes on.
// Time is moved by hand, once somebody waits for it; what hangs is let go by the test.
#include <gmock/gmock.h>

#include <future>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "freshet/testing/in_place_executor.hpp"
#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

/// An origin that answers one load, when it is told to. Copies share it.
class SlowOrigin {
 public:
  int operator()() const {
    state_->begun.set_value();
    return state_->answer.get_future().get();
  }
  int operator()(LoadContext&) const { return (*this)(); }
  void await() const { state_->begun.get_future().wait(); }
  void answer(int value) const { state_->answer.set_value(value); }
  template <class Exception>
  void fail(Exception exception) const {
    state_->answer.set_exception(std::make_exception_ptr(std::move(exception)));
  }

 private:
  struct State {
    std::promise<void> begun;
    std::promise<int> answer;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

int unexpected() { throw std::logic_error("this loader is not to be asked"); }

class LoadTimeoutTest : public CacheFixture {
 protected:
  Cache<int> cache(std::string_view block, std::shared_ptr<Executor> load_executor = nullptr) {
    Components components;
    components.clock = clock_;
    components.executor = executor_;
    components.load_executor = std::move(load_executor);
    components.logger = log_;
    invalidator_.emplace(CacheInvalidator::from_yaml(
        "freshet: 1\nnamespaces:\n  p: " + std::string(block) + "\n  q: {ttl: 1h}\n", components));
    return invalidator_->cache<int>("p");
  }
  /// Once the loads that are late have ended.
  void TearDown() override {
    if (invalidator_) invalidator_->close({.wait = Duration::max()});
    CacheFixture::TearDown();
  }
  NamespaceStatistics stats() { return invalidator_->stats().total; }

  /// A call on a thread of its own.
  template <class Loader>
  static std::future<Handle<int>> call(Cache<int> p, Loader loader, EntryOptions options = {},
                                       std::string key = "k") {
    return std::async(std::launch::async, [=] { return p.get_or_load(key, loader, options); });
  }
  /// Waits until `callers` wait, and moves time.
  void let_pass(Duration span, std::size_t callers = 1) {
    clock_->await_waiters(callers);
    clock_->advance(span);
  }
  /// A value past its deadline, by two hours.
  void put_old(const Cache<int>& p, int value = 1) {
    p.put("k", value);
    clock_->advance(2h);
  }

  SlowOrigin origin_;
};

constexpr const char* kSoft = "{ttl: 1h, stale_if_error: 24h, load_timeout: {soft: 1s}}";
constexpr const char* kHard = "{ttl: 1h, load_timeout: {hard: 3s}}";
constexpr const char* kBoth = "{ttl: 1h, stale_if_error: 24h, load_timeout: {soft: 1s, hard: 3s}}";

TEST_F(LoadTimeoutTest, TheOldValueIsServedWhenALoadIsLateAndTheLoadGoesOn) {
  auto p = cache(kSoft);
  put_old(p);
  auto late = call(p, origin_);
  origin_.await();
  let_pass(1s - 1ns);
  let_pass(1ns);
  const Handle<int> old = late.get();
  ASSERT_TRUE(old);
  EXPECT_EQ(*old, 1);
  EXPECT_EQ(old.staleness(), Staleness::load_late);
  EXPECT_EQ(old.origin(), Origin::l1);
  EXPECT_EQ(stats().soft_timeouts, 1u);
  EXPECT_EQ(stats().stale_serves, 1u);
  EXPECT_EQ(stats().hard_timeouts, 0u);
  origin_.answer(2);
  const Handle<int> fresh = p.get_or_load("k", unexpected);  // joins the load, or finds its value
  EXPECT_EQ(*fresh, 2);
  EXPECT_EQ(fresh.staleness(), Staleness::fresh);
  EXPECT_EQ(*p.get("k"), 2);
  EXPECT_EQ(stats().loads, 1u);
}

TEST_F(LoadTimeoutTest, ALoadThatEndsInTimeIsAnsweredAsEver) {
  auto p = cache(kBoth);
  put_old(p);
  auto in_time = call(p, origin_);
  origin_.await();
  let_pass(1s - 1ns);
  clock_->await_waiters(1);
  origin_.answer(2);
  const Handle<int> value = in_time.get();
  EXPECT_EQ(*value, 2);
  EXPECT_EQ(value.origin(), Origin::loaded);
  EXPECT_EQ(stats().soft_timeouts, 0u);
}

TEST_F(LoadTimeoutTest, WhereThereIsNoOldValueASoftTimeOutChangesNothing) {
  auto p = cache(kSoft);
  auto waits = call(p, origin_);
  origin_.await();
  let_pass(1s);
  let_pass(24h);
  clock_->await_waiters(1);
  origin_.answer(2);
  EXPECT_EQ(*waits.get(), 2);
  EXPECT_EQ(stats().soft_timeouts, 0u);
}

TEST_F(LoadTimeoutTest, AHardTimeOutThrowsAndTheLoadFillsTheCacheWhenItEnds) {
  auto p = cache(kHard);
  auto late = call(p, origin_);
  origin_.await();
  let_pass(3s);
  EXPECT_THROW(late.get(), LoadTimeout);
  EXPECT_EQ(stats().hard_timeouts, 1u);
  EXPECT_EQ(stats().load_failures, 0u) << "it has not failed";
  origin_.answer(2);
  EXPECT_EQ(*p.get_or_load("k", unexpected), 2);
  EXPECT_EQ(*p.get("k"), 2);
}

TEST_F(LoadTimeoutTest, AfterASoftTimeOutWithoutAnOldValueTheHardOneCounts) {
  auto p = cache(kBoth);
  auto late = call(p, origin_);
  origin_.await();
  let_pass(1s);
  let_pass(2s);
  EXPECT_THROW(late.get(), LoadTimeout);
  origin_.answer(2);
}

TEST_F(LoadTimeoutTest, AnOldValueIsServedInsteadOfAHardTimeOut) {
  auto p = cache("{ttl: 1h, stale_if_error: 24h, load_timeout: {hard: 3s}}");
  put_old(p);
  auto late = call(p, origin_);
  origin_.await();
  let_pass(3s);
  EXPECT_EQ(late.get().staleness(), Staleness::load_late);
  EXPECT_EQ(stats().hard_timeouts, 0u);
  origin_.answer(2);
}

TEST_F(LoadTimeoutTest, AValueOlderThanItsAllowanceIsNotServed) {
  auto p = cache(kBoth);
  p.put("k", 1);
  clock_->advance(25h - 1s);
  auto late = call(p, origin_);
  origin_.await();
  let_pass(1s);
  let_pass(2s);
  EXPECT_THROW(late.get(), LoadTimeout);
  origin_.answer(2);
}

TEST_F(LoadTimeoutTest, WhatWasRemovedWhileTheLoadRanIsNotServedAndTheLateFillIsRefused) {
  auto p = cache(kBoth);
  put_old(p);
  auto late = call(p, origin_);
  origin_.await();
  invalidator_->invalidate_namespace("p");
  let_pass(1s);
  let_pass(2s);
  EXPECT_THROW(late.get(), LoadTimeout);
  origin_.answer(2);
  EXPECT_EQ(*p.get_or_load("k", [] { return 3; }), 3) << "began after the invalidation";
  EXPECT_EQ(*p.get("k"), 3);
}

// The narrowest place: time is up, and the old value has not been looked for yet.
TEST_F(LoadTimeoutTest, WhatIsRemovedBetweenTheTimeOutAndTheLookIsNotServed) {
  auto p = cache(kBoth);
  put_old(p);
  const PausePoint between("late_before_old_value", [&] { p.invalidate("k"); });
  auto late = call(p, origin_);
  origin_.await();
  let_pass(1s);
  let_pass(2s);
  EXPECT_THROW(late.get(), LoadTimeout);
  EXPECT_TRUE(between.reached());
  origin_.answer(2);
}

// Between the soft time-out and the late fill: the old value was served, rightly; nothing of either is there afterwards.
TEST_F(LoadTimeoutTest, AnInvalidationAfterTheSoftTimeOutRefusesTheLateFill) {
  auto p = cache(kSoft);
  put_old(p);
  std::promise<void> filled;
  {
    const PausePoint before_fill("load_done_before_fill", [&] { p.invalidate("k"); });
    auto late = call(p, origin_);
    origin_.await();
    let_pass(1s);
    EXPECT_EQ(*late.get(), 1);
    auto joins = call(p, [] { return 3; });
    clock_->await_waiters(1);
    origin_.answer(2);
    joins.get();
    EXPECT_TRUE(before_fill.reached());
  }
  const Handle<int> there = p.get("k");
  EXPECT_TRUE(!there || *there == 3) << *there;
  EXPECT_EQ(stats().refused_key_changed, 1u);
}

TEST_F(LoadTimeoutTest, APutOvertakesALateLoad) {
  auto p = cache(kHard);
  auto late = call(p, origin_);
  origin_.await();
  let_pass(3s);
  EXPECT_THROW(late.get(), LoadTimeout);
  p.put("k", 9);
  origin_.answer(2);
  invalidator_->close({.wait = Duration::max()});
  EXPECT_EQ(stats().refused_key_changed, 1u);
}

TEST_F(LoadTimeoutTest, WhoJoinsHasATimeOfItsOwn) {
  auto p = cache(kSoft);
  put_old(p);
  auto first = call(p, origin_);
  origin_.await();
  let_pass(600ms);
  auto second = call(p, unexpected);
  let_pass(400ms, 2);
  EXPECT_EQ(first.get().staleness(), Staleness::load_late);
  clock_->await_waiters(1);
  EXPECT_EQ(second.wait_for(0s), std::future_status::timeout);
  let_pass(600ms);
  EXPECT_EQ(second.get().staleness(), Staleness::load_late);
  EXPECT_EQ(stats().soft_timeouts, 2u);
  origin_.answer(2);
}

TEST_F(LoadTimeoutTest, WhoJoinsMayRunIntoTheHardOne) {
  auto p = cache("{ttl: 1h}");
  auto leads = call(p, origin_);  // without a time-out, on the thread of its call
  origin_.await();
  auto joins = call(p, unexpected, {.load_timeout = LoadTimeouts{.hard = 3s}});
  let_pass(3s);
  EXPECT_THROW(joins.get(), LoadTimeout);
  origin_.answer(2);
  EXPECT_EQ(*leads.get(), 2);
}

TEST_F(LoadTimeoutTest, WhoMayJoinNeitherOfTwoLoadsRunsIntoItToo) {
  auto p = cache("{ttl: 1h}");
  const SlowOrigin second;
  auto one = call(p, origin_);
  origin_.await();
  p.invalidate("k");
  auto two = call(p, second);
  second.await();
  p.invalidate("k");
  auto three = call(p, unexpected, {.load_timeout = LoadTimeouts{.hard = 3s}});
  let_pass(3s);
  EXPECT_THROW(three.get(), LoadTimeout);
  origin_.answer(1);
  second.answer(2);
  EXPECT_EQ(*one.get(), 1);
  EXPECT_EQ(*two.get(), 2);
}

TEST_F(LoadTimeoutTest, ALoaderThatThrowsInTimeIsAFailureLikeAnyOther) {
  auto p = cache(kBoth);
  origin_.fail(std::runtime_error("down"));
  EXPECT_THROW(p.get_or_load("k", origin_), std::runtime_error);
  put_old(p);
  EXPECT_EQ(p.get_or_load("k", []() -> int { throw std::runtime_error("down"); }).staleness(),
            Staleness::load_failed);
  EXPECT_EQ(stats().load_failures, 2u);
  EXPECT_EQ(stats().soft_timeouts, 0u);
}

TEST_F(LoadTimeoutTest, ALoaderThatThrowsLateIsCountedAndRemembered) {
  auto p = cache(kSoft);
  put_old(p);
  auto late = call(p, origin_);
  origin_.await();
  let_pass(1s);
  late.get();
  auto joins = call(p, unexpected);
  clock_->await_waiters(1);
  origin_.fail(std::runtime_error("down"));
  EXPECT_EQ(joins.get().staleness(), Staleness::load_failed);
  EXPECT_EQ(stats().load_failures, 1u);
  EXPECT_EQ(p.get_or_load("k", unexpected).staleness(), Staleness::load_failed);
  EXPECT_EQ(stats().loads_held_back, 1u);
}

TEST_F(LoadTimeoutTest, ZeroAndLessMeanNoTimeOutAndTheCallsWordReplacesThePolicys) {
  auto p = cache(kBoth);
  const std::thread::id here = std::this_thread::get_id();
  std::thread::id loaded_on;
  const auto load = [&] {
    loaded_on = std::this_thread::get_id();
    return 1;
  };
  for (const LoadTimeouts none :
       {LoadTimeouts{}, LoadTimeouts{.soft = -1s, .hard = Duration::min()}}) {
    p.get_or_load("k", load, {.load_timeout = none});
    EXPECT_EQ(loaded_on, here);
    p.invalidate("k");
  }
  for (const LoadTimeouts some : {LoadTimeouts{.hard = 1ns}, LoadTimeouts{.soft = 24h * 365},
                                  LoadTimeouts{.soft = 5s, .hard = 3s}}) {
    EXPECT_EQ(*p.get_or_load("k", load, {.load_timeout = some}), 1);
    EXPECT_NE(loaded_on, here);
    p.invalidate("k");
  }
}

TEST_F(LoadTimeoutTest, ALoaderThatCannotBeCopiedRunsHereAndHasNoTimeOut) {
  auto p = cache(kHard);
  auto late = std::async(std::launch::async, [&] {
    const auto own = std::make_unique<int>(2);
    const std::thread::id here = std::this_thread::get_id();
    return *p.get_or_load("k", [own = std::make_unique<int>(2), here, this] {
      EXPECT_EQ(std::this_thread::get_id(), here);
      clock_->advance(1h);
      return *own;
    });
  });
  EXPECT_EQ(late.get(), 2);
  EXPECT_EQ(stats().hard_timeouts, 0u);
}

TEST_F(LoadTimeoutTest, WhatSuchALoadReadsIsItsOwnAndItsContextGoesAlong) {
  auto p = cache(kHard);
  auto q = invalidator_->cache<int>("q");
  q.put("part", 1, {.tags = {"inner"}});
  {
    const RequestContext tenant({.tags = {"tenant:7"}});
    const auto load = [q](LoadContext& context) {
      context.tag("said");
      return *q.get("part") + *q.get_or_load("made", [] { return 1; });
    };
    EXPECT_EQ(*p.get_or_load("k", load, {.tags = {"asked"}}), 2);
  }
  const std::map<std::string, std::uint64_t> entries{
      {"inner", 2}, {"tenant:7", 2}, {"said", 1}, {"asked", 1}};  // `made` is the tenant's too
  for (const auto& [tag, count] : entries)
    EXPECT_EQ(invalidator_->invalidate_tag(tag, {.dry_run = true}).count, count) << tag;
}

TEST_F(LoadTimeoutTest, WhatIsMadeOfAValueServedLateIsNotKept) {
  auto p = cache(kSoft);
  auto q = invalidator_->cache<int>("q");
  put_old(p);
  auto first = call(p, origin_);
  origin_.await();
  auto page = call(
      q, [&, p] { return *p.get_or_load("k", unexpected); }, {}, "page");
  let_pass(1s, 2);
  EXPECT_EQ(*page.get(), 1);
  EXPECT_FALSE(q.get("page"));
  EXPECT_EQ(stats().not_kept_stale, 1u);
  origin_.answer(2);
}

TEST_F(LoadTimeoutTest, InATransactionAndABypassLoadsRunHere) {
  auto p = cache(kHard);
  const std::thread::id here = std::this_thread::get_id();
  const auto load = [here] { return std::this_thread::get_id() == here ? 1 : 0; };
  {
    const Bypass bypass;
    EXPECT_EQ(*p.get_or_load("k", load), 1);
  }
  Transaction transaction = invalidator_->begin_transaction();
  EXPECT_EQ(*p.get_or_load("k", load), 1);
}

TEST_F(LoadTimeoutTest, ALoaderThatAsksForItsOwnKeyIsTold) {
  auto p = cache(kHard);
  EXPECT_THROW(p.get_or_load("k", [p] { return *p.get_or_load("k", unexpected); }), RecursiveLoad);
  // Through another key, and through a load that runs on the thread of its call.
  auto q = invalidator_->cache<int>("q");
  EXPECT_THROW(
      q.get_or_load(
          "outer",
          [&] { return *p.get_or_load("k", [q] { return *q.get_or_load("outer", unexpected); }); }),
      RecursiveLoad);
}

TEST_F(LoadTimeoutTest, ALoadOnTheExecutorMayAskForOneThatIsQueuedBehindIt) {
  auto p = cache(kHard, make_thread_pool_executor(1));
  auto a = call(
      p, [p, origin = origin_] { return origin() + *p.get_or_load("b", unexpected); }, {}, "a");
  origin_.await();
  auto b = call(
      p, [] { return 10; }, {}, "b");
  clock_->await_waiters(2);
  origin_.answer(1);
  EXPECT_EQ(*a.get(), 11);
  EXPECT_EQ(*b.get(), 10);
}

TEST_F(LoadTimeoutTest, WhereBothExecutorsAreOneBackgroundLoadsRunTheirOwnInPlace) {
  const auto shared = make_thread_pool_executor(1);
  Components components;
  components.clock = clock_;
  components.executor = components.load_executor = shared;
  auto invalidator = CacheInvalidator::from_yaml(
      "freshet: 1\nnamespaces: {p: {ttl: 1h, load_timeout: {hard: 3s}}, q: {ttl: 1h, soft_ttl: "
      "1m}}\n",
      components);
  auto p = invalidator.cache<int>("p");
  auto q = invalidator.cache<int>("q");
  std::promise<int> refreshed;
  q.put("k", 1);
  clock_->advance(1min);
  std::promise<void> may_go;
  const auto gate = may_go.get_future().share();
  q.get_or_load("k", [&, p, gate] {
    const int value = *p.get_or_load("k", [] { return 2; });
    refreshed.set_value(value);
    return value;
  });
  EXPECT_EQ(refreshed.get_future().get(), 2);
  invalidator.close({.wait = Duration::max()});
}

class DroppingExecutor final : public Executor {
 public:
  void post(Task) override {}
  void post_after(Duration, Task) override {}
};
class FullExecutor final : public Executor {
 public:
  void post(Task) override { throw std::bad_alloc(); }
  void post_after(Duration, Task) override { throw std::bad_alloc(); }
};

TEST_F(LoadTimeoutTest, AnExecutorThatDropsALoadStrandsNobody) {
  auto p = cache(kHard, std::make_shared<DroppingExecutor>());
  EXPECT_THROW(p.get_or_load("k", unexpected), CacheClosed);
}

TEST_F(LoadTimeoutTest, WhereTheExecutorTakesNoMoreTheLoadRunsHere) {
  auto p = cache(kHard, std::make_shared<FullExecutor>());
  EXPECT_EQ(*p.get_or_load("k", [] { return 1; }), 1);
  EXPECT_EQ(*p.get("k"), 1);
}

TEST_F(LoadTimeoutTest, WhoWaitsForALoadThatHasNotBegunIsTold_WhenTheCacheIsClosed) {
  const auto stepped = std::make_shared<ManualExecutor>(clock_);
  auto p = cache(kHard, stepped);
  auto leads = call(p, unexpected);
  clock_->await_waiters(1);
  auto joins = call(p, unexpected);
  clock_->await_waiters(2);
  EXPECT_EQ(invalidator_->close({}).loads_not_begun, 1u);
  EXPECT_THROW(leads.get(), CacheClosed);
  EXPECT_THROW(joins.get(), CacheClosed);
  stepped->run_ready();
  EXPECT_EQ(*p.get_or_load("k", [] { return 1; }), 1) << "here, from now on";
}

TEST_F(LoadTimeoutTest, ALoadThatHasNotBegunWhenTheTimeIsUpBeginsAllTheSame) {
  const auto stepped = std::make_shared<ManualExecutor>(clock_);
  auto p = cache(kHard, stepped);
  auto late = call(p, [] { return 1; });
  let_pass(3s);
  EXPECT_THROW(late.get(), LoadTimeout);
  stepped->run_ready();
  EXPECT_EQ(*p.get("k"), 1);
}

TEST_F(LoadTimeoutTest, InPlaceNothingIsEverLate) {
  auto p = cache(kBoth, std::make_shared<InPlaceExecutor>());
  put_old(p);
  const auto slow = [this] {
    clock_->advance(1h);
    return 2;
  };
  EXPECT_EQ(*p.get_or_load("k", slow), 2);
  EXPECT_EQ(stats().soft_timeouts, 0u);
}

}  // namespace
}  // namespace freshet::testing
