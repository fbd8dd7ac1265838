// Loads with a time-out, and the queue of their executor: who asks for a load there, who waits for it, and what becomes of it at the end.
// What would wait for ever is let go by the test, after ten seconds: it runs the queue.
#include <gmock/gmock.h>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "freshet/strategy_registry.hpp"
#include "freshet/testing/in_place_executor.hpp"
#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

int unexpected() { throw std::logic_error("this loader is not to be asked"); }

constexpr const char* kHard = "{ttl: 1h, load_timeout: {hard: 3s}}";

class LoadQueueTest : public CacheFixture {
 protected:
  /// `p` is the block, and `q` has no time-out. What is due on the load executor is run by hand.
  Cache<int> cache(std::string_view block = kHard, std::shared_ptr<Executor> loads = nullptr) {
    Components components;
    components.clock = clock_;
    components.executor = executor_;
    components.load_executor = loads ? std::move(loads) : loads_;
    components.logger = log_;
    invalidator_.emplace(CacheInvalidator::from_yaml(
        "freshet: 1\nnamespaces:\n  p: " + std::string(block) + "\n  q: {ttl: 1h}\n", components));
    q_.emplace(invalidator_->cache<int>("q"));
    return invalidator_->cache<int>("p");
  }
  void TearDown() override {
    if (invalidator_) invalidator_->close({});
    CacheFixture::TearDown();
  }
  /// A call on a thread of its own.
  template <class Loader>
  static std::future<Handle<int>> call(Cache<int> p, Loader loader, EntryOptions options = {},
                                       std::string key = "k") {
    return std::async(std::launch::async, [=] { return p.get_or_load(key, loader, options); });
  }
  /// The same, until it waits.
  template <class Loader>
  std::future<Handle<int>> waiting(Cache<int> p, Loader loader, std::size_t waiters = 1) {
    auto future = call(p, loader);
    clock_->await_waiters(waiters);
    return future;
  }

  /// What it comes to, without anybody running the queue.
  template <class T>
  T result(std::future<T> future) {
    if (future.wait_for(10s) != std::future_status::ready) {
      ADD_FAILURE() << "it waits";
      loads_->run_ready();
    }
    return future.get();
  }

  std::shared_ptr<ManualExecutor> loads_ = std::make_shared<ManualExecutor>(clock_);
  std::optional<Cache<int>> q_;
};

// Nothing runs the queue here: as if every thread of the pool waited for this loader.
TEST_F(LoadQueueTest, WhatALoaderWithoutATimeOutAsksForRunsInPlace) {
  auto p = cache();
  auto outer = call(*q_, [p] {
    const auto load = [here = std::this_thread::get_id()] {
      return std::this_thread::get_id() == here ? 7 : 0;
    };
    return *p.get_or_load("part", load);
  });
  EXPECT_EQ(*result(std::move(outer)), 7);
  EXPECT_EQ(loads_->pending(), 0u);
}

TEST_F(LoadQueueTest, WhatALoaderWaitsForInTheQueueIsTakenOver) {
  auto p = cache();
  auto queued = waiting(p, [] { return 5; });
  auto outer = call(*q_, [p] { return *p.get_or_load("k", unexpected); });
  EXPECT_EQ(*result(std::move(outer)), 5);
  EXPECT_EQ(*result(std::move(queued)), 5);
}

// Its thread is none of the executor's, and the loader waits for it.
TEST_F(LoadQueueTest, AThreadThatReadsForALoadOnTheExecutorRunsItsLoadsInPlace) {
  auto p = cache();
  auto outer = waiting(p, [p](LoadContext& load) {
    const auto part = [&, reads_for = load.capture()] {
      const auto reads = reads_for.enter();
      return *p.get_or_load("part", [] { return 6; });
    };
    return std::async(std::launch::async, part).get();
  });
  auto thread = std::async(std::launch::async, [&] { return loads_->run_one(); });
  EXPECT_TRUE(result(std::move(thread)));
  EXPECT_EQ(*outer.get(), 6);
}

TEST_F(LoadQueueTest, WhereBothExecutorsAreOneABackgroundTaskTakesOverWhatItWaitsFor) {
  loads_ = executor_;
  auto p = cache();
  const Connection connection = invalidator_->register_event_handler(
      "saved", [&](const Event&) { EXPECT_EQ(*p.get_or_load("k", unexpected), 5); },
      Delivery::posted);
  invalidator_->emit("saved");
  auto queued = waiting(p, [] { return 5; });
  auto thread = std::async(std::launch::async, [&] { return executor_->run_one(); });
  EXPECT_TRUE(result(std::move(thread)));
  EXPECT_EQ(*result(std::move(queued)), 5);
}

TEST_F(LoadQueueTest, TheCallWhoseOwnLoadHangsIsToldWhenTheCacheIsClosed) {
  auto p = cache();
  std::promise<void> begun;
  std::promise<void> goes_on;
  auto leads = waiting(p, [&] {
    begun.set_value();
    goes_on.get_future().wait();
    return 1;
  });
  auto thread = std::async(std::launch::async, [&] { return loads_->run_one(); });
  begun.get_future().wait();
  EXPECT_EQ(invalidator_->close({}).loads, 1u);
  EXPECT_EQ(leads.wait_for(10s), std::future_status::ready);
  goes_on.set_value();
  EXPECT_THROW(leads.get(), CacheClosed);
  EXPECT_TRUE(thread.get());
}

TEST_F(LoadQueueTest, ALoadThatHasBegunAndIsNotInItsLoaderYetIsLeftByAClose) {
  auto p = cache();
  std::optional<CloseReport> report;
  auto leads = std::future<Handle<int>>();
  const PausePoint begins("owned_load_begins", [&] {
    report = std::async(std::launch::async, [&] { return invalidator_->close({}); }).get();
    EXPECT_EQ(leads.wait_for(10s), std::future_status::ready) << "before there is a value";
  });
  leads = waiting(p, [] { return 1; });
  loads_->run_one();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->loads, 1u);
  EXPECT_FALSE(report->clean());
  EXPECT_THROW(leads.get(), CacheClosed);
}

/// Says when it goes.
class MortalStrategy final : public Strategy {
 public:
  explicit MortalStrategy(std::weak_ptr<int>& alive) { alive = alive_; }
  Deadlines on_store(const EntryView&, Instant now) override { return {.hard = now + 1h}; }
  ReadDecision on_soft_expired(const EntryView&, Instant) override { return ReadDecision::miss; }

 private:
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// The strategy has a host that goes with the cache.
TEST_F(LoadQueueTest, ALoadThatItsExecutorKeepsHoldsNothingOfACacheThatIsGone) {
  std::weak_ptr<int> strategy;
  Components components;
  components.clock = clock_;
  components.executor = executor_;
  components.load_executor = loads_;
  components.strategies = StrategyRegistry::with_builtins();
  struct Options {
    bool operator==(const Options&) const = default;
  };
  components.strategies->add<Options>(
      "own", OptionTable<Options>{},
      [&](const Options&, auto&&...) { return std::make_unique<MortalStrategy>(strategy); });
  {
    auto invalidator = CacheInvalidator::from_yaml(
        "freshet: 1\nnamespaces: {p: {strategy: own, load_timeout: {hard: 3s}}}\n", components);
    auto late = waiting(invalidator.cache<int>("p"), unexpected);
    clock_->advance(3s);
    EXPECT_THROW(late.get(), LoadTimeout);
    EXPECT_FALSE(strategy.expired());
  }
  EXPECT_GE(loads_->pending(), 1u);
  EXPECT_TRUE(strategy.expired());
  loads_->run_ready();
}

TEST_F(LoadQueueTest, WhatHasComeSinceIsServedInPlaceOfATimeOut) {
  auto p = cache();
  auto late = waiting(p, unexpected);
  p.put("k", 9);
  clock_->advance(3s);
  const Handle<int> there = late.get();
  EXPECT_EQ(*there, 9);
  EXPECT_EQ(there.staleness(), Staleness::fresh);
  EXPECT_EQ(invalidator_->stats().total.hard_timeouts, 0u);
  EXPECT_EQ(invalidator_->close({}).loads_not_begun, 1u);
}

TEST_F(LoadQueueTest, WhoReadsPastTheCacheIsNotServedWhatHasComeSince) {
  auto p = cache();
  auto late = call(p, unexpected, {.skip = {.read_l1 = true}});
  clock_->await_waiters(1);
  p.put("k", 9);
  clock_->advance(3s);
  EXPECT_THROW(late.get(), LoadTimeout);
}

// The first hangs; the second ends. Who found no room for a third has waited for the first alone.
TEST_F(LoadQueueTest, WhoFindsNoRoomWaitsForWhicheverLoadEndsFirst) {
  auto p = cache("{ttl: 1h}", std::make_shared<InPlaceExecutor>());
  std::promise<void> begun[2];
  std::promise<void> goes_on[2];
  std::future<Handle<int>> loads[2];
  for (const int i : {0, 1}) {
    loads[i] = call(p, [&, i] {
      begun[i].set_value();
      goes_on[i].get_future().wait();
      return i;
    });
    begun[i].get_future().wait();
    p.invalidate("k");
  }
  auto third = call(p, [] { return 3; }, {.load_timeout = LoadTimeouts{.hard = 1h}});
  clock_->await_waiters(1);
  std::promise<void> waits;
  const PausePoint joined("waits_for_a_load", [&] { waits.set_value(); });
  auto untimed = call(p, [] { return 3; });
  waits.get_future().wait();
  goes_on[1].set_value();
  EXPECT_EQ(*loads[1].get(), 1);
  EXPECT_EQ(untimed.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(third.wait_for(10s), std::future_status::ready);
  goes_on[0].set_value();
  EXPECT_EQ(*untimed.get(), 3);
  EXPECT_EQ(*third.get(), 3);
  EXPECT_EQ(*loads[0].get(), 0);
}

}  // namespace
}  // namespace freshet::testing
