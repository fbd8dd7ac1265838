// async_mutate: the window around a write that is awaited. No value loaded before or during the write is kept after its end,
// whichever way it ends.
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "coro/coro_fixture.hpp"

namespace freshet::testing {
namespace {

class CoroMutateTest : public CoroFixture {
 protected:
  /// What a write came to.
  struct Written {
    int answer = 0;
    std::exception_ptr error{};
    bool is_over = false;
  };
  /// Starts a write of what carries "t" on `io`. The writer counts itself, waits at the gate and then throws or answers 7.
  std::shared_ptr<Written> write(asio::io_context& io, MutateOptions options = {},
                                 bool throws = false) {
    auto written = std::make_shared<Written>();
    asio::co_spawn(io, write(*invalidator_, *this, written, std::move(options), throws),
                   asio::detached);
    return written;
  }
  auto write(MutateOptions options = {}, bool throws = false) {
    return write(*io_, std::move(options), throws);
  }
  /// A load of the old value that carries "t" and ends with the gate.
  auto load(std::string key, Gate& gate) {
    return start(std::move(key), makes_at(gate, 1), {.tags = {"t"}});
  }
  void run(asio::io_context& io) {
    io.restart();
    io.poll();
  }
  using CoroFixture::run;
  /// Loads that began before the write and in it, some of which end in it and some after it: none is kept.
  template <class End>
  void expect_nothing_is_kept(asio::io_context& io, bool throws, End end) {
    cache().put("cached", 1, {.tags = {"t"}});
    Gate in_the_write, after_it;
    load("before, ends in it", in_the_write);
    load("before, ends after it", after_it);
    run();
    const auto written = write(io, {}, throws);
    run(io);
    ASSERT_EQ(writes_, 1);
    EXPECT_FALSE(cache().contains("cached")) << "nobody is served the old value meanwhile";
    load("in it, ends in it", in_the_write);
    load("in it, ends after it", after_it);
    run();
    in_the_write.open();
    run();
    EXPECT_FALSE(cache().contains("before, ends in it"));
    EXPECT_TRUE(cache().contains("in it, ends in it")) << "it is open: only its end takes this";
    end();
    for (const char* key : {"before, ends in it", "in it, ends in it"})
      EXPECT_FALSE(cache().contains(key)) << key;
    after_it.open();
    run();
    for (const char* key : {"before, ends after it", "in it, ends after it"})
      EXPECT_FALSE(cache().contains(key)) << key;
    Gate open;
    open.open();
    load("after it", open);
    run();
    EXPECT_TRUE(cache().contains("after it"));
    EXPECT_EQ(written.use_count(), 1) << "its frame is gone";
  }

  Gate gate_;
  int writes_ = 0;

 private:
  static asio::awaitable<void> write(CacheInvalidator invalidator, CoroMutateTest& test,
                                     std::shared_ptr<Written> written, MutateOptions options,
                                     bool throws) {
    const WriteTargets targets{.tags = {"t"}};
    const auto writer = [&]() -> asio::awaitable<int> {
      ++test.writes_;
      co_await test.gate_.wait();
      if (throws) throw std::runtime_error("connection lost");
      co_return 7;
    };
    try {
      written->answer = co_await async_mutate(invalidator, targets, writer, options);
    } catch (...) {
      written->error = std::current_exception();
    }
    written->is_over = true;
  }
};

TEST_F(CoroMutateTest, NothingLoadedBeforeOrDuringAWriteThatReturnsIsKept) {
  expect_nothing_is_kept(*io_, false, [&] {
    gate_.open();
    run();
  });
}

TEST_F(CoroMutateTest, NothingLoadedBeforeOrDuringAWriteThatThrowsIsKept) {
  expect_nothing_is_kept(*io_, true, [&] {
    gate_.open();
    run();
  });
}

TEST_F(CoroMutateTest, NothingLoadedBeforeOrDuringAWriteThatIsDestroyedIsKept) {
  auto doomed = std::make_unique<asio::io_context>();
  expect_nothing_is_kept(*doomed, false, [&] { doomed.reset(); });
}

/// Ends its request with itself, as a client does that drains what it has sent.
struct Client {
  Cache<int> cache;
  ~Client() {
    cache.put("k", 1, {.tags = {"t"}});
  }  // what another reader kept before the request arrived
};

TEST_F(CoroMutateTest, TheWindowClosesAfterWhatTheWriterHasCaptured) {
  const WriteTargets targets{.tags = {"t"}};
  // No coroutine itself, so that the write holds the only writer.
  const auto write = [&] {
    const auto writer = [this,
                         client = std::make_shared<Client>(cache())]() -> asio::awaitable<void> {
      ++writes_;
      co_await gate_.wait();
    };
    return async_mutate(*invalidator_, targets, writer);
  };
  auto doomed = std::make_unique<asio::io_context>();
  asio::co_spawn(*doomed, write(), asio::detached);
  run(*doomed);
  ASSERT_EQ(writes_, 1);
  doomed.reset();
  EXPECT_FALSE(cache().contains("k"));
}

TEST_F(CoroMutateTest, TheWindowIsClosedWhereWhoAwaitsTheWriteGoesOn) {
  for (const bool throws : {false, true}) {
    bool was_there = true;
    const WriteTargets targets{.tags = {"t"}};
    const auto writer = [&]() -> asio::awaitable<void> {
      cache().put("k", 1, {.tags = {"t"}});
      if (throws) throw std::runtime_error("no");
      co_return;
    };
    const auto caller = [&]() -> asio::awaitable<void> {
      try {
        co_await async_mutate(*invalidator_, targets, writer);
      } catch (const std::runtime_error&) {
      }
      was_there = cache().contains("k");
    };
    asio::co_spawn(*io_, caller(), asio::detached);
    run();
    EXPECT_FALSE(was_there);
  }
}

TEST_F(CoroMutateTest, AnswersWhatTheWriterAnswersAndThrowsWhatItThrows) {
  const auto written = write();
  run();
  EXPECT_FALSE(written->is_over);
  gate_.open();
  run();
  EXPECT_EQ(written->answer, 7);
  const auto lost = write({}, true);
  run();
  EXPECT_THROW(std::rethrow_exception(lost->error), std::runtime_error);
}

TEST_F(CoroMutateTest, InvalidatesBeforeTheWriteOrAfterItAsTheOrderSaysAndReports) {
  for (const Order order : {Order::before, Order::after, Order::around}) {
    gate_ = Gate();
    cache().put("before", 1, {.tags = {"t"}});
    WriteReport report;
    const auto written = write({.order = order, .report = &report});
    run();
    EXPECT_EQ(cache().contains("before"), order == Order::after);
    cache().put("during", 1, {.tags = {"t"}});
    gate_.open();
    run();
    EXPECT_TRUE(written->is_over);
    EXPECT_EQ(cache().contains("during"), order == Order::before);
    EXPECT_EQ(report.before.count, order == Order::after ? 0u : 1u);
    EXPECT_EQ(report.after.count, order == Order::before ? 0u : order == Order::after ? 2u : 1u);
    invalidator_->invalidate_tag("t");
  }
}

TEST_F(CoroMutateTest, OneThatIsDestroyedAfterAnOrderOfBeforeInvalidatesNoMore) {
  auto doomed = std::make_unique<asio::io_context>();
  write(*doomed, {.order = Order::before});
  run(*doomed);
  cache().put("k", 1, {.tags = {"t"}});
  doomed.reset();
  EXPECT_TRUE(cache().contains("k"));
}

TEST_F(CoroMutateTest, WrongTargetsThrowAtTheCallAndOneThatIsNeverAwaitedWritesNothing) {
  int writes = 0;
  const auto writer = [&]() -> asio::awaitable<void> {
    ++writes;
    co_return;
  };
  cache().put("k", 1, {.tags = {"t"}});
  const WriteTargets wrong{.keys = {{"k", "nowhere"}}, .tags = {"t"}};
  EXPECT_THROW(static_cast<void>(async_mutate(*invalidator_, wrong, writer)), UnknownNamespace);
  const WriteTargets right{.tags = {"t"}};
  { const auto never = async_mutate(*invalidator_, right, writer); }
  EXPECT_TRUE(cache().contains("k"));
  EXPECT_EQ(writes, 0);
}

TEST_F(CoroMutateTest, ATransactionThatIsOpenAtTheCallCollectsAndOneThatHasEndedMeanwhileDoesNot) {
  cache().put("k", 1, {.tags = {"t"}});
  {
    auto transaction = invalidator_->begin_transaction();
    const WriteTargets targets{.tags = {"t"}};
    const auto writer = [&]() -> asio::awaitable<void> {
      ++writes_;
      co_await gate_.wait();
    };
    asio::co_spawn(*io_, async_mutate(*invalidator_, targets, writer), asio::detached);
    std::thread([&] { run(); }).join();
    EXPECT_EQ(writes_, 1);
    std::thread([&] { EXPECT_TRUE(cache().contains("k")); }).join();
    transaction.rollback();
  }
  EXPECT_TRUE(cache().contains("k")) << "what was collected is dropped";
  gate_.open();
  run();
  EXPECT_FALSE(cache().contains("k")) << "the write has happened all the same";
}

TEST_F(CoroMutateTest, AWriteKeepsTheCacheThatIsDestroyedMeanwhile) {
  const auto profiles = cache();
  profiles.put("k", 1, {.tags = {"t"}});
  const auto written = write();
  run();
  profiles.put("k", 1, {.tags = {"t"}});
  invalidator_.reset();
  gate_.open();
  run();
  EXPECT_TRUE(written->is_over);
  EXPECT_FALSE(profiles.contains("k"));
}

}  // namespace
}  // namespace freshet::testing
