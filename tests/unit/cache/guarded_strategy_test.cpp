// A strategy written in code that throws: isolated, counted under its name, answered safely, logged.
#include "cache/guarded_strategy.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "support/cache_fixture.hpp"
#include "support/log_recorder.hpp"

namespace freshet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Which functions throw.
struct MoodyOptions {
  bool on_store = false;
  bool on_soft_expired = false;
  bool on_event = false;
  bool on_timer = false;
  bool counters = false;
};

OptionTable<MoodyOptions> moody_table() {
  OptionTable<MoodyOptions> table;
  table.add("on_store", &MoodyOptions::on_store, boolean_kind(), "throws")
      .add("on_soft_expired", &MoodyOptions::on_soft_expired, boolean_kind(), "throws")
      .add("on_event", &MoodyOptions::on_event, boolean_kind(), "throws")
      .add("on_timer", &MoodyOptions::on_timer, boolean_kind(), "throws")
      .add("counters", &MoodyOptions::counters, boolean_kind(), "throws");
  return table;
}

class MoodyStrategy final : public Strategy {
 public:
  explicit MoodyStrategy(const MoodyOptions& options) : options_(options) {}
  Deadlines on_store(const EntryView&, Instant now) override {
    if (options_.on_store) throw std::runtime_error("thrown by on_store");
    return {.soft = now + 1min, .hard = now + 1h};
  }
  ReadDecision on_soft_expired(const EntryView&, Instant) override {
    if (options_.on_soft_expired) throw 42;
    return ReadDecision::serve;
  }
  void on_event(const Event&, InvalidationPlan& plan) override {
    plan.invalidate(Target::tag("moody"));
    if (options_.on_event) throw std::runtime_error("thrown by on_event");
  }
  void on_attach(StrategyHost& host) override { host.start_timer(1, 1s); }
  void on_timer(TimerId, StrategyHost&) override {
    if (options_.on_timer) throw std::runtime_error("thrown by on_timer");
  }
  std::vector<StrategyCounter> counters() const override {
    if (options_.counters) throw std::runtime_error("thrown by counters");
    std::vector<StrategyCounter> counters{{"a", 1}, {std::string(1000, 'z'), 1}, {"a", 2}};
    for (int i = 0; i < 1000; ++i) counters.push_back({std::to_string(i), 1});
    return counters;
  }

 private:
  const MoodyOptions options_;
};

class GuardedStrategyTest : public testing::CacheFixture {
 protected:
  Cache<int> cache(const std::string& block) {
    Components components;
    components.clock = clock_;
    components.executor = executor_;
    components.random = make_random_source(1);
    components.logger = log_;
    components.strategies = StrategyRegistry::with_builtins();
    components.strategies->add<MoodyOptions>(
        "moody", moody_table(), [](const MoodyOptions& options, const StrategyCollaborators&) {
          return std::make_unique<MoodyStrategy>(options);
        });
    invalidator_.emplace(
        CacheInvalidator::from_yaml("freshet: 1\nnamespaces:\n  p: " + block + "\n", components));
    return invalidator_->cache<int>("p");
  }
  NamespaceStatistics stats() const { return invalidator_->stats().namespaces.front(); }
  std::uint64_t failures_of(std::string_view strategy) const {
    for (const StrategyStatistics& one : stats().strategies)
      if (one.name == strategy) return one.failures;
    return 0;
  }

  std::shared_ptr<testing::LogRecorder> log_ = std::make_shared<testing::LogRecorder>();
};

TEST_F(GuardedStrategyTest, AnEntryWhoseOnStoreThrowsIsAnsweredAndNotKept) {
  auto p = cache("{strategy: moody, moody: {on_store: true}}");
  EXPECT_EQ(*p.get_or_load("k", [] { return 7; }), 7);
  p.put("k", 8);
  EXPECT_FALSE(p.contains("k"));
  EXPECT_EQ(stats().strategy_failures, 2U);
  EXPECT_EQ(failures_of("moody"), 2U);
  EXPECT_EQ(stats().not_kept_by_policy, 2U);
  EXPECT_EQ(invalidator_->stats().total.strategy_failures, 2U);
}

TEST_F(GuardedStrategyTest, AReadWhoseOnSoftExpiredThrowsIsAMiss) {
  auto p = cache("{strategy: moody, moody: {on_soft_expired: true}}");
  p.put("k", 1);
  EXPECT_TRUE(p.get("k"));
  clock_->advance(2min);
  EXPECT_FALSE(p.get("k"));
  EXPECT_EQ(failures_of("moody"), 1U);
}

TEST_F(GuardedStrategyTest, AnEventWhoseOnEventThrowsInvalidatesNothingOfItsAndAllOfTheOthers) {
  auto p = cache("{strategy: moody, moody: {on_event: true}}");
  p.put("k", 1, {.tags = {"moody"}});
  invalidator_->emit("anything");
  EXPECT_TRUE(p.contains("k"));
  EXPECT_EQ(failures_of("moody"), 1U);
  p = cache("{strategy: moody}");
  p.put("k", 1, {.tags = {"moody"}});
  invalidator_->emit("anything");
  EXPECT_FALSE(p.contains("k"));
  EXPECT_EQ(failures_of("moody"), 0U);
}

TEST_F(GuardedStrategyTest, ATimerWhoseOnTimerThrowsIsOver) {
  cache("{strategy: moody, moody: {on_timer: true}}");
  clock_->advance(10s);
  EXPECT_NO_THROW(executor_->run_ready());
  EXPECT_EQ(failures_of("moody"), 1U);
}

TEST_F(GuardedStrategyTest, TheOthersOfACompositionAreNeitherStoppedNorBlamed) {
  auto p = cache(
      "{strategy: [ttl, moody], ttl: 5m, moody: {on_store: true, on_event: true, on_timer: true}}");
  p.put("k", 1);
  EXPECT_FALSE(p.contains("k"));
  EXPECT_EQ(failures_of("moody"), 1U);
  EXPECT_EQ(failures_of("ttl"), 0U);
  EXPECT_EQ(stats().strategies.size(), 2U);
}

TEST_F(GuardedStrategyTest, TheLogGetsALineForEachDoubling) {
  auto p = cache("{strategy: moody, moody: {on_store: true}}");
  for (int i = 0; i < 1000; ++i) p.put("k", i);
  EXPECT_EQ(log_->count("strategy moody: on_store threw"), 10U);  // 1, 2, 4 … 512
}

TEST_F(GuardedStrategyTest, CountersOfItsOwnAreSummedByNameAndBounded) {
  cache("{strategy: moody}");
  const auto strategies = stats().strategies;
  ASSERT_EQ(strategies.size(), 1U);
  const auto& counters = strategies.front().counters;
  EXPECT_EQ(counters.size(), kMaxStrategyCounters);
  EXPECT_THAT(counters, ::testing::Contains(StrategyCounter{"a", 3}));
  EXPECT_THAT(counters,
              ::testing::Contains(StrategyCounter{std::string(kMaxStrategyCounterBytes, 'z'), 1}));
}

TEST_F(GuardedStrategyTest, CountersThatThrowAreNone) {
  cache("{strategy: moody, moody: {counters: true}}");
  EXPECT_TRUE(stats().strategies.front().counters.empty());
}

}  // namespace
}  // namespace freshet
