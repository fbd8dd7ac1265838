// The examples print what their READMEs say, and the sample traffic is what its script makes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "support/process.hpp"
#include "support/temp_folder.hpp"

namespace freshet::test {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kExamples = std::filesystem::path(FRESHET_SOURCE_DIR) / "examples";

class ExamplesTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ExamplesTest, PrintsWhatItsReadmeSays) {
  const std::filesystem::path folder = kExamples / GetParam();
  const std::string program =
      (std::filesystem::path(FRESHET_BINARY).parent_path() / ("example_" + std::string(GetParam())))
          .string();
  const std::string expected = content_of(folder / "expected_output.txt");
  const ProcessResult result = run_process({program});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, expected);
  EXPECT_THAT(content_of(folder / "README.md"), HasSubstr("```\n" + expected + "```\n"));
}

TEST_P(ExamplesTest, IsShortEnoughToRead) {
  const std::string source = content_of(kExamples / GetParam() / "main.cpp");
  EXPECT_LT(std::count(source.begin(), source.end(), '\n'), 100);
}

TEST_P(ExamplesTest, SaysWhatIsWrongWithAnotherPolicy) {
  const std::filesystem::path program =
      std::filesystem::path(FRESHET_BINARY).parent_path() / ("example_" + std::string(GetParam()));
  TempFolder folder;
  const std::string policy =
      folder.write("policy.yaml", "freshet: 1\nnamespaces: {other: {startegy: ttl}}\n").string();
  const ProcessResult result = run_process({program.string(), policy});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr(policy + ":2:"));
}

INSTANTIATE_TEST_SUITE_P(All, ExamplesTest,
                         ::testing::Values("01_ttl", "02_tags", "03_events", "04_hybrid",
                                           "05_hot_keys", "06_own_strategy", "07_plugin",
                                           "08_dependencies", "09_blog", "10_sessions",
                                           "11_catalogue", "12_agent_tools", "13_llm_answers",
                                           "14_dashboard"));

/// The story that the demo tells.
TEST(DemoTest, WaitingLongerHitsMoreAndServesStalerUnlessWritesAreHeardOf) {
  const auto policy = [](const std::string& name) {
    return name + "=" + (kExamples / "demo" / (name + ".yaml")).string();
  };
  const ProcessResult result = run_process(
      {FRESHET_BINARY, "compare", "--json", "--trace", (kExamples / "traffic/shop.csv.gz").string(),
       "--policy", policy("short_ttl"), "--policy", policy("long_ttl"), "--policy",
       policy("written_through") + ",writes=put"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const nlohmann::json policies = nlohmann::json::parse(result.out).at("policies");
  const auto value = [&](std::size_t row, const char* name) {
    return policies.at(row).at(name).get<double>();
  };
  EXPECT_EQ(value(0, "requests"), 34'000);
  EXPECT_LT(value(0, "hit_ratio") + 0.1, value(1, "hit_ratio"));
  EXPECT_LT(value(0, "stale_ratio") + 0.01, value(1, "stale_ratio"));
  EXPECT_GT(value(0, "loads"), value(1, "loads"));
  EXPECT_LT(value(1, "hit_ratio"), value(2, "hit_ratio"));
  EXPECT_EQ(value(2, "stale_serves"), 0);
}

// The story of the demo itself: events leave nothing stale, prediction answers more from memory than time alone.
TEST(DemoTest, EventsLeaveNothingStaleAndPredictionHitsMoreThanTimeAlone) {
  const auto policy = [](const std::string& name, const char* writes = "") {
    return name + "=" + (kExamples / "demo" / (name + ".yaml")).string() + writes;
  };
  const ProcessResult result = run_process(
      {FRESHET_BINARY, "compare", "--json", "--trace", (kExamples / "traffic/shop.csv.gz").string(),
       "--policy", policy("ttl"), "--policy", policy("event", ",writes=event"), "--policy",
       policy("predictive"), "--policy", policy("hybrid", ",writes=event")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const nlohmann::json policies = nlohmann::json::parse(result.out).at("policies");
  const auto value = [&](std::size_t row, const char* name) {
    return policies.at(row).at(name).get<double>();
  };
  EXPECT_GT(value(0, "stale_serves"), 0);
  EXPECT_EQ(value(1, "stale_serves"), 0);
  EXPECT_EQ(value(3, "stale_serves"), 0);
  EXPECT_GT(value(2, "hit_ratio"), value(0, "hit_ratio") + 0.02);
  EXPECT_GT(value(2, "refreshes"), 0);
  EXPECT_GT(value(3, "refreshes"), 0);
}

TEST(SampleTrafficTest, IsWhatItsScriptMakes) {
  if (std::system("command -v python3 > /dev/null") != 0)
    GTEST_SKIP() << "python3 is not installed";
  const ProcessResult result =
      run_process({"python3", (kExamples / "traffic/make_traffic.py").string(), "--check",
                   (kExamples / "traffic/shop.csv.gz").string()});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

}  // namespace
}  // namespace freshet::test
