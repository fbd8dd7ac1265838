// `plugins:` in a policy: what is read, what a bad one costs, and that nothing is half-loaded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/policy_model.hpp"
#include "freshet/cache.hpp"
#include "freshet/cache_invalidator.hpp"
#include "freshet/errors.hpp"
#include "support/plugin_folder.hpp"

namespace freshet {
namespace {

using ::testing::HasSubstr;

class PluginPolicyTest : public ::testing::Test {
 protected:
  /// The findings of a policy file beside the plugins; empty if it is good.
  std::string findings(const std::string& yaml) {
    try {
      read(yaml);
      return {};
    } catch (const ConfigError& error) {
      return error.what();
    }
  }
  config::PolicyModel read(const std::string& yaml) {
    return config::read_policy_file(plugins_.folder().write("policy.yaml", yaml), *registry_);
  }

  const std::shared_ptr<StrategyRegistry> registry_ = StrategyRegistry::with_builtins();
  const std::vector<std::string> names_before_ = registry_->names();
  test::PluginFolder plugins_;
};

TEST_F(PluginPolicyTest, APluginIsFoundBesideThePolicyAndServesItsBlocks) {
  plugins_.shipped("sliding_ttl");
  const std::string yaml =
      "freshet: 1\n"
      "plugins: [{path: libsliding_ttl.so}]\n"
      "namespaces:\n"
      "  sessions: {strategy: sliding_ttl, sliding_ttl: {idle: 10m}}\n"
      "  others: {ttl: 1m}\n";
  const auto model = read(yaml);
  ASSERT_EQ(model.blocks.size(), 2U);
  EXPECT_EQ(config::strategy_text(model.blocks[0]), "sliding_ttl");
  EXPECT_THAT(config::policy_text(model), HasSubstr("sliding_ttl: {idle: 10m, max: 1h}"));

  CacheInvalidator invalidator =
      CacheInvalidator::from_yaml_file(plugins_.folder().path() / "policy.yaml");
  Cache<std::string> sessions = invalidator.cache<std::string>("sessions");
  sessions.put("a", "value");
  EXPECT_TRUE(sessions.get("a"));
}

TEST_F(PluginPolicyTest, WhatWasUnderstoodReadsBackToTheSame) {
  const auto file = plugins_.shipped("early_refresh");
  const std::string text = config::policy_text(
      read("freshet: 1\nplugins: [{path: libearly_refresh.so}]\n"
           "namespaces: {a: {strategy: early_refresh, early_refresh: {early_ttl: 1m}}}\n"));
  EXPECT_THAT(text, HasSubstr("plugins:\n  - {path: \"" + file.string() + "\"}\n"));
  EXPECT_EQ(config::policy_text(config::read_policy(text, "", *registry_)), text);
  EXPECT_EQ(
      findings("freshet: 1\nplugins: [{path: libearly_refresh.so}]\n"
               "namespaces: {a: {strategy: early_refresh, early_refresh: {early_ttl: null}}}\n"),
      "");
}

TEST_F(PluginPolicyTest, TheRegistryThatWasGivenStaysAsItWas) {
  plugins_.shipped("sliding_ttl");
  EXPECT_EQ(findings("freshet: 1\nplugins: [{path: libsliding_ttl.so}]\n"
                     "namespaces: {a: {strategy: sliding_ttl}}\n"),
            "");
  EXPECT_EQ(registry_->names(), names_before_);
  EXPECT_THAT(findings("freshet: 1\nnamespaces: {a: {strategy: sliding_ttl}}\n"),
              HasSubstr("unknown strategy \"sliding_ttl\""));
}

TEST_F(PluginPolicyTest, ABadPluginRefusesThePolicyWholeInItsPlace) {
  plugins_.shipped("sliding_ttl");
  plugins_.bad("gcc", "wrong_major");
  const std::string yaml =
      "freshet: 1\n"
      "plugins:\n"
      "  - {path: libsliding_ttl.so}\n"
      "  - {path: wrong_major.so}\n"
      "namespaces: {a: {strategy: sliding_ttl}}\n";
  const std::string found = findings(yaml);
  EXPECT_THAT(found, HasSubstr("policy.yaml:4:12: plugins[1].path: "));
  EXPECT_THAT(found, HasSubstr("wrong_major.so: wrong major version of the plugin interface"));
  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 0) << found;  // and nothing else
  EXPECT_EQ(registry_->names(), names_before_);
}

TEST_F(PluginPolicyTest, OptionsAreJudgedByTheSchemaInTheirPlace) {
  plugins_.shipped("early_refresh");
  const std::string found = findings(
      "freshet: 1\n"
      "plugins: [{path: libearly_refresh.so}]\n"
      "namespaces:\n"
      "  a:\n"
      "    strategy: early_refresh\n"
      "    early_refresh:\n"
      "      ttl: 5\n"
      "      btea: 2\n"
      "  b: {strategy: early_refresh, early_refresh: {beta: 0}}\n");
  EXPECT_THAT(found, HasSubstr("policy.yaml:7:12: namespaces.a.early_refresh.ttl: expected a "
                               "duration such as 1h45m"));
  EXPECT_THAT(found, HasSubstr("policy.yaml:8:7: namespaces.a.early_refresh.btea: unknown key, did "
                               "you mean \"beta\"?"));
  EXPECT_THAT(found, HasSubstr("policy.yaml:9:54: namespaces.b.early_refresh.beta: expected a "
                               "number > 0 and <= 1000, found 0"));
}

TEST_F(PluginPolicyTest, OptionsThatThePluginItselfRefusesAreAFinding) {
  plugins_.shipped("early_refresh");
  EXPECT_THAT(
      findings("freshet: 1\n"
               "plugins: [{path: libearly_refresh.so}]\n"
               "namespaces:\n"
               "  a: {strategy: early_refresh, early_refresh: {ttl: 1h, early_ttl: 2h}}\n"),
      HasSubstr("policy.yaml:4:47: namespaces.a.early_refresh: plugin early_refresh refuses "
                "the options: create failed: early_ttl: expected less than ttl"));
}

TEST_F(PluginPolicyTest, TheSectionItselfIsJudged) {
  const std::string block = "namespaces: {a: {}}\n";
  EXPECT_THAT(findings("freshet: 1\nplugins: x.so\n" + block),
              HasSubstr("policy.yaml:2:10: plugins: expected a list of at most 64 plugins"));
  EXPECT_THAT(findings("freshet: 1\nplugins: [x.so]\n" + block),
              HasSubstr("plugins[0]: expected a map such as {path: libadaptive_ttl.so}, found "
                        "\"x.so\""));
  EXPECT_THAT(findings("freshet: 1\nplugins: [{paht: x.so}]\n" + block),
              HasSubstr("plugins[0].paht: unknown key, did you mean \"path\"?"));
  EXPECT_THAT(findings("freshet: 1\nplugins: [{path: absent.so}]\n" + block),
              HasSubstr("absent.so: cannot be opened: No such file or directory"));
}

TEST_F(PluginPolicyTest, AStrategyThatNoBlockUsesIsNotAskedForItsOptions) {
  plugins_.shipped("sliding_ttl");
  EXPECT_EQ(findings("freshet: 1\nplugins: [{path: libsliding_ttl.so}]\n"
                     "defaults: {ttl: 1m}\nnamespaces: {a: {}}\n"),
            "");
}

}  // namespace
}  // namespace freshet
