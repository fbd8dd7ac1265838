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

#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

int unexpected() { throw std::logic_error("this loader is not to be asked"); }

constexpr const char* kHard = "{ttl: 1h, load_timeout: {hard: 3s}}";

class LoadQueueTest : public CacheFixture {
 protected:
  /// `p` is the block, and `q` has no time-out. What is due on the load executor is run by hand.
  Cache<int> cache(std::string_view block = kHard) {
    Components components;
    components.clock = clock_;
    components.executor = executor_;
    components.load_executor = loads_;
    components.logger = log_;
    invalidator_.emplace(CacheInvalidator::from_yaml(
        "freshet: 1\nnamespaces:\n  p: " + std::string(block) + "\n  q: {ttl: 1h}\n", components));
    q_.emplace(invalidator_->cache<int>("q"));
    return invalidator_->cache<int>("p");
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

}  // namespace
}  // namespace freshet::testing
