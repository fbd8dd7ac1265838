// freshet plugin: what it says of a plugin, and what a bad one gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/plugin_folder.hpp"
#include "support/process.hpp"

namespace freshet::test {
namespace {

using ::testing::HasSubstr;

ProcessResult check(const std::filesystem::path& file, const std::vector<std::string>& more = {}) {
  std::vector<std::string> command{FRESHET_BINARY, "plugin", "check", file.string()};
  command.insert(command.end(), more.begin(), more.end());
  return run_process(command);
}

TEST(PluginCommandTest, CheckSaysWhatAPluginIsAndThatItKeepsTheContract) {
  const PluginFolder plugins;
  const ProcessResult result = check(plugins.shipped("sliding_ttl"), {"--options", "{idle: 1m}"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("sliding_ttl: a strategy plugin for the interface 1.0"));
  EXPECT_THAT(result.out, HasSubstr("idle: duration > 0s, default 5m; an entry that nobody reads"));
  EXPECT_THAT(result.out, HasSubstr(R"({"idle":60000000000,"max":3600000000000})"));
}

TEST(PluginCommandTest, ARefusalIsExitCodeTwoWithTheReason) {
  const PluginFolder plugins;
  const ProcessResult result = check(plugins.bad("gcc", "newer_minor"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("newer_minor.so: newer minor version of the plugin interface"));
  EXPECT_EQ(result.out, "");
}

TEST(PluginCommandTest, ABrokenContractIsExitCodeTwoWithEachRule) {
  const PluginFolder plugins;
  const ProcessResult result = check(plugins.bad("gcc", "throws_on_store"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err,
              HasSubstr("breaks the contract: on_store: an ordinary entry is kept: it was not"));
  EXPECT_THAT(result.err, HasSubstr("breaks the contract: no call fails: on_store failed "));
}

TEST(PluginCommandTest, BadOptionsAreFindingsInTheirPlace) {
  const PluginFolder plugins;
  const auto file = plugins.shipped("early_refresh");
  ProcessResult result = check(file, {"--options", "{ttl: 0s, bate: 1}"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--options:1:7: early_refresh.ttl: expected a duration > 0s"));
  EXPECT_THAT(result.err, HasSubstr("--options:1:11: early_refresh.bate: unknown key, did you mean "
                                    "\"beta\"?"));
  result = check(file, {"--options", "{ttl: 1m, early_ttl: 2m}"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("early_ttl: expected less than ttl"));
}

TEST(PluginCommandTest, NewTakesAWordAndOverwritesNothing) {
  const TempFolder folder;
  const ProcessResult bad = run_process({FRESHET_BINARY, "plugin", "new", "Bad-Name"});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr("found \"Bad-Name\""));
  const std::string script = "cd '" + folder.path().string() + "' && '" + FRESHET_BINARY +
                             "' plugin new mine --language c";
  EXPECT_EQ(run_process({"sh", "-c", script}).exit_code, 0);
  EXPECT_THAT(content_of(folder.path() / "mine/mine.c"), HasSubstr("freshet_plugin_entry"));
  const ProcessResult again = run_process({"sh", "-c", script});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("there is something of that name already"));
}

}  // namespace
}  // namespace freshet::test
