// G6: no value loaded before or during `mutate` is kept and served after its end, by return or by exception; for whatever can be
// invalidated, and the same around the commit of a transaction.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

struct Stale {
  const char* name;
  WriteTargets targets;
};

const std::vector<Stale>& everything() {
  static const std::vector<Stale> all = {
      {"key", {.keys = {{"a:1", "p"}}}},
      {"tag", {.tags = {"t"}}},
      {"namespace", {.namespaces = {"p"}}},
      {"dependents", {.dependents = {"r"}}},
      {"version", {.versions = {{"dep", "v2"}}}},
      {"new version", {.versions = {{"current"}}}},
      {"prefix", {.targets = {Target::prefix("a", "p")}}},
      {"pattern", {.targets = {Target::matching("a:*", "p")}}},
      {"all of", {.targets = {Target::all_of({"t", "u"})}}},
      {"tag in", {.targets = {Target::tag_in("t", "p")}}},
      {"policy version", {.targets = {Target::policy_version("p", "n2")}}},
      {"all", {.targets = {Target::all()}}},
  };
  return all;
}

class WriteWindowTest : public CacheFixture {
 protected:
  /// A cache in which the version of `dep` is about to become v2, which what is read announces already.
  void start() {
    use("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n");
    origin_ = 1;
  }
  int read() {
    const EntryOptions labels{
        .tags = {"t", "u"}, .depends_on = {"r"}, .versions = {{"dep", "v2"}, {"current"}}};
    return *invalidator_->cache<int>("p").get_or_load(
        "a:1", [this] { return origin_.load(); }, labels);
  }
  int read_elsewhere() {
    return std::async(std::launch::async, [this] { return read(); }).get();
  }
  /// Runs `write` inside the window; `throws`: at the end of it.
  void window(const WriteTargets& targets, Order order, bool throws,
              const std::function<void()>& write) {
    const auto whole = [&] {
      write();
      if (throws) throw std::runtime_error("connection lost");
    };
    if (throws) {
      EXPECT_THROW(invalidator_->mutate(targets, whole, {.order = order}), std::runtime_error);
    } else {
      invalidator_->mutate(targets, whole, {.order = order});
    }
  }
  /// For all targets, orders that end with an invalidation, and ends.
  void for_all(const std::function<void(const std::function<void(std::function<void()>)>&)>& test) {
    for (const Stale& stale : everything()) {
      for (const Order order : {Order::around, Order::after}) {
        for (const bool throws : {false, true}) {
          SCOPED_TRACE(::testing::Message()
                       << stale.name << ", order " << int(order) << (throws ? ", throws" : ""));
          start();
          test([&](const std::function<void()>& write) {
            window(stale.targets, order, throws, write);
          });
        }
      }
    }
  }

  std::atomic<int> origin_{1};
};

TEST_F(WriteWindowTest, AValueCachedBeforeTheWriteIsNotServedAfterIt) {
  for_all([&](const auto& window) {
    read();
    window([&] { origin_ = 2; });
    EXPECT_EQ(read(), 2);
  });
}

TEST_F(WriteWindowTest, ALoadThatBeganBeforeTheWriteAndEndsDuringItIsNotServedAfterIt) {
  for_all([&](const auto& window) {
    PausePoint pause("load_done_before_fill", [&] { window([&] { origin_ = 2; }); });
    EXPECT_EQ(read(), 1);
    EXPECT_TRUE(pause.reached());
    EXPECT_EQ(read(), 2);
  });
}

TEST_F(WriteWindowTest, ALoadWithinTheWriteIsNotServedAfterIt) {
  for_all([&](const auto& window) {
    window([&] {
      EXPECT_EQ(read_elsewhere(), 1);
      origin_ = 2;
    });
    EXPECT_EQ(read(), 2);
  });
}

// It has read the old value when the write ends, and stores it only then.
TEST_F(WriteWindowTest, ALoadThatBeganDuringTheWriteAndEndsAfterItIsNotServed) {
  for_all([&](const auto& window) {
    std::promise<void> loaded, written;
    PausePoint pause("load_done_before_fill", [&] {
      loaded.set_value();
      written.get_future().wait();
    });
    std::thread reader;
    window([&] {
      reader = std::thread([&] { EXPECT_EQ(read(), 1); });
      loaded.get_future().wait();
      origin_ = 2;
    });
    written.set_value();
    reader.join();
    EXPECT_EQ(read(), 2);
  });
}

TEST_F(WriteWindowTest, NothingFromBeforeIsServedWhileTheWriteRuns) {
  for (const Stale& stale : everything()) {
    if (stale.name == std::string_view("version"))
      continue;  // what announces the hash to come stays
    SCOPED_TRACE(stale.name);
    start();
    read();
    invalidator_->mutate(stale.targets, [&] {
      origin_ = 2;
      EXPECT_EQ(read_elsewhere(), 2);
    });
  }
}

TEST_F(WriteWindowTest, OfATransactionItIsTheTimeFromTheCommitsBeginToItsEnd) {
  for (const Stale& stale : everything()) {
    for (const bool throws : {false, true}) {
      SCOPED_TRACE(::testing::Message() << stale.name << (throws ? ", throws" : ""));
      start();
      std::promise<void> loaded, written;
      PausePoint pause("load_done_before_fill", [&] {
        loaded.set_value();
        written.get_future().wait();
      });
      std::thread reader;
      auto transaction = invalidator_->begin_transaction();
      invalidator_->mutate(stale.targets, [] {});  // collected
      const auto commit = [&] {
        reader = std::thread([&] { EXPECT_EQ(read(), 1); });
        loaded.get_future().wait();
        origin_ = 2;
        if (throws) throw std::runtime_error("connection lost");
      };
      if (throws) {
        EXPECT_THROW(transaction.commit(commit), std::runtime_error);
      } else {
        transaction.commit(commit);
      }
      written.set_value();
      reader.join();
      EXPECT_EQ(read_elsewhere(), 2);
    }
  }
}

}  // namespace
}  // namespace freshet::testing
