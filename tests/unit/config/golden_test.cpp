// Every mistake that a policy can hold, with the full text that its author gets: golden/NAME.yaml
// and NAME.expected.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "config/policy_model.hpp"

namespace freshet::config {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(FRESHET_SOURCE_DIR) / "tests/unit/config/golden";

std::string contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class GoldenTest : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, EveryFindingStandsWithItsPlaceAndWords) {
  const std::string yaml = contents(kFolder / (GetParam() + ".yaml"));
  const std::string expected = contents(kFolder / (GetParam() + ".expected"));
  const auto registry = StrategyRegistry::with_builtins();
  try {
    read_policy(yaml, GetParam() + ".yaml", *registry);
    FAIL() << "the policy was accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()) + '\n', expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Mistakes, GoldenTest, ::testing::ValuesIn(names()),
                         [](const auto& mistake) { return mistake.param; });

TEST(PolicyFileTest, AFileThatIsNotThereIsAFinding) {
  const auto registry = StrategyRegistry::with_builtins();
  try {
    read_policy_file("/nowhere/freshet.yaml", *registry);
    FAIL() << "the policy was accepted";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "/nowhere/freshet.yaml: there is no such file");
  }
}

TEST(PolicyFileTest, AFolderIsAFinding) {
  const auto registry = StrategyRegistry::with_builtins();
  try {
    read_policy_file(kFolder, *registry);
    FAIL() << "the policy was accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.what(), kFolder.string() + ": expected a file, found a directory");
  }
}

}  // namespace
}  // namespace freshet::config
