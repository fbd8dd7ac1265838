// Rewarm: what an invalidation makes stale, or names, is loaded again in the background right afterwards.
#include <gmock/gmock.h>

#include <algorithm>

#include "freshet/errors.hpp"
#include "support/cache_fixture.hpp"
#include "support/engine_access.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class RewarmTest : public CacheFixture {
 protected:
  void policy(const std::string& block = "ttl: 24h", const std::string& more = "") {
    use("freshet: 1\nnamespaces:\n  p: {" + block + "}\n  q: {ttl: 24h}\n" +
        "analytics: {sample_one_in: 1}\n" + more);
    view_.emplace(invalidator_->cache<int>("p"));
  }
  void bind() {
    view_->bind_loader([this](std::string_view key) {
      times_.push_back(clock_->now());
      loaded_.emplace_back(key);
      if (fails_) throw std::runtime_error("the origin is away");
      return ++value_;
    });
  }
  /// Keys k0 to k9, each read so often that k0 is the hottest.
  void fill() {
    for (int i = 0; i < 10; ++i) {
      const std::string key = "k" + std::to_string(i);
      view_->put(key, 0, {.tags = {i % 2 == 0 ? "even" : "odd", "all"}});
      for (int read = 0; read < 20 - i; ++read) view_->get(key);
    }
  }
  std::vector<std::string> loaded() { return std::exchange(loaded_, {}); }

  std::optional<Cache<int>> view_;
  std::vector<std::string> loaded_;
  std::vector<Instant> times_;
  bool fails_ = false;
  int value_ = 0;
};

TEST_F(RewarmTest, OfTheHottestKeysThoseThatTheCallHitsAreLoadedAgainTheHottestFirst) {
  policy();
  bind();
  fill();
  EXPECT_EQ(invalidator_->invalidate_tag("even", {.rewarm = {.hot = 5}}).count, 5u);
  EXPECT_FALSE(view_->contains("k0")) << "removed: not served until it has been loaded";
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("k0", "k2", "k4"));
  EXPECT_TRUE(view_->contains("k0"));
  EXPECT_FALSE(view_->contains("k6"));
  EXPECT_EQ(total(&NamespaceStatistics::rewarms), 3u);
}

TEST_F(RewarmTest, NamedKeysAreLoadedWhetherTheyWereHitOrNot) {
  policy();
  bind();
  fill();
  invalidator_->invalidate("k1", "p",
                           {.rewarm = {.keys = {{"k1", "p"}, {"new", "p"}, {"k2", "p"}}}});
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("k1", "new")) << "k2 is fresh";
}

TEST_F(RewarmTest, ALoadThatARewarmStartsIsBornAfterTheInvalidation) {
  policy();
  std::vector<std::string> tags;
  int source = 1;
  view_->bind_loader([&](std::string_view) { return source; });
  view_->put("k", 1, {.tags = {"t"}});
  view_->get("k");
  source = 2;
  invalidator_->invalidate_tag("t", {.rewarm = {.hot = 1}});
  tick_through(100ms);
  const auto value = view_->get("k");
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, 2);
}

TEST_F(RewarmTest, AnInvalidationWhileItLoadsRefusesWhatItMakes) {
  policy();
  int loads = 0;
  view_->bind_loader([&](std::string_view) {
    if (++loads == 1) invalidator_->invalidate("k", "p");
    return loads;
  });
  invalidator_->invalidate("k", "p", {.rewarm = {.keys = {{"k", "p"}}}});
  tick_through(100ms);
  EXPECT_EQ(loads, 1);
  EXPECT_FALSE(view_->get("k"));
}

TEST_F(RewarmTest, EveryKindOfInvalidationTakesIt) {
  policy("ttl: 24h, soft_ttl: 23h");
  bind();
  const InvalidateOptions rewarm{.rewarm = {.hot = 1}};
  const std::vector<std::function<void(CacheInvalidator&)>> calls{
      [&](auto& c) { c.invalidate("k0", "p", rewarm); },
      [&](auto& c) { c.invalidate_tag("all", rewarm); },
      [&](auto& c) { c.invalidate_namespace("p", rewarm); },
      [&](auto& c) { c.invalidate_all(rewarm); },
      [&](auto& c) {
        c.invalidate_all_of({"all", "even"}, rewarm);
      },
      [&](auto& c) { c.invalidate_prefix("k0", "p", rewarm); },
      [&](auto& c) { c.invalidate_matching("k*", "p", rewarm); },
      [&](auto& c) {
        c.invalidate_if(
            "p", [](const auto&) { return true; }, rewarm);
      },
      [&](auto& c) { c.invalidate_tag("all", {.mode = Mode::expire, .rewarm = {.hot = 1}}); },
  };
  for (std::size_t i = 0; i < calls.size(); ++i) {
    fill();
    tick_through(1s);
    loaded();
    calls[i](*invalidator_);
    tick_through(100ms);
    EXPECT_THAT(loaded(), ElementsAre("k0")) << "call " << i;
    EXPECT_EQ(view_->get("k0").staleness(), Staleness::fresh) << "call " << i;
  }
}

TEST_F(RewarmTest, ADryRunLoadsNothing) {
  policy();
  bind();
  fill();
  invalidator_->invalidate_tag("all",
                               {.dry_run = true, .rewarm = {.hot = 3, .keys = {{"new", "p"}}}});
  tick_through(1s);
  EXPECT_THAT(loaded(), IsEmpty());
}

TEST_F(RewarmTest, ABadNameIsRefusedBeforeAnythingHasHappened) {
  policy();
  fill();
  EXPECT_THROW(invalidator_->invalidate_tag("all", {.rewarm = {.keys = {{"", "p"}}}}), InvalidName);
  EXPECT_THROW(invalidator_->invalidate_if("p", [](const auto&) { return true; },
                                           {.rewarm = {.keys = {{"k", "none"}}}}),
               UnknownNamespace);
  EXPECT_TRUE(view_->contains("k0"));
}

TEST_F(RewarmTest, TheBudgetOfTheBlockHolds) {
  policy("ttl: 24h, recompute: {max_per_second: 5}");
  bind();
  fill();
  invalidator_->invalidate_tag("all", {.rewarm = {.hot = 10}});
  tick_through(900ms);
  EXPECT_EQ(loaded().size(), 5u);
  tick_through(2s);
  EXPECT_EQ(loaded().size(), 5u);
  for (std::size_t i = 5; i < times_.size(); ++i) EXPECT_GE(times_[i] - times_[i - 5], 1s);
}

TEST_F(RewarmTest, AKeyThatAReaderLoadedMeanwhileIsLeftAlone) {
  policy();
  bind();
  fill();
  invalidator_->invalidate_tag("all", {.rewarm = {.hot = 2}});
  view_->get_or_load("k0", [] { return 7; });
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("k1"));
  EXPECT_EQ(*view_->get("k0"), 7);
}

TEST_F(RewarmTest, AKeyWaitsOnceHoweverOftenItIsInvalidated) {
  policy("ttl: 24h, recompute: {max_per_second: 1}");
  bind();
  fill();
  for (int i = 0; i < 50; ++i)
    invalidator_->invalidate("k0", "p", {.rewarm = {.keys = {{"k0", "p"}, {"k1", "p"}}}});
  EXPECT_EQ(total(&NamespaceStatistics::keys_waiting), 2u);
  tick_through(10s);
  EXPECT_THAT(loaded(), ElementsAre("k0"));
}

TEST_F(RewarmTest, WithoutALoaderTheKeysAreDroppedAndCounted) {
  policy();
  fill();
  invalidator_->invalidate_tag("all", {.rewarm = {.hot = 4}});
  tick_through(1s);
  EXPECT_EQ(total(&NamespaceStatistics::rewarms_dropped), 4u);
  EXPECT_EQ(total(&NamespaceStatistics::keys_waiting), 0u);
}

TEST_F(RewarmTest, TooManyThatWaitAreDroppedAndCounted) {
  policy();
  Rewarm rewarm;
  for (int i = 0; i < 10'001; ++i) rewarm.keys.push_back({"n" + std::to_string(i), "p"});
  invalidator_->invalidate_tag("all", {.rewarm = rewarm});
  EXPECT_EQ(total(&NamespaceStatistics::keys_waiting), 10'000u);
  EXPECT_EQ(total(&NamespaceStatistics::rewarms_dropped), 1u);
}

TEST_F(RewarmTest, ALoaderThatThrowsIsCountedAndNotTriedAgain) {
  policy();
  bind();
  fill();
  fails_ = true;
  invalidator_->invalidate_tag("all", {.rewarm = {.hot = 2}});
  tick_through(1min);
  EXPECT_THAT(loaded(), UnorderedElementsAre("k0", "k1"));
  EXPECT_EQ(total(&NamespaceStatistics::rewarms), 2u);
  EXPECT_EQ(total(&NamespaceStatistics::rewarm_failures), 2u);
  EXPECT_EQ(total(&NamespaceStatistics::load_failures), 2u);
}

TEST_F(RewarmTest, AHoldOffIsWaitedFor) {
  policy("ttl: 24h, hold_off: 5s");
  bind();
  fill();
  tick_through(10s);
  invalidator_->invalidate_tag("all", {.rewarm = {.hot = 1}});
  tick_through(4'900ms);
  EXPECT_THAT(loaded(), IsEmpty());
  tick_through(300ms);
  EXPECT_THAT(loaded(), ElementsAre("k0"));
  EXPECT_TRUE(view_->contains("k0"));
}

TEST_F(RewarmTest, InATransactionItHappensAfterTheCommit) {
  policy();
  bind();
  fill();
  {
    Transaction transaction = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("even", {.rewarm = {.hot = 3, .keys = {{"new", "p"}}}});
    invalidator_->invalidate_if("p",
                                [](const EntryDescription& entry) { return entry.key == "k1"; },
                                {.rewarm = {.hot = 2}});
    tick_through(1s);
    EXPECT_THAT(loaded(), IsEmpty());
    transaction.commit([] {});
  }
  tick_through(1s);
  EXPECT_THAT(loaded(), UnorderedElementsAre("k0", "k1", "k2", "new"));
  EXPECT_TRUE(view_->contains("k0"));
}

TEST_F(RewarmTest, ATransactionThatIsRolledBackLoadsNothing) {
  policy();
  bind();
  fill();
  {
    Transaction transaction = invalidator_->begin_transaction();
    invalidator_->invalidate_tag("even", {.rewarm = {.hot = 3, .keys = {{"new", "p"}}}});
    transaction.rollback();
  }
  tick_through(1s);
  EXPECT_THAT(loaded(), IsEmpty());
}

TEST_F(RewarmTest, ARuleOfAnEventMayAskForIt) {
  policy("ttl: 24h", R"(
events:
  prices_changed:
    rewarm: 3
    do: [{invalidate_tag: even}]
  odd_prices_changed:
    - {rewarm: 2, do: [{invalidate_tag: odd}]}
)");
  bind();
  fill();
  invalidator_->emit("prices_changed");
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("k0", "k2")) << "the third, k1, is not hit";
  invalidator_->emit("odd_prices_changed");
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("k1"));
}

TEST_F(RewarmTest, ADebouncedRuleLoadsOnceItHasInvalidated) {
  policy("ttl: 24h", R"(
events:
  prices_changed: {debounce: 1s, rewarm: 1, do: [{invalidate_tag: all}]}
)");
  bind();
  fill();
  invalidator_->emit("prices_changed");
  tick_through(900ms);
  EXPECT_THAT(loaded(), IsEmpty());
  tick_through(300ms);
  EXPECT_THAT(loaded(), ElementsAre("k0"));
}

TEST_F(RewarmTest, AListenerIsToldOfItAsOfARefresh) {
  policy();
  bind();
  fill();
  int told = 0;
  const auto connection =
      invalidator_->on_notice(NoticeKind::refreshed, [&](const CacheNotice&) { ++told; });
  invalidator_->invalidate_tag("all", {.rewarm = {.hot = 2}});
  tick_through(200ms);
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace freshet::testing
