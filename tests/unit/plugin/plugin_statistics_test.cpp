// What plugins count and where they fail, in the statistics: as a struct, as text and as JSON.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "freshet/freshet.hpp"
#include "support/plugin_folder.hpp"

namespace freshet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class PluginStatisticsTest : public ::testing::TestWithParam<std::string> {
 protected:
  CacheInvalidator open(const std::string& plugin, const std::string& blocks) {
    plugins_.bad(GetParam(), plugin);
    Components components;
    components.logger = make_null_logger();
    return CacheInvalidator::from_yaml_file(
        plugins_.folder().write("policy.yaml", "freshet: 1\nplugins: [{path: " + plugin +
                                                   ".so}]\nnamespaces:\n" + blocks),
        components);
  }
  static void put(CacheInvalidator& invalidator, std::string_view name_space,
                  std::initializer_list<std::string_view> keys) {
    auto cache = invalidator.cache<int>(name_space);
    for (const std::string_view key : keys) cache.put(key, 1);
  }

  test::PluginFolder plugins_;
};

INSTANTIATE_TEST_SUITE_P(Compilers, PluginStatisticsTest,
                         ::testing::ValuesIn(test::bad_plugin_families()),
                         [](const auto& tested) { return tested.param; });

TEST_P(PluginStatisticsTest, CountersAndFailuresStandUnderThePluginsNameInTheirBlock) {
  auto invalidator = open("counts",
                          "  a: {strategy: counts}\n"
                          "  b: {strategy: [ttl, counts]}\n"
                          "  c: {}\n");
  put(invalidator, "a", {"x", "y", "fails"});
  put(invalidator, "b", {"z", "fails", "fails"});
  put(invalidator, "c", {"fails"});
  const Statistics stats = invalidator.stats();
  const StrategyStatistics in_a{"counts", 1, {{"stored", 2}}};
  const StrategyStatistics in_b{"counts", 2, {{"stored", 1}}};
  EXPECT_THAT(stats.namespaces[0].strategies, ElementsAre(in_a));
  EXPECT_THAT(stats.namespaces[1].strategies, ElementsAre(StrategyStatistics{"ttl", 0, {}}, in_b));
  EXPECT_THAT(stats.namespaces[2].strategies, ElementsAre(StrategyStatistics{"ttl", 0, {}}));
  EXPECT_THAT(stats.total.strategies, ElementsAre(StrategyStatistics{"counts", 3, {{"stored", 3}}},
                                                  StrategyStatistics{"ttl", 0, {}}));
  EXPECT_EQ(stats.namespaces[0].strategy_failures, 1U);
  EXPECT_EQ(stats.namespaces[1].strategy_failures, 2U);
  EXPECT_EQ(stats.namespaces[2].strategy_failures, 0U);
  EXPECT_EQ(stats.total.strategy_failures, 3U);
}

TEST_P(PluginStatisticsTest, TextHasARowForEachThatIsNotZeroAndJsonHasThemAll) {
  auto invalidator = open("counts", "  a: {strategy: counts}\n  c: {}\n");
  put(invalidator, "a", {"x", "y"});
  EXPECT_THAT(invalidator.stats().text(), Not(HasSubstr("failures")));
  put(invalidator, "a", {"fails"});
  const std::string text = invalidator.stats().text();
  EXPECT_THAT(text, ::testing::ContainsRegex("\ncounts\\.failures +1 +1 +0\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("\ncounts\\.stored +2 +2 +0(\n|$)"));
  EXPECT_THAT(text, ::testing::ContainsRegex("\nstrategy_failures +1 +1 +0\n"));
  const auto json = nlohmann::json::parse(invalidator.stats().json());
  const auto expected =
      nlohmann::json::parse(R"({"counts": {"failures": 1, "counters": {"stored": 2}}})");
  EXPECT_EQ(json["namespaces"]["a"]["strategies"], expected);
  EXPECT_EQ(json["total"]["strategies"]["counts"], expected["counts"]);
  EXPECT_EQ(json["namespaces"]["a"]["strategy_failures"], 1);
}

TEST_P(PluginStatisticsTest, CountersAreBoundedInNumberAndInLengthOfName) {
  auto invalidator = open("counts", "  a: {strategy: counts}\n");
  put(invalidator, "a", {"many"});
  const Statistics stats = invalidator.stats();
  for (const NamespaceStatistics* column : {&stats.total, &stats.namespaces[0]}) {
    ASSERT_EQ(column->strategies.size(), 1U);
    EXPECT_EQ(column->strategies[0].counters.size(), kMaxStrategyCounters);
    for (const StrategyCounter& counter : column->strategies[0].counters)
      EXPECT_LE(counter.name.size(), kMaxStrategyCounterBytes);
  }
}

TEST_P(PluginStatisticsTest, EveryFunctionThatThrowsIsCountedAndWhoCalledGoesOn) {
  auto invalidator = open("throws_on_store", "  a: {strategy: throws_on_store}\n");
  put(invalidator, "a", {"k"});
  EXPECT_FALSE(invalidator.cache<int>("a").contains("k"));
  EXPECT_EQ(invalidator.stats().namespaces[0].strategy_failures, 1U);
  invalidator.emit("anything");
  EXPECT_EQ(invalidator.stats().namespaces[0].strategy_failures, 2U);
  EXPECT_EQ(invalidator.stats().total.invalidations(), 0U);
  EXPECT_EQ(invalidator.stats().total.not_kept_by_policy, 1U);
}

}  // namespace
}  // namespace freshet
