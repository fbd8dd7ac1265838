// Values, loaders and predicates whose own end calls the cache: no lock of ours is held then, whichever way they go.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

/// What values call when they go.
struct Callback {
  std::function<void()> call;
  int gone = 0;
  void run() {
    ++gone;
    if (call) call();
  }
};

/// Calls back when it goes, unless it was moved from or has nobody to call.
class Calling {
 public:
  Calling() = default;
  explicit Calling(std::shared_ptr<Callback> callback) : callback_(std::move(callback)) {}
  Calling(Calling&&) noexcept = default;
  Calling& operator=(Calling&&) = delete;
  ~Calling() {
    if (callback_) callback_->run();
  }

 private:
  std::shared_ptr<Callback> callback_;
};

constexpr int kMany = 3 * static_cast<int>(detail::rt::kRetiredAtOnce);

class ValueDestructorTest : public CacheFixture {
 protected:
  ValueDestructorTest() { open(); }
  void TearDown() override {
    callback_->call = nullptr;  // what is still cached goes after the views
    CacheFixture::TearDown();
  }

  void open() {
    callback_->call = nullptr;
    use(R"(
freshet: 1
namespaces:
  p: {strategy: manual, capacity: {entries: 4_000}}
  small: {strategy: manual, capacity: {entries: 10}}
  timed: {ttl: 1m, capacity: {entries: 4_000}}
)");
    view_.emplace(invalidator_->cache<Calling>("p"));  // the one before goes, and its cache
    callback_->gone = 0;
    callback_->call = [this] { call_everything(*view_); };
  }
  /// What each value does when it goes: it takes the lock of the shard that it was in, that of its flight, those of freshness.
  void call_everything(const Cache<Calling>& view) {
    const std::string key = "own" + std::to_string(callback_->gone % 7);
    view.get("k");
    view.put(key, Calling(), {.tags = {"t"}});
    view.get_or_load(key + "loaded", [] { return Calling(); });
    view.invalidate(key);
    invalidator_->invalidate_tag("t");
  }
  Calling calling() const { return Calling(callback_); }
  static std::string tagged(const std::string& tag) {
    return "freshet: 1\nnamespaces:\n  r: {ttl: 1m, tags: [" + tag + "]}\n";
  }
  /// A cache of that policy, full of values whose time is over, which nobody has swept.
  Cache<Calling> fill_with_dead(const std::string& tag) {
    use(tagged(tag));
    Cache<Calling> view = invalidator_->cache<Calling>("r");
    for (int i = 0; i < kMany; ++i) view.put(key(i), calling());
    clock_->advance(2min);
    callback_->gone = 0;
    return view;
  }
  static std::string key(int i) { return "k" + std::to_string(i); }

  const std::shared_ptr<Callback> callback_ = std::make_shared<Callback>();
  std::optional<Cache<Calling>> view_;
};

TEST_F(ValueDestructorTest, AValueThatIsReplacedMayCallTheCacheWhenItGoes) {
  for (int i = 0; i < kMany; ++i) view_->put("k", calling());
  EXPECT_GT(callback_->gone, 0) << "a batch of them goes within a put";
  invalidator_->settle();
  EXPECT_EQ(callback_->gone, kMany - 1);
  EXPECT_TRUE(view_->contains("k"));
}

TEST_F(ValueDestructorTest, SoMayOneThatIsRemoved) {
  for (int i = 0; i < kMany; ++i) view_->put(key(i), calling(), {.tags = {"all"}});
  for (int i = 0; i < kMany / 2; ++i) view_->invalidate(key(i));
  EXPECT_GT(callback_->gone, 0);
  invalidator_->invalidate_tag("all");
  for (int i = 0; i < kMany; ++i) EXPECT_FALSE(view_->get(key(i))) << "a reader takes it out";
  invalidator_->settle();
  EXPECT_EQ(callback_->gone, kMany);
}

TEST_F(ValueDestructorTest, SoMayOneThatIsEvicted) {
  const auto small = invalidator_->cache<Calling>("small");
  callback_->call = [&] { call_everything(small); };
  for (int i = 0; i < kMany; ++i) small.put(key(i), calling());
  EXPECT_GT(callback_->gone, 0);
  invalidator_->settle();
  EXPECT_GE(callback_->gone, kMany - 10);
  EXPECT_LE(total(&NamespaceStatistics::entries), 10u);
}

TEST_F(ValueDestructorTest, SoMayOneThatExpiresAndIsSwept) {
  const auto timed = invalidator_->cache<Calling>("timed");
  callback_->call = [&] { call_everything(timed); };
  for (int i = 0; i < kMany; ++i) timed.put(key(i), calling());
  pass(2min);
  EXPECT_EQ(callback_->gone, kMany);
  EXPECT_EQ(total(&NamespaceStatistics::swept_expired), static_cast<std::uint64_t>(kMany));
}

TEST_F(ValueDestructorTest, SoMayOneThatIsAnsweredAndNotKept) {
  {
    const auto handle = view_->get_or_load("k", [&] {
      view_->invalidate("k");
      return calling();
    });
    EXPECT_TRUE(handle);
    EXPECT_EQ(total(&NamespaceStatistics::refused_key_changed), 1u);
    EXPECT_EQ(callback_->gone, 0);
  }
  EXPECT_EQ(callback_->gone, 1) << "with the handle";
  const Lease lease = view_->lease("k");
  view_->invalidate("k");
  EXPECT_EQ(view_->put("k", calling(), lease), StoreOutcome::refused_key_changed);
  EXPECT_EQ(callback_->gone, 2) << "with the put";
}

TEST_F(ValueDestructorTest, AsManyAsWaitForSettleMayGoThere) {
  for (int i = 0; i < 100; ++i) view_->put(key(i), calling(), {.tags = {"all"}});
  callback_->gone = 0;
  invalidator_->invalidate_tag("all");
  invalidator_->settle();
  EXPECT_EQ(callback_->gone, 100);
}

// Found by review: a table that had been moved was let go under the lock of its shard, and took along what had waited beside it.
TEST_F(ValueDestructorTest, ATableThatGrowsWhileABatchIsFullLetsNobodyGoUnderItsLock) {
  for (int before = 0; before <= static_cast<int>(detail::rt::kRetiredAtOnce); ++before) {
    open();
    for (int i = 0; i <= before; ++i) view_->put("k", calling());
    for (int i = 0; i < 100; ++i) view_->put(key(i), Calling());  // nothing leaves but tables
    invalidator_->settle();
    ASSERT_EQ(callback_->gone, before);
  }
}

TEST_F(ValueDestructorTest, ATableThatShrinksDoesNotEither) {
  for (int i = 0; i < 1'000; ++i) view_->put(key(i), calling());
  for (int i = 0; i < 1'000; ++i) view_->invalidate(key(i));
  invalidator_->settle();
  EXPECT_EQ(callback_->gone, 1'000);
}

TEST_F(ValueDestructorTest, WhatIsCachedAtTheEndMayCallTheClosedCache) {
  for (int i = 0; i < kMany + 10; ++i) view_->put(key(i), calling());
  invalidator_->close();
  EXPECT_EQ(callback_->gone, kMany + 10) << "all of it has gone when close() returns";
  EXPECT_EQ(total(&NamespaceStatistics::entries), 0u);
}

// Found by review: a reload that relabels sweeps, to count what it expires, and did so under the lock that a reload takes.
TEST_F(ValueDestructorTest, OneThatAReloadSweepsMayReload) {
  const Cache<Calling> view = fill_with_dead("first");
  callback_->call = [&] {
    if (callback_->gone == 1) invalidator_->reload_yaml(tagged("third"));
  };
  invalidator_->reload_yaml(tagged("second"));
  EXPECT_EQ(callback_->gone, kMany);
  EXPECT_EQ(invalidator_->stats().total.reloads, 2u);
  view.put("k", Calling());
  EXPECT_EQ(invalidator_->invalidate_tag("second").count, 0u);
  EXPECT_EQ(invalidator_->invalidate_tag("third").count, 1u) << "the inner one came last";
}

TEST_F(ValueDestructorTest, OrClose) {
  const Cache<Calling> view = fill_with_dead("first");
  callback_->call = [&] {
    if (callback_->gone == 1) invalidator_->close();
  };
  invalidator_->reload_yaml(tagged("second"));
  EXPECT_EQ(callback_->gone, kMany);
  EXPECT_EQ(view.put("k", Calling()), StoreOutcome::closed);
}

TEST_F(ValueDestructorTest, TheLastHandleMayGoOnAnotherThreadAndWithIt) {
  view_->put("a", calling());
  view_->put("b", calling());
  Handle<Calling> a = view_->get("a");
  Handle<Calling> b = view_->get("b");
  view_->invalidate("a");
  view_->invalidate("b");
  invalidator_->settle();
  EXPECT_EQ(callback_->gone, 0);
  std::thread([&] {
    static thread_local Handle<Calling> goes_with_the_thread;
    goes_with_the_thread = std::move(b);
    EXPECT_TRUE(goes_with_the_thread);
    a = {};
    EXPECT_EQ(callback_->gone, 1);
  }).join();
  EXPECT_EQ(callback_->gone, 2) << "when the thread was ending";
}

TEST_F(ValueDestructorTest, ADeleterIsAsGoodAsADestructor) {
  using Shared = std::shared_ptr<const int>;
  use("freshet: 1\nnamespaces:\n  shared: {strategy: manual}\n");
  const auto shared = invalidator_->cache<Shared>("shared");
  int gone = 0;
  const auto delete_and_call = [&](const int* value) {
    delete value;
    ++gone;
    shared.get("k");
    shared.put("left", nullptr);
    shared.invalidate("left");
  };
  for (int i = 0; i < kMany; ++i) shared.put("k", Shared(new int(i), delete_and_call));
  EXPECT_GT(gone, 0);
  shared.invalidate("k");
  invalidator_->settle();
  EXPECT_EQ(gone, kMany);
}

TEST_F(ValueDestructorTest, ALoaderMayCallTheCacheWhenAnotherIsBound) {
  const auto bind = [&](const std::shared_ptr<Calling>& state) {
    view_->bind_loader([state](std::string_view) { return Calling(); });
  };
  bind(std::make_shared<Calling>(callback_));
  EXPECT_EQ(callback_->gone, 0);
  bind(std::make_shared<Calling>(callback_));
  EXPECT_EQ(callback_->gone, 1);
  invalidator_->close();
  EXPECT_EQ(callback_->gone, 2);
}

TEST_F(ValueDestructorTest, APredicateMayToo) {
  const auto ask = [&](const std::shared_ptr<Calling>& state) {
    view_->cacheable_if([state](const Calling&) { return true; });
  };
  ask(std::make_shared<Calling>(callback_));
  ask(std::make_shared<Calling>(callback_));
  EXPECT_EQ(callback_->gone, 1);
  invalidator_->close();
  EXPECT_EQ(callback_->gone, 2);
}

TEST_F(ValueDestructorTest, AndWhatBindsAnotherInItsTurn) {
  const auto state = [&] { return std::make_shared<Calling>(callback_); };
  callback_->call = [&] {
    if (callback_->gone > 1) return;
    view_->bind_loader([](std::string_view) { return Calling(); });
    view_->cacheable_if([](const Calling&) { return true; });
  };
  view_->bind_loader([kept = state()](std::string_view) { return Calling(); });
  view_->cacheable_if([kept = state()](const Calling&) { return true; });
  view_->bind_loader([](std::string_view) { return Calling(); });
  EXPECT_EQ(callback_->gone, 2) << "the predicate went because the loader did";
}

}  // namespace
}  // namespace freshet::testing
