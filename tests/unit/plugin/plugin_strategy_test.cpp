// A plugin at work: what a failing call costs, and what its host does for it.
#include "plugin/plugin_strategy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "freshet/errors.hpp"
#include "plugin/plugin_registration.hpp"
#include "support/plugin_folder.hpp"

namespace freshet::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class FixedClock final : public Clock {
 public:
  Instant now() const noexcept override { return Instant(7s); }
};

/// Keeps what it is asked for.
class RecordingHost final : public StrategyHost {
 public:
  void start_timer(TimerId timer, Duration delay) override { timers.emplace_back(timer, delay); }
  void request_refresh(std::string_view name_space, std::string_view key) override {
    refreshes.push_back(std::string(name_space) + "/" + std::string(key));
  }
  std::vector<HotKey> hot_keys(std::size_t count) override {
    return std::vector<HotKey>(count, HotKey{"n", "hot", 9, 1});
  }
  void log(LogLevel, std::string_view message) noexcept override { lines.emplace_back(message); }

  std::vector<std::pair<TimerId, Duration>> timers;
  std::vector<std::string> refreshes;
  std::vector<std::string> lines;
};

class PluginStrategyTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<PluginStrategy> make(const std::filesystem::path& file) {
    const auto library = PluginLibrary::load(file);
    return std::make_unique<PluginStrategy>(library, library->schema().defaults,
                                            StrategyCollaborators{clock_, *random_});
  }

  const Instant now_{1000s};
  FixedClock clock_;
  std::shared_ptr<RandomSource> random_ = make_random_source(1);
  RecordingHost host_;
  test::PluginFolder plugins_;
};

INSTANTIATE_TEST_SUITE_P(Compilers, PluginStrategyTest,
                         ::testing::ValuesIn(test::bad_plugin_families()),
                         [](const auto& tested) { return tested.param; });

TEST_P(PluginStrategyTest, AThrowingPluginIsAnsweredForSafelyAndCounted) {
  const auto strategy = make(plugins_.bad(GetParam(), "throws_on_store"));
  strategy->on_attach(host_);
  InvalidationPlan plan;
  plan.invalidate(Target::tag("of somebody else"));

  EXPECT_EQ(strategy->on_store({.name_space = "n", .key = "k"}, now_).hard, now_);
  EXPECT_EQ(strategy->on_soft_expired({.name_space = "n", .key = "k"}, now_), ReadDecision::miss);
  strategy->on_event(Event("e", {{"id", 1}}), plan);
  strategy->on_timer(1, host_);

  ASSERT_EQ(plan.targets().size(), 1U);  // its invalidate_all did not come through
  EXPECT_EQ(plan.targets()[0].name, "of somebody else");
  using Function = PluginStrategy::Function;
  for (const Function function :
       {Function::on_store, Function::on_soft_expired, Function::on_event, Function::on_timer}) {
    EXPECT_EQ(strategy->failures(function), 1U) << static_cast<int>(function);
  }
  EXPECT_THAT(host_.lines,
              ElementsAre("plugin throws_on_store: on_store failed, 1 so far: thrown by on_store; "
                          "the entry is not kept",
                          HasSubstr("on_soft_expired failed, 1 so far: it threw something that is "
                                    "no std::exception; the read is a miss"),
                          HasSubstr("thrown by on_event; nothing is invalidated for it"),
                          HasSubstr("thrown by on_timer; the timer is over")));
}

TEST_P(PluginStrategyTest, TheLogGetsALineForEachDoublingOfTheFailures) {
  const auto strategy = make(plugins_.bad(GetParam(), "throws_on_store"));
  strategy->on_attach(host_);
  for (int i = 0; i < 1000; ++i) strategy->on_store({.name_space = "n", .key = "k"}, now_);
  EXPECT_EQ(strategy->failures(), 1000U);
  EXPECT_EQ(host_.lines.size(), 10U);  // 1, 2, 4 … 512
}

TEST_P(PluginStrategyTest, NonsenseIsAFailureAndAnsweredForLikeOne) {
  const auto strategy = make(plugins_.bad(GetParam(), "answers_nonsense"));
  using Function = PluginStrategy::Function;
  const auto store = [&](std::string_view key) {
    return strategy->on_store({.name_space = "n", .key = key}, now_).hard;
  };
  const auto read = [&](std::string_view key) {
    return strategy->on_soft_expired({.name_space = "n", .key = key}, now_);
  };
  EXPECT_EQ(store("fine"), now_ + 60s);
  EXPECT_EQ(read("fine"), ReadDecision::serve);
  EXPECT_EQ(strategy->failures(), 0U);
  EXPECT_EQ(store("idle"), now_);
  EXPECT_EQ(store("accesses"), now_);
  EXPECT_EQ(strategy->failures(Function::on_store), 2U);
  EXPECT_EQ(read("below"), ReadDecision::miss);
  EXPECT_EQ(read("above"), ReadDecision::miss);
  EXPECT_EQ(strategy->failures(Function::on_soft_expired), 2U);
}

TEST_P(PluginStrategyTest, TheLibraryOutlivesEveryoneButItsStrategies) {
  StrategyRegistry registry;
  std::unique_ptr<Strategy> strategy;
  {
    const auto copy = registry.copy();
    register_plugin(*copy, plugins_.bad(GetParam(), "good"));
    strategy = copy->find("good")->make(copy->find("good")->default_options(), {clock_, *random_});
  }
  std::filesystem::remove(plugins_.folder().path() / "good.so");
  EXPECT_EQ(strategy->on_store({.name_space = "n", .key = "k"}, now_).hard, now_ + 60s);
  EXPECT_EQ(registry.find("good"), nullptr);
}

TEST_P(PluginStrategyTest, ANameThatIsTakenIsRefusedAndTheRegistryIsAsItWas) {
  StrategyRegistry registry;
  const std::filesystem::path file = plugins_.bad(GetParam(), "good");
  register_plugin(registry, file);
  EXPECT_THROW(register_plugin(registry, file), Error);
  EXPECT_THAT(registry.names(), ElementsAre("good"));
}

TEST(PluginHostTest, TimersOfBeforeTheHostCameStartWhenItComes) {
  FixedClock clock;
  const auto random = make_random_source(1);
  PluginHost host("p", clock, *random);
  const freshet_host_v1& table = host.table();
  table.start_timer(table.host, 3, 500);
  table.start_timer(table.host, 4, -1);
  table.start_timer(table.host, 3, 700);
  RecordingHost there;
  host.attach(there);
  table.start_timer(table.host, 5, 1);
  EXPECT_THAT(there.timers,
              ElementsAre(std::pair(TimerId{3}, Duration(700)), std::pair(TimerId{4}, Duration(0)),
                          std::pair(TimerId{5}, Duration(1))));
}

TEST(PluginHostTest, ItPassesOnWhatAPluginAsksFor) {
  FixedClock clock;
  const auto random = make_random_source(1);
  PluginHost host("p", clock, *random);
  const freshet_host_v1& table = host.table();
  std::vector<std::string> hot;
  const auto each = [](void* context, const freshet_hot_key_v1* key) {
    static_cast<std::vector<std::string>*>(context)->emplace_back(key->key, key->key_len);
  };
  EXPECT_EQ(table.hot_keys(table.host, 2, each, &hot), 0U);  // nobody is there yet
  RecordingHost there;
  host.attach(there);
  EXPECT_EQ(table.hot_keys(table.host, 2, each, &hot), 2U);
  EXPECT_THAT(hot, ElementsAre("hot", "hot"));
  EXPECT_EQ(table.now_ns(table.host), 7'000'000'000);
  table.request_refresh(table.host, "ns", 2, "key", 3);
  EXPECT_THAT(there.refreshes, ElementsAre("ns/key"));
  table.log(table.host, FRESHET_LOG_INFO, "hello", 5);
  EXPECT_THAT(there.lines, ElementsAre("plugin p: hello"));
}

TEST(PluginHostTest, CountersAddUpAndAreBounded) {
  FixedClock clock;
  const auto random = make_random_source(1);
  PluginHost host("p", clock, *random);
  const freshet_host_v1& table = host.table();
  table.count(table.host, "early", 5, 2);
  table.count(table.host, "early", 5, 3);
  ASSERT_EQ(host.counters().size(), 1U);
  EXPECT_EQ(host.counters()[0].value, 5U);
  for (int i = 0; i < 1000; ++i) {
    const std::string name = std::to_string(i);
    table.count(table.host, name.data(), name.size(), 1);
  }
  EXPECT_EQ(host.counters().size(), PluginHost::kMaxCounters);
}

TEST(PluginHostTest, ALongNameOfACounterIsCut) {
  FixedClock clock;
  const auto random = make_random_source(1);
  PluginHost other("p", clock, *random);
  const std::string longest(kMaxStrategyCounterBytes, 'x');
  const std::string longer = longest + "y";
  other.table().count(other.table().host, longer.data(), longer.size(), 1);
  EXPECT_THAT(other.counters(), ElementsAre(StrategyCounter{longest, 1}));
}

}  // namespace
}  // namespace freshet::plugin
