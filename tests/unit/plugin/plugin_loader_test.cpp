// What each kind of bad plugin gets, by every compiler that is here, and what is left behind: nothing.
#include "plugin/plugin_loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "freshet/errors.hpp"
#include "support/plugin_folder.hpp"

namespace freshet::plugin {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class PluginLoaderTest : public ::testing::TestWithParam<std::string> {
 protected:
  /// The refusal of a file; empty if it is loaded.
  static std::string refusal(const std::filesystem::path& file, Duration limit = 60s) {
    try {
      PluginLibrary::load(file, limit);
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }
  std::string refusal_of_bad(const std::string& name, Duration limit = 60s) {
    return refusal(plugins_.bad(GetParam(), name), limit);
  }

  test::PluginFolder plugins_;
};

INSTANTIATE_TEST_SUITE_P(Compilers, PluginLoaderTest,
                         ::testing::ValuesIn(test::bad_plugin_families()),
                         [](const auto& tested) { return tested.param; });

TEST_P(PluginLoaderTest, AGoodOneIsLoaded) {
  const auto library = PluginLibrary::load(plugins_.bad(GetParam(), "good"));
  EXPECT_EQ(library->name(), "good");
  EXPECT_TRUE(library->schema().table.names().empty());
}

TEST_P(PluginLoaderTest, EveryRefusalNamesTheFileFirst) {
  const std::filesystem::path file = plugins_.bad(GetParam(), "no_entry");
  EXPECT_TRUE(refusal(file).starts_with(file.string() + ": ")) << refusal(file);
}

TEST_P(PluginLoaderTest, TheEntryMustBeThereAndAnswerATable) {
  EXPECT_THAT(refusal_of_bad("no_entry"), HasSubstr("it has no function freshet_plugin_entry"));
  EXPECT_THAT(refusal_of_bad("no_table"), HasSubstr("freshet_plugin_entry answered no table"));
}

TEST_P(PluginLoaderTest, VersionsAreComparedAndBothAreNamed) {
  EXPECT_THAT(refusal_of_bad("wrong_major"),
              HasSubstr("wrong major version of the plugin interface: it was built for 2.0, this "
                        "is 1.0"));
  EXPECT_THAT(refusal_of_bad("newer_minor"),
              HasSubstr("newer minor version of the plugin interface: it was built for 1.1, this "
                        "is 1.0"));
}

TEST_P(PluginLoaderTest, ATableHasTheSizeOfTheVersionThatItClaims) {
  EXPECT_THAT(refusal_of_bad("lying_size"),
              HasSubstr("wrong size of its table: 36 bytes, version 1.0 has 72"));
  EXPECT_THAT(refusal_of_bad("tiny_size"), HasSubstr("wrong size of its table: 4 bytes"));
}

TEST_P(PluginLoaderTest, RequiredFunctionsAndAWordForANameAreNeeded) {
  EXPECT_THAT(refusal_of_bad("missing_function"),
              HasSubstr("the required function on_store is missing"));
  EXPECT_THAT(refusal_of_bad("bad_name"), HasSubstr("found \"Bad Name\""));
}

TEST_P(PluginLoaderTest, CreateAndDestroyAreRequiredToo) {
  EXPECT_THAT(refusal_of_bad("missing_create"),
              HasSubstr("the required function create is missing"));
  EXPECT_THAT(refusal_of_bad("missing_destroy"),
              HasSubstr("the required function destroy is missing"));
}

TEST_P(PluginLoaderTest, ASchemaWithAnUnknownCheckIsRefused) {
  EXPECT_THAT(refusal_of_bad("bad_schema"),
              HasSubstr("options_schema: properties.by: \"pattern\" is not supported"));
}

TEST_P(PluginLoaderTest, ACreateThatFailsOrThrowsSaysWhy) {
  EXPECT_THAT(refusal_of_bad("create_fails"), HasSubstr("create failed: the oracle is closed"));
  EXPECT_THAT(refusal_of_bad("create_throws"), HasSubstr("create threw: thrown by create"));
}

TEST_P(PluginLoaderTest, ACrashIsTheTrialsNotOurs) {
  const std::string refused = refusal_of_bad("crashes_on_load");
  EXPECT_THAT(refused, HasSubstr("while it was loaded, in a trial in a process of its own"));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_THAT(refused, HasSubstr("it crashed with signal 6 (SIGABRT)"));
#endif
  EXPECT_THAT(refusal_of_bad("exits_on_create"),
              HasSubstr("it ended the process with exit code 7 while it made a strategy"));
}

TEST_P(PluginLoaderTest, AHangEndsWithTheTimeLimit) {
  EXPECT_THAT(
      refusal_of_bad("hangs_on_create", 300ms),
      HasSubstr("it took longer than 300 ms while it made a strategy with default options"));
}

TEST_P(PluginLoaderTest, ATruncatedFileIsRefusedBeforeItIsMapped) {
  const std::filesystem::path file = plugins_.bad(GetParam(), "good");
  const auto whole = std::filesystem::file_size(file);
  for (const auto size : {whole - 1, whole / 2, whole / 16}) {
    std::filesystem::resize_file(file, size);
    EXPECT_THAT(refusal(file), HasSubstr("is truncated: " + std::to_string(size) + " bytes"));
  }
  std::filesystem::resize_file(file, 10);
  EXPECT_THAT(refusal(file), HasSubstr("is not a shared object: too short for an ELF header"));
}

TEST_P(PluginLoaderTest, AFileThatOthersCanWriteIsRefused) {
  const std::filesystem::path file = plugins_.bad(GetParam(), "good");
  ASSERT_EQ(::chmod(file.c_str(), 0757), 0);
  EXPECT_THAT(refusal(file),
              HasSubstr("the file is writable by others than its owner (mode 0757)"));
  ASSERT_EQ(::chmod(file.c_str(), 0775), 0);
  EXPECT_THAT(refusal(file),
              HasSubstr("the file is writable by others than its owner (mode 0775)"));
  ASSERT_EQ(::chmod(file.c_str(), 0755), 0);
  EXPECT_EQ(refusal(file), "");
  ASSERT_EQ(::chmod(plugins_.folder().path().c_str(), 0777), 0);
  EXPECT_THAT(refusal(file), HasSubstr("its folder is writable by others"));
}

TEST_P(PluginLoaderTest, AFileOfSomebodyElsesIsRefused) {
  const std::filesystem::path file = plugins_.bad(GetParam(), "good");
  if (::chown(file.c_str(), 12345, static_cast<gid_t>(-1)) != 0)
    GTEST_SKIP() << "only root can give files away";
  EXPECT_THAT(refusal(file), HasSubstr("the file belongs to user 12345, expected root"));
}

TEST_P(PluginLoaderTest, WhatIsNoSharedObjectIsRefused) {
  const test::TempFolder& folder = plugins_.folder();
  EXPECT_THAT(refusal(folder.path() / "absent.so"), HasSubstr("cannot be opened: No such file"));
  EXPECT_THAT(refusal(folder.path()), HasSubstr("is not a regular file"));
  EXPECT_THAT(refusal(folder.write("text.so", std::string(1000, 'x'))),
              HasSubstr("is not a shared object: no ELF header"));
  EXPECT_THAT(refusal(folder.write("empty.so", "")), HasSubstr("too short for an ELF header"));
  std::string other = test::content_of(plugins_.bad(GetParam(), "good"));
  other[18] = static_cast<char>(other[18] ^ 0x55);  // e_machine
  EXPECT_THAT(refusal(folder.write("other.so", other)), HasSubstr("is not for this machine"));
}

}  // namespace
}  // namespace freshet::plugin
