// Loads in the background that ask for what they load: the mistake is told and counted, the old value stays, and what the load took of
// the budget is given back. Refreshes, loads of what was expired, loads after an invalidation, loads ahead of their readers.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <map>
#include <optional>
#include <string>

#include "freshet/errors.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using Metric = std::uint64_t NamespaceStatistics::*;

/// A way to have a key loaded in the background. One load at once: a second one begins only when the first gave its place back.
struct Way {
  const char* name;
  const char* block;
  std::function<void(CacheInvalidator&, const Cache<int>&)> start;  // for key `a`, after 40 minutes
  bool has_old;
  Metric failures = nullptr;  // counted by themselves, beside load_failures
};

const Way kWays[] = {
    {"soft_refresh",
     "{strategy: [ttl, predictive], ttl: 24h, soft_ttl: 30m, predictive: {threshold: 60_000, "
     "max_refreshes_per_second: 1_000, max_refreshes_at_once: 1}}",
     [](CacheInvalidator&, const Cache<int>& view) { view.get("a"); }, true},
    {"recompute", "{ttl: 24h, recompute: {expired: true, max_at_once: 1}}",
     [](CacheInvalidator&, const Cache<int>& view) {
       view.invalidate("a", {.mode = Mode::expire});
     },
     true, &NamespaceStatistics::recompute_failures},
    {"rewarm_of_what_was_removed", "{ttl: 24h, recompute: {max_at_once: 1}}",
     [](CacheInvalidator&, const Cache<int>& view) {
       view.invalidate("a", {.rewarm = {.keys = {{"a", "p"}}}});
     },
     false, &NamespaceStatistics::rewarm_failures},
    {"rewarm_of_what_was_expired", "{ttl: 24h, soft_ttl: 23h, recompute: {max_at_once: 1}}",
     [](CacheInvalidator&, const Cache<int>& view) {
       view.invalidate("a", {.mode = Mode::expire, .rewarm = {.keys = {{"a", "p"}}}});
     },
     true, &NamespaceStatistics::rewarm_failures},
    {"warm", "{ttl: 24h, recompute: {max_at_once: 1}}",
     [](CacheInvalidator& invalidator, const Cache<int>& view) {
       view.invalidate("a");
       invalidator.warm({{"a", "p"}});
     },
     false, &NamespaceStatistics::warm_failures},
};

class BackgroundRecursionTest : public CacheFixture, public ::testing::WithParamInterface<Way> {
 protected:
  void open() {
    use("freshet: 1\nnamespaces:\n  p: " + std::string(GetParam().block) +
        "\nanalytics: {sample_one_in: 1}\n");
    view_.emplace(invalidator_->cache<int>("p"));
    view_->bind_loader([this](std::string_view key) { return load(std::string(key)); });
    for (const char* key : {"a", "b"}) view_->put(key, 1);
    clock_->advance(40min);
  }
  /// Asks for the key that asks_ names, past what is cached; otherwise makes 2.
  int load(const std::string& key) {
    ++loads_;
    const auto next = asks_.find(key);
    if (next == asks_.end()) return 2;
    try {
      const std::string other = next->second;
      return *view_->get_or_load(other, [this, other] { return load(other); },
                                 {.skip = {.read_l1 = true}});
    } catch (const RecursiveLoad&) {
      ++recursions_;
      throw;
    }
  }
  void start() {
    GetParam().start(*invalidator_, *view_);
    tick_through(200ms);
  }
  void expect_failed_and_over(std::uint64_t loaders) {
    EXPECT_EQ(recursions_, loaders) << "each on its way out";
    EXPECT_EQ(loads_, loaders);
    EXPECT_EQ(total(&NamespaceStatistics::load_failures), loaders);
    if (GetParam().failures != nullptr) {
      EXPECT_EQ(total(GetParam().failures), 1u);
    }
    EXPECT_EQ(log_->count("a refresh of \"a\" in \"p\" failed"), 1u);
    const Handle<int> there = view_->get("a");
    EXPECT_EQ(there ? *there : 0, GetParam().has_old ? 1 : 0) << "as it was";
  }
  /// The place in the budget is free, and the entry may be loaded again.
  void expect_works_again() {
    asks_.clear();
    tick_through(11s);  // what failed is tried again after a pause
    start();
    ASSERT_TRUE(view_->get("a"));
    EXPECT_EQ(*view_->get("a"), 2);
    EXPECT_FALSE(view_->get("a").stale());
  }

  std::optional<Cache<int>> view_;
  std::map<std::string, std::string> asks_;
  std::uint64_t loads_ = 0;
  std::uint64_t recursions_ = 0;
};

TEST_P(BackgroundRecursionTest, ALoaderThatAsksForItsOwnKeyFails) {
  open();
  asks_ = {{"a", "a"}};
  start();
  expect_failed_and_over(1);
  expect_works_again();
}

TEST_P(BackgroundRecursionTest, LoadersThatAskForEachOthersKeysFail) {
  open();
  asks_ = {{"a", "b"}, {"b", "a"}};
  start();
  expect_failed_and_over(2);
  expect_works_again();
}

// What may be served to anybody may be served to its own loader; but nothing that is made of it is kept.
TEST_P(BackgroundRecursionTest, ALoaderThatReadsItsOwnKeyIsGivenTheOldValueIfThatIsServed) {
  open();
  int inner = 0;
  view_->bind_loader([&](std::string_view key) {
    const Handle<int> old = view_->get_or_load(key, [&] { return ++inner; });
    EXPECT_TRUE(old.stale());
    return *old + 10;
  });
  start();
  EXPECT_EQ(inner, 0);
  if (GetParam().has_old) {
    EXPECT_EQ(*view_->get("a"), 1);
    EXPECT_GE(total(&NamespaceStatistics::not_kept_stale), 1u);
    EXPECT_EQ(total(&NamespaceStatistics::load_failures), 0u);
  } else {
    EXPECT_FALSE(view_->get("a"));
    EXPECT_EQ(total(&NamespaceStatistics::load_failures), 1u) << "RecursiveLoad";
  }
  view_->bind_loader([this](std::string_view key) { return load(std::string(key)); });
  expect_works_again();
}

INSTANTIATE_TEST_SUITE_P(Ways, BackgroundRecursionTest, ::testing::ValuesIn(kWays),
                         [](const auto& one) { return one.param.name; });

class BackgroundCircleTest : public ::testing::Test {};

// Two refreshes that run at once, each of which waits for the other's key.
TEST_F(BackgroundCircleTest, TwoThreadsThatLoadForEachOtherAreNotStranded) {
  Components components;
  components.executor = make_thread_pool_executor(3);
  components.logger = std::make_shared<LogRecorder>();
  CacheInvalidator invalidator = CacheInvalidator::from_yaml(R"(
freshet: 1
namespaces:
  p: {ttl: 24h, recompute: {max_at_once: 2}}
)",
                                                             components);
  const auto view = invalidator.cache<int>("p");
  std::latch both_lead(2);
  std::atomic<int> recursions{0};
  view.bind_loader([&](std::string_view key) {
    both_lead.arrive_and_wait();
    try {
      return *view.get_or_load(key == "a" ? "b" : "a", [] { return 1; });
    } catch (const RecursiveLoad&) {
      ++recursions;
      throw;
    }
  });
  invalidator.warm({{"a", "p"}, {"b", "p"}});
  both_lead.wait();
  const CloseReport left = invalidator.close({.wait = Duration::max()});
  EXPECT_GE(recursions, 1) << "who closes the circle is told, and whoever waits for it with it";
  EXPECT_EQ(left.loads, 0u);
  EXPECT_EQ(left.tasks, 0u);
  EXPECT_EQ(invalidator.warming().under_way, 0u);
  EXPECT_GE(invalidator.stats().total.warm_failures, 1u);
}

}  // namespace
}  // namespace freshet::testing
