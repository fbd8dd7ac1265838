// Plugins in code: the builder loads them, and blocks name their strategies with PluginOptions.
#include <gmock/gmock.h>

#include <functional>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"
#include "plugin/plugin_registration.hpp"
#include "support/plugin_folder.hpp"

namespace freshet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class PluginCodeTest : public ::testing::Test {
 protected:
  /// What is wrong with what is built; empty if nothing is.
  static std::string findings(CacheInvalidatorBuilder& builder) {
    try {
      builder.build();
      return {};
    } catch (const ConfigError& error) {
      return error.what();
    }
  }
  /// The findings of one block of early_refresh with these parameters.
  std::string findings_of(std::map<std::string, PluginParameter> parameters) {
    auto builder = CacheInvalidator::builder();
    builder.plugin(early_refresh_)
        .cache("a",
               PluginOptions{.strategy = "early_refresh", .parameters = std::move(parameters)});
    return findings(builder);
  }

  test::PluginFolder plugins_;
  const std::filesystem::path early_refresh_ = plugins_.shipped("early_refresh");
};

TEST_F(PluginCodeTest, ABlockInCodeIsServedByAPluginWithItsParameters) {
  const auto clock = std::make_shared<testing::ManualClock>();
  Components components;
  components.clock = clock;
  components.executor = std::make_shared<testing::ManualExecutor>(clock);
  auto invalidator = CacheInvalidator::builder()
                         .components(components)
                         .plugin(plugins_.shipped("sliding_ttl"))
                         .cache("sessions", PluginOptions{.strategy = "sliding_ttl",
                                                          .parameters = {{"idle", 2min}}})
                         .cache("others", TtlOptions{.ttl = 1h})
                         .build();
  auto sessions = invalidator.cache<int>("sessions");
  auto others = invalidator.cache<int>("others");
  sessions.put("k", 1);
  others.put("k", 1);
  clock->advance(1min);
  EXPECT_TRUE(sessions.contains("k"));
  clock->advance(10min);
  EXPECT_FALSE(sessions.contains("k"));
  EXPECT_TRUE(others.contains("k"));
  EXPECT_EQ(invalidator.stats().namespaces[0].strategy, "sliding_ttl");
}

TEST_F(PluginCodeTest, ParametersAreJudgedByTheSchemaAndTheOnesNotGivenHaveDefaults) {
  EXPECT_EQ(findings_of({}), "");
  EXPECT_EQ(findings_of({{"ttl", 5min}, {"beta", 2.5}}), "");
  EXPECT_EQ(findings_of({{"ttl", "5m"}, {"beta", 2}}), "");
  EXPECT_THAT(findings_of({{"ttl", 5}}),
              HasSubstr("namespaces.a.early_refresh.ttl: expected a duration such as 1h45m"));
  EXPECT_THAT(findings_of({{"btea", 2}}),
              HasSubstr("namespaces.a.early_refresh.btea: unknown key, did you mean \"beta\"?"));
  EXPECT_THAT(findings_of({{"beta", 0}}),
              HasSubstr("namespaces.a.early_refresh.beta: expected a number > 0 and <= 1000"));
  EXPECT_THAT(findings_of({{"beta", true}}),
              HasSubstr("namespaces.a.early_refresh.beta: expected a number"));
  EXPECT_THAT(findings_of({{"ttl", 1h}, {"early_ttl", 2h}}),
              HasSubstr("namespaces.a.early_refresh: plugin early_refresh refuses the options: "
                        "create failed: early_ttl: expected less than ttl"));
}

TEST_F(PluginCodeTest, OneConfigErrorHasAllThatIsWrong) {
  auto builder = CacheInvalidator::builder();
  builder.plugin(early_refresh_)
      .plugin(plugins_.bad("gcc", "wrong_major"))
      .plugin("absent.so")
      .cache("a", PluginOptions{.strategy = "erly_refresh"})
      .cache("b", PluginOptions{.strategy = "ttl"})
      .cache("c", TtlOptions{.ttl = -1s});
  const std::string found = findings(builder);
  EXPECT_THAT(found, HasSubstr("plugins[1]: "));
  EXPECT_THAT(found, HasSubstr("wrong_major.so: wrong major version of the plugin interface"));
  EXPECT_THAT(found, HasSubstr("plugins[2]: absent.so: cannot be opened"));
  EXPECT_THAT(found, HasSubstr("namespaces.a.strategy: unknown plugin strategy \"erly_refresh\", "
                               "did you mean \"early_refresh\"?"));
  EXPECT_THAT(found, HasSubstr("namespaces.b.strategy: unknown plugin strategy \"ttl\""));
  EXPECT_THAT(found, HasSubstr("namespaces.c.ttl: "));
}

TEST_F(PluginCodeTest, TheRegistryOfTheComponentsStaysAsItWas) {
  Components components;
  components.strategies = StrategyRegistry::with_builtins();
  const auto before = components.strategies->names();
  auto builder = CacheInvalidator::builder();
  builder.components(components)
      .plugin(early_refresh_)
      .cache("a", PluginOptions{.strategy = "early_refresh"});
  EXPECT_EQ(findings(builder), "");
  EXPECT_EQ(components.strategies->names(), before);
}

TEST_F(PluginCodeTest, APluginNamedLikeAWordOfPoliciesIsRefusedWithFileAndReason) {
  const auto builtins = StrategyRegistry::with_builtins()->names();
  std::vector<std::string> words = builtins;
  words.emplace_back("hybrid");
  for (const std::string& family : test::bad_plugin_families()) {
    test::PluginFolder folder;
    for (const std::string& word : words) {
      const auto file = folder.bad(family, "named_" + word);
      auto builder = CacheInvalidator::builder();
      builder.plugin(file).cache("a", ManualOptions{});
      const std::string reason =
          word == "hybrid" ? "the word \"hybrid\" stands for several strategies in a policy"
                           : "there is a strategy \"" + word + "\" already";
      EXPECT_THAT(findings(builder), HasSubstr("plugins[0]: " + file.string() + ": " + reason));
    }
  }
}

TEST_F(PluginCodeTest, APluginNamedLikeAnOptionOfAnotherStrategyIsRefused) {
  const auto file = plugins_.bad("gcc", "named_soft_ttl");
  auto builder = CacheInvalidator::builder();
  builder.plugin(file).cache("a", ManualOptions{});
  EXPECT_THAT(findings(builder),
              HasSubstr(file.string() + ": strategy \"soft_ttl\" cannot have a section of that "
                                        "name: it is an option of \"ttl\""));
}

TEST_F(PluginCodeTest, APolicyRefusesSuchAPluginInItsPlace) {
  plugins_.bad("gcc", "named_hybrid");
  try {
    CacheInvalidator::from_yaml_file(plugins_.folder().write(
        "p.yaml", "freshet: 1\nplugins: [{path: named_hybrid.so}]\nnamespaces: {a: {}}\n"));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("p.yaml:2:18: plugins[0].path: "));
    EXPECT_THAT(error.what(), HasSubstr("named_hybrid.so: the word \"hybrid\""));
  }
}

}  // namespace
}  // namespace freshet
