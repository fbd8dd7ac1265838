// Files that are written whole or not at all.
#include "runtime/durable_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>

#include "support/temp_folder.hpp"

namespace freshet::testing {
namespace {

using detail::write_durably;
using test::content_of;

class DurableFileTest : public ::testing::Test {
 protected:
  auto files() const {
    return std::distance(std::filesystem::directory_iterator(folder_.path()), {});
  }
  test::TempFolder folder_;
};

TEST_F(DurableFileTest, WritesAnewAndOverWhatIsThere) {
  const auto file = folder_.path() / "state";
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(write_durably(file, large), "");
  EXPECT_EQ(content_of(file), large);
  EXPECT_EQ(write_durably(file, "less"), "");
  EXPECT_EQ(content_of(file), "less");
  EXPECT_EQ(files(), 1);
}

TEST_F(DurableFileTest, WhoeverHasTheOldFileOpenGoesOnReadingTheOldContent) {
  const auto file = folder_.write("state", "old");
  std::ifstream reader(file, std::ios::binary);
  EXPECT_EQ(write_durably(file, "new"), "");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "old");
  EXPECT_EQ(content_of(file), "new");
}

TEST_F(DurableFileTest, WhatCannotBeWrittenIsSaidAndLeavesNothingBehind) {
  std::filesystem::create_directory(folder_.path() / "taken");
  EXPECT_NE(write_durably(folder_.path() / "taken", "content"), "");
  EXPECT_NE(write_durably(folder_.path() / "none" / "state", "content"), "");
  EXPECT_EQ(files(), 1);
}

}  // namespace
}  // namespace freshet::testing
