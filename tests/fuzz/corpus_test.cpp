// The inputs of tests/fuzz/corpus, each through its fuzzer: seeds, and whatever a fuzzer once stumbled over.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "fuzz/fuzzers.hpp"

namespace freshet::fuzz {
namespace {

namespace fs = std::filesystem;

class CorpusTest : public ::testing::TestWithParam<Fuzzer> {};

TEST_P(CorpusTest, EveryInputIsReadAsItsFuzzerBelieves) {
  const fs::path folder = fs::path(FRESHET_SOURCE_DIR) / "tests/fuzz/corpus" / GetParam().name;
  std::size_t inputs = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream stream(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    try {
      GetParam().run(text.str());
    } catch (const BrokenBelief& broken) {
      ADD_FAILURE() << entry.path().filename() << ": " << broken.what();
    }
    ++inputs;
  }
  EXPECT_GE(inputs, 3u);
  EXPECT_NO_THROW(GetParam().run({}));
}

INSTANTIATE_TEST_SUITE_P(Fuzzers, CorpusTest, ::testing::ValuesIn(kFuzzers),
                         [](const auto& fuzzer) { return std::string(fuzzer.param.name); });

TEST(BrokenBeliefTest, IsNoErrorOfTheLibrary) {
  EXPECT_THROW(require(false, "this"), BrokenBelief);
  EXPECT_NO_THROW(require(true, "this"));
}

}  // namespace
}  // namespace freshet::fuzz
