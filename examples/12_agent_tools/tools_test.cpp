// 12: a file that changes while a tool reads it, found by its stamp.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <unistd.h>  // getpid is POSIX, not C++

#include <filesystem>
#include <fstream>
#include <string>

#include "file_stamps.hpp"
#include "freshet/testing/matchers.hpp"
#include "freshet/testing/scripted_loader.hpp"
#include "freshet/testing/test_cache.hpp"

namespace {

using namespace freshet::testing;

TEST(ToolsTest, AFileThatChangesWhileAToolReadsItIsReadAgain) {
  auto cache = TestCache::from_yaml_file(EXAMPLES_DIR "/12_agent_tools/policy.yaml");
  const auto tools = cache.cache<std::string>("tools").scoped("s1");
  const std::string path = fmt::format("{}tools_test_{}.txt", ::testing::TempDir(), getpid());
  const auto write = [&](const char* text) { std::ofstream(path) << text; };
  FileStamps stamps;
  ScriptedLoader<std::string> tool("ducks");
  const auto run = [&](freshet::LoadContext& load) {
    stamps.note(path);
    return tool(load);
  };
  write("ducks");
  // [race]
  tool.during_next([&] {  // it has read "ducks" and has not returned
    write("three geese");
    tool.set("three geese");
    for (const std::string& changed : stamps.take_changed())
      cache.invalidator().emit("path_changed", {{"path", changed}});
  });
  const freshet::EntryOptions options{.depends_on = {path}};
  EXPECT_THAT(tools.get_or_load("read_file", run, options), HoldsValue("ducks"));
  EXPECT_THAT(tools.get("read_file"), IsMiss());
  EXPECT_THAT(tools.get_or_load("read_file", run, options), HoldsValue("three geese"));
  // [/race]
  std::filesystem::remove(path);
}

}  // namespace
