// Who is told of what leaves: causes, values, isolation, and that no removal is lost.
#include "cache/removal_listeners.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RemovalListenersTest : public CacheFixture {
 protected:
  RemovalListenersTest() {
    use(R"(
freshet: 1
namespaces:
  texts: {ttl: 1h, capacity: {entries: 4}, eviction: lru}
  others: {ttl: 1h}
  many: {strategy: manual, capacity: {entries: 40_000}}
)");
  }
  Cache<std::string> texts() { return invalidator_->cache<std::string>("texts"); }
  Connection hear(const Cache<std::string>& cache) {
    return cache.on_removal(
        [this](std::string_view key, const std::string& value, RemovalCause cause) {
          heard_.push_back(std::string(key) + '=' + value + ' ' + name(cause));
        });
  }
  static std::string name(RemovalCause cause) {
    switch (cause) {
      case RemovalCause::explicit_:
        return "explicit";
      case RemovalCause::replaced:
        return "replaced";
      case RemovalCause::expired:
        return "expired";
      case RemovalCause::capacity:
        return "capacity";
      case RemovalCause::label:
        return "label";
      case RemovalCause::ban:
        return "ban";
    }
    return "?";
  }
  std::vector<std::string> take() {
    executor_->run_ready();
    return std::exchange(heard_, {});
  }

  std::vector<std::string> heard_;
};

TEST_F(RemovalListenersTest, EachCauseIsToldWithTheValueThatLeft) {
  const auto cache = texts();
  const Connection connection = hear(cache);
  cache.put("a", "1");
  cache.put("a", "2");
  cache.invalidate("a");
  EXPECT_THAT(take(), ElementsAre("a=1 replaced", "a=2 explicit"));
  for (const char* key : {"b", "c", "d", "e", "f"}) cache.put(key, "v");
  EXPECT_THAT(take(), ElementsAre("b=v capacity"));
  invalidator_->invalidate_matching("c*", "texts");
  cache.get("c");
  EXPECT_THAT(take(), ElementsAre("c=v ban"));
  invalidator_->invalidate_namespace("texts");
  cache.get("d");
  EXPECT_THAT(take(), ElementsAre("d=v label"));
  invalidator_->settle();
  take();
  cache.put("g", "v");
  clock_->advance(1h);
  cache.get("g");
  EXPECT_THAT(take(), ElementsAre("g=v expired"));
}

TEST_F(RemovalListenersTest, NobodyIsToldOnTheRemovingThread) {
  const auto cache = texts();
  const Connection connection = hear(cache);
  cache.put("a", "1");
  cache.invalidate("a");
  EXPECT_THAT(heard_, IsEmpty());
  EXPECT_THAT(take(), ElementsAre("a=1 explicit"));
}

TEST_F(RemovalListenersTest, AListenerHearsItsNamespaceAndItsScopeAlone) {
  const auto cache = texts();
  const auto session = cache.scoped("session-9");
  const Connection connection = hear(session);
  invalidator_->cache<std::string>("others").put("session-9:a", "x");
  invalidator_->invalidate("session-9:a", "others");
  for (const char* key : {"a", "session-8:a"}) {
    cache.put(key, "x");
    cache.invalidate(key);
  }
  session.put("a", "mine");
  session.invalidate("a");
  EXPECT_THAT(take(), ElementsAre("a=mine explicit"));
}

TEST_F(RemovalListenersTest, AListenerMayCallTheCache) {
  const auto cache = texts();
  const Connection again =
      cache.on_removal([cache](std::string_view key, const std::string& value, RemovalCause cause) {
        if (cause == RemovalCause::explicit_) cache.put(std::string(key) + "'", value);
      });
  cache.put("a", "1");
  cache.invalidate("a");
  executor_->run_ready();
  EXPECT_EQ(*cache.get("a'"), "1");
}

TEST_F(RemovalListenersTest, OneThatThrowsIsCountedAndTheOthersAreTold) {
  const auto cache = texts();
  const Connection bad = cache.on_removal([](std::string_view, const std::string&, RemovalCause) {
    throw std::runtime_error("the audit log is full");
  });
  const Connection worse =
      cache.on_removal([](std::string_view, const std::string&, RemovalCause) { throw 7; });
  const Connection good = hear(cache);
  cache.put("a", "1");
  cache.invalidate("a");
  EXPECT_THAT(take(), ElementsAre("a=1 explicit"));
  EXPECT_EQ(invalidator_->stats().total.handler_failures, 2u);
}

TEST_F(RemovalListenersTest, AListenerOutlivesItsView) {
  Connection connection;
  {
    const auto cache = texts();
    connection = hear(cache);
  }
  texts().put("a", "1");
  texts().invalidate("a");
  EXPECT_THAT(take(), ElementsAre("a=1 explicit"));
}

TEST_F(RemovalListenersTest, NoCallBeginsOnceTheConnectionIsGone) {
  const auto cache = texts();
  Connection connection = hear(cache);
  cache.put("a", "1");
  cache.invalidate("a");
  connection.disconnect();  // while the call waits
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_FALSE(connection.connected());
}

TEST_F(RemovalListenersTest, WhoListensLaterIsNotToldOfEarlierRemovals) {
  const auto cache = texts();
  const Connection first = hear(cache);
  cache.put("a", "1");
  cache.invalidate("a");
  const Connection late = cache.on_removal(
      [this](std::string_view, const std::string&, RemovalCause) { heard_.push_back("late"); });
  EXPECT_THAT(take(), ElementsAre("a=1 explicit"));
}

TEST_F(RemovalListenersTest, NoneIsLostWhenTheQueueIsFull) {
  const auto cache = invalidator_->cache<std::string>("many");
  std::size_t told = 0;
  const Connection connection =
      cache.on_removal([&told](std::string_view, const std::string&, RemovalCause) { ++told; });
  constexpr std::size_t kEntries = detail::RemovalListeners::kMaxWaiting + 50;
  for (std::size_t i = 0; i < kEntries; ++i) cache.put(std::to_string(i), "v");
  for (std::size_t i = 0; i < kEntries; ++i) cache.invalidate(std::to_string(i));
  EXPECT_EQ(told, 50u);  // in place, by the thread that removed them
  executor_->run_ready();
  EXPECT_EQ(told, kEntries);
}

TEST_F(RemovalListenersTest, WhatAListenerInPlaceRemovesIsToldAfterItHasReturned) {
  const auto cache = invalidator_->cache<std::string>("many");
  for (std::size_t i = 0; i < detail::RemovalListeners::kMaxWaiting; ++i) {
    cache.put(std::to_string(i), "v");
  }
  std::vector<std::string> order;
  const Connection connection =
      cache.on_removal([&](std::string_view key, const std::string&, RemovalCause) {
        if (key != "first" && key != "second") return;
        order.push_back("begin " + std::string(key));
        if (key == "first") cache.invalidate("second");
        order.push_back("end " + std::string(key));
      });
  for (std::size_t i = 0; i < detail::RemovalListeners::kMaxWaiting; ++i) {
    cache.invalidate(std::to_string(i));
  }
  cache.put("first", "v");
  cache.put("second", "v");
  cache.invalidate("first");
  EXPECT_THAT(order, ElementsAre("begin first", "end first", "begin second", "end second"));
}

TEST_F(RemovalListenersTest, WhatWaitsIsToldWhenTheCacheGoes) {
  const Connection connection = hear(texts());
  texts().put("a", "1");
  texts().invalidate("a");
  texts().put("b", "2");
  invalidator_.reset();
  EXPECT_THAT(heard_, ElementsAre("a=1 explicit", "b=2 explicit"));
}

TEST_F(RemovalListenersTest, AHandleKeepsReadingWhatALoadRacesOut) {
  const auto cache = texts();
  const Connection connection = hear(cache);
  const auto handle = cache.get_or_load("a", [] { return std::string("kept"); });
  cache.invalidate("a");
  EXPECT_THAT(take(), ElementsAre("a=kept explicit"));
  EXPECT_EQ(*handle, "kept");
}

}  // namespace
}  // namespace freshet::testing
