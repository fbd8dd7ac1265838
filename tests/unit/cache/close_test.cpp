// Row C22: an orderly end: what is stopped, what is waited for and for how long, and what is left.
#include <gmock/gmock.h>

#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "freshet/testing/scripted_loader.hpp"
#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"
#include "support/temp_folder.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kForEver = Duration::max();

class CloseTest : public CacheFixture {
 protected:
  Cache<int> cache(std::string_view block = "{ttl: 1h}", std::string_view more = "") {
    use("freshet: 1\nnamespaces:\n  p: " + std::string(block) + "\n" + std::string(more));
    return invalidator_->cache<int>("p");
  }
  CloseReport close(const CloseOptions& options = {}) { return invalidator_->close(options); }

  /// A load of `k` on a thread of its own, which is in its loader when this returns and stays there until let_go().
  void begin_load(Cache<int> p) {
    loading_ = std::async(std::launch::async, [this, p] {
      return *p.get_or_load("k", [this](LoadContext&) {
        in_loader_.set_value();
        goes_on_.get_future().wait();
        return 7;
      });
    });
    in_loader_.get_future().wait();
  }
  void let_go() { goes_on_.set_value(); }
  int loaded() { return loading_.get(); }

  std::promise<void> in_loader_;
  std::promise<void> goes_on_;
  std::future<int> loading_;
};

TEST_F(CloseTest, AQuietCacheEndsAtOnceAndCleanly) {
  auto p = cache();
  p.put("k", 1);
  const CloseReport report = close({.wait = kForEver});
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.entries, 1u);
  EXPECT_FALSE(report.from_inside);
  EXPECT_EQ(report.last_run, LastRun::not_asked);
  EXPECT_THAT(log_->lines(), IsEmpty());
}

TEST_F(CloseTest, AfterwardsCallsAnswerAsAfterAnyClose) {
  auto p = cache();
  p.put("k", 1);
  close();
  EXPECT_FALSE(p.get("k"));
  EXPECT_EQ(*p.get_or_load("k", [](LoadContext& load) { return load.cancelled() ? 0 : 2; }), 2);
  EXPECT_FALSE(p.get("k"));
  EXPECT_FALSE(is_stored(p.put("k", 3)));
  EXPECT_TRUE(close().clean());
  EXPECT_EQ(close().entries, 0u);
  invalidator_->close();
}

TEST_F(CloseTest, ALoadUnderWayIsWaitedFor) {
  auto p = cache();
  begin_load(p);
  auto closes = std::async(std::launch::async, [&] { return close({.wait = 5s}); });
  clock_->await_waiters(1);
  clock_->advance(5s - 1ns);
  clock_->await_waiters(1);
  let_go();
  const CloseReport report = closes.get();
  EXPECT_EQ(report.loads, 0u);
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(loaded(), 7);
  EXPECT_EQ(report.entries, 1u) << "it was kept until the end";
  EXPECT_FALSE(p.get("k"));
}

TEST_F(CloseTest, ALoadThatDoesNotEndInTimeIsReportedAndNotKept) {
  auto p = cache().scoped("s");
  begin_load(p);
  auto closes = std::async(std::launch::async, [&] { return close({.wait = 5s}); });
  clock_->await_waiters(1);
  clock_->advance(5s);
  const CloseReport report = closes.get();
  EXPECT_EQ(report.loads, 1u);
  EXPECT_THAT(report.loading, ElementsAre(KeyName{"s:k", "p"}));
  EXPECT_FALSE(report.clean());
  EXPECT_EQ(log_->count("closed, with 1 loads (\"s:k\" in \"p\" is one)"), 1u);
  let_go();
  EXPECT_EQ(loaded(), 7);
  EXPECT_FALSE(p.get("k"));
}

TEST_F(CloseTest, WithoutAWaitNothingIsWaitedFor) {
  for (const Duration wait : {Duration::zero(), Duration(-1s), Duration::min()}) {
    in_loader_ = {};
    goes_on_ = {};
    begin_load(cache());
    EXPECT_EQ(close({.wait = wait}).loads, 1u);
    let_go();
    EXPECT_EQ(loaded(), 7);
  }
}

TEST_F(CloseTest, WhoWaitsForALoadThatIsLeftIsTold) {
  auto p = cache();
  begin_load(p);
  std::promise<void> waits;
  const PausePoint joined("waits_for_a_load", [&] { waits.set_value(); });
  auto waiter = std::async(std::launch::async, [&] { p.get_or_load("k", [] { return 1; }); });
  waits.get_future().wait();
  EXPECT_EQ(close().loads, 1u);
  EXPECT_THROW(waiter.get(), CacheClosed);
  EXPECT_EQ(*p.get_or_load("k", [] { return 2; }), 2) << "who comes later loads for itself";
  let_go();
  EXPECT_EQ(loaded(), 7) << "the load itself is answered";
}

TEST_F(CloseTest, ALoadThatBeganAfterTheCloseIsNotWaitedFor) {
  auto p = cache();
  const PausePoint late("close_has_begun", [&] { begin_load(p); });
  const CloseReport report = close({.wait = kForEver});
  EXPECT_TRUE(late.reached());
  EXPECT_EQ(report.loads, 0u);
  let_go();
  EXPECT_EQ(loaded(), 7);
}

TEST_F(CloseTest, ALoaderMaySeeThatItIsCancelled) {
  struct GivenUp {};
  auto p = cache();
  auto load = std::async(std::launch::async, [&] {
    p.get_or_load("k", [&](LoadContext& context) -> int {
      EXPECT_FALSE(context.cancelled());
      in_loader_.set_value();
      while (!context.cancelled()) std::this_thread::yield();
      throw GivenUp();
    });
  });
  in_loader_.get_future().wait();
  const CloseReport report = close({.wait = kForEver, .cancel_loads = true});
  EXPECT_TRUE(report.clean());
  EXPECT_THROW(load.get(), GivenUp);
}

TEST_F(CloseTest, WithoutBeingAskedNoLoadIsCancelled) {
  auto p = cache();
  bool cancelled = true;
  p.get_or_load("k", [&](LoadContext& context) {
    close();
    cancelled = context.cancelled();
    return 1;
  });
  EXPECT_FALSE(cancelled);
}

TEST_F(CloseTest, LoadsOfManyKeysAndThoseInATransactionCountToo) {
  auto p = cache();
  const std::vector<std::string> keys{"a", "b"};
  const auto bulk = [&](std::span<const std::string_view> missing) {
    EXPECT_EQ(close({.wait = kForEver}).loads, 1u);
    return std::vector<std::optional<int>>(missing.size(), 1);
  };
  EXPECT_EQ(p.get_many(keys, bulk).size(), 2u);
  Transaction transaction = invalidator_->begin_transaction();
  p.get_or_load("k", [&] {
    EXPECT_EQ(close({.wait = kForEver}).loads, 1u);
    return 1;
  });
}

TEST_F(CloseTest, ALoaderThatClosesWaitsForNothing) {
  auto p = cache();
  std::optional<CloseReport> report;
  EXPECT_EQ(*p.get_or_load("k",
                           [&] {
                             report = close({.wait = kForEver});
                             return 3;
                           }),
            3);
  EXPECT_TRUE(report->from_inside);
  EXPECT_EQ(report->loads, 1u);
  EXPECT_FALSE(p.get("k"));
}

TEST_F(CloseTest, TwoLoadersThatCloseAtOnceDoNotWaitForEachOther) {
  auto p = cache();
  std::promise<void> first;
  std::promise<void> second;
  const auto load = [&](const char* key, std::promise<void>& mine, std::promise<void>& others) {
    return p.get_or_load(key, [&] {
      mine.set_value();
      others.get_future().wait();
      return close({.wait = kForEver}).from_inside ? 1 : 0;
    });
  };
  auto other = std::async(std::launch::async, [&] { return *load("a", first, second); });
  EXPECT_EQ(*load("b", second, first), 1);
  EXPECT_EQ(other.get(), 1);
}

TEST_F(CloseTest, TwoClosesAtOnceWaitForTheSameLoad) {
  begin_load(cache());
  auto one = std::async(std::launch::async, [&] { return close({.wait = 1min}); });
  auto two = std::async(std::launch::async, [&] { return close({.wait = 5s}); });
  clock_->await_waiters(2);
  clock_->advance(5s);
  EXPECT_EQ(two.get().loads, 1u);
  let_go();
  EXPECT_EQ(one.get().loads, 0u);
  loaded();
}

TEST_F(CloseTest, ARefreshUnderWayIsWaitedFor) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  p.bind_loader([&](std::string_view) {
    in_loader_.set_value();
    goes_on_.get_future().wait();
    return 2;
  });
  p.put("k", 1);
  clock_->advance(45min);
  p.get("k");
  std::thread pool([&] { executor_->run_one(); });
  in_loader_.get_future().wait();
  auto closes = std::async(std::launch::async, [&] { return close({.wait = 5s}); });
  clock_->await_waiters(1);
  clock_->advance(5s);
  const CloseReport hangs = closes.get();
  EXPECT_EQ(hangs.loads, 1u);
  EXPECT_EQ(hangs.tasks, 1u);
  let_go();
  EXPECT_TRUE(close({.wait = kForEver}).clean());
  pool.join();
}

TEST_F(CloseTest, ARefreshThatHasNotBegunDoesNotBeginAnyMore) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  const ScriptedLoader<int> origin(1);
  p.bind_loader(origin);
  p.put("k", 1);
  clock_->advance(45min);
  p.get("k");
  EXPECT_EQ(close().loads_not_begun, 1u);
  executor_->run_ready();
  EXPECT_EQ(origin.calls(), 0u);
  EXPECT_EQ(close().loads_not_begun, 0u);
}

TEST_F(CloseTest, ARefreshThatClosesWaitsForNothing) {
  auto p = cache("{ttl: 1h, soft_ttl: 45m}");
  std::optional<CloseReport> report;
  p.bind_loader([&](std::string_view) {
    report = close({.wait = kForEver});
    return 2;
  });
  p.put("k", 1);
  clock_->advance(45min);
  p.get("k");
  executor_->run_ready();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->from_inside);
  EXPECT_EQ(report->tasks, 0u) << "of other threads";
}

TEST_F(CloseTest, EventsThatWaitAreDroppedAndNamed) {
  cache("{strategy: manual}", R"(
events:
  saved: {debounce: 10s, do: [{invalidate_tag: "{id}"}]}
  moved: {batch: {at_most: 100, within: 10s}, do: [{invalidate_tag: "{id}"}]}
  often: {max_per_second: 1, do: [{invalidate_tag: t}]}
)");
  for (const int id : {1, 1, 2}) invalidator_->emit("saved", {{"id", id}});
  for (const int id : {1, 2}) invalidator_->emit("moved", {{"id", id}});
  for (const int id : {1, 2, 2, 3}) invalidator_->emit("often", {{"id", id}});
  const CloseReport report = close();
  EXPECT_THAT(report.events, ElementsAre(DroppedEvents{"moved", 2}, DroppedEvents{"often", 2},
                                         DroppedEvents{"saved", 3}));
  EXPECT_FALSE(report.clean());
  EXPECT_EQ(log_->count("7 events that waited are dropped"), 1u);
  EXPECT_THAT(close().events, IsEmpty());
  const auto events = total(&NamespaceStatistics::events);
  pass(1min);
  EXPECT_EQ(total(&NamespaceStatistics::events), events);
}

// The first of these waited for itself for ever, in the sweeper.
TEST_F(CloseTest, AHandlerMayCloseWhereverItIsCalled) {
  const std::string rules = R"(
events:
  timed: [{invalidate_tag: t}]
  saved: {debounce: 1s, do: [{invalidate_tag: t}, {emit: {event: timed}}]}
schedules: {timed: every 1s}
)";
  for (const Delivery delivery : {Delivery::in_place, Delivery::posted}) {
    for (const bool orderly : {false, true}) {
      for (const bool debounced : {false, true}) {
        cache("{strategy: manual}", rules);
        int closed = 0;
        const Connection connection = invalidator_->register_event_handler(
            "timed",
            [&](const Event&) {
              if (orderly) {
                close({.wait = kForEver});
              } else {
                invalidator_->close();
              }
              ++closed;
            },
            delivery);
        if (debounced) invalidator_->emit("saved");
        pass(1s);
        executor_->run_ready();
        EXPECT_GE(closed, 1);
      }
    }
  }
}

TEST_F(CloseTest, ARemovalListenerMayClose) {
  auto p = cache();
  int closed = 0;
  const Connection connection = p.on_removal([&](std::string_view, const int&, RemovalCause) {
    close({.wait = kForEver});
    ++closed;
  });
  p.put("k", 1);
  p.put("other", 1);
  EXPECT_EQ(close({.wait = kForEver}).removals, 2u);
  executor_->run_ready();
  EXPECT_EQ(closed, 2);
}

TEST_F(CloseTest, PostedHandlersThatHaveNotRunAreCounted) {
  cache();
  int called = 0;
  const Connection connection = invalidator_->register_event_handler(
      "saved", [&](const Event&) { ++called; }, Delivery::posted);
  invalidator_->emit("saved");
  EXPECT_EQ(close().handlers, 1u);
  executor_->run_ready();
  EXPECT_EQ(called, 1) << "they are called all the same, as long as the cache is there";
}

TEST_F(CloseTest, KeysThatWereToBeLoadedAreCounted) {
  auto p = cache();
  invalidator_->warm({{"a", "p"}, {"b", "p"}});
  EXPECT_EQ(close().keys_not_loaded, 2u);
}

// Each waited for the other, for ever.
TEST_F(CloseTest, TwoThingsInTheBackgroundThatCloseAtOnceDoNotWaitForEachOther) {
  auto p = cache("{ttl: 1h}", R"(
events:
  saved: {debounce: 1s, do: [{invalidate_tag: t}, {emit: {event: later}}]}
  later: [{invalidate_tag: t}]
)");
  std::promise<void> ends[2];
  std::promise<void> begun[2];
  const auto close_with_the_other = [&](int mine) {
    begun[mine].set_value();
    begun[1 - mine].get_future().wait();
    invalidator_->close();
    ends[mine].set_value();
  };
  const Connection connection =
      invalidator_->register_event_handler("later", [&](const Event&) { close_with_the_other(0); });
  p.bind_loader([&](std::string_view) {
    close_with_the_other(1);
    return 1;
  });
  invalidator_->emit("saved");
  clock_->advance(1s);
  invalidator_->warm({{"k", "p"}});
  std::vector<std::thread> pool;
  for (int i = 0; i < 2; ++i) pool.emplace_back([&] { executor_->run_ready(); });
  for (std::promise<void>& end : ends) end.get_future().wait();
  for (std::thread& thread : pool) thread.join();
}

TEST_F(CloseTest, AThreadThatReadsForALoadAndClosesWaitsForNothing) {
  auto p = cache();
  p.get_or_load("k", [&](LoadContext& load) {
    auto closes = std::async(std::launch::async, [&, reads_for = load.capture()] {
      const auto reads = reads_for.enter();
      return close({.wait = 5s}).from_inside;
    });
    if (closes.wait_for(10s) != std::future_status::ready) clock_->advance(5s);
    EXPECT_TRUE(closes.get());
    return 1;
  });
}

class CloseFileTest : public CloseTest {
 protected:
  LastRun close_after_a_read(const std::string& file, bool reads = true) {
    auto p =
        cache("{ttl: 1h}", "analytics: {sample_one_in: 1}\nwarm: {last_run: \"" + file + "\"}\n");
    if (reads) p.get("k");
    return close().last_run;
  }
  test::TempFolder folder_;
};

TEST_F(CloseFileTest, WhetherTheHotKeysWereSavedIsSaid) {
  const std::string file = (folder_.path() / "hot.txt").string();
  EXPECT_EQ(close_after_a_read(file, false), LastRun::nothing);
  EXPECT_EQ(close_after_a_read(file), LastRun::saved);
  EXPECT_EQ(close().last_run, LastRun::not_asked) << "a second one leaves the file alone";
  EXPECT_EQ(close_after_a_read((folder_.path() / "no/such/folder").string()), LastRun::failed);
  EXPECT_EQ(total(&NamespaceStatistics::hot_key_file_failures), 1u);
}

}  // namespace
}  // namespace freshet::testing
