// Files of keys: what a line may say, and that what is written reads back.
#include "config/key_list.hpp"

#include <gmock/gmock.h>

#include <random>

#include "freshet/limits.hpp"
#include "support/temp_folder.hpp"

namespace freshet::testing {
namespace {

using config::hot_keys_text;
using config::read_hot_keys;
using config::read_key_file;
using config::read_key_name;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class KeyListTest : public ::testing::Test {
 protected:
  std::vector<KeyName> read(std::string_view text) {
    return read_key_file(folder_.write("keys.txt", text), findings_);
  }
  std::string problem(std::string_view text) {
    findings_ = {};
    EXPECT_THAT(read(text), IsEmpty()) << "with a finding there are none";
    return findings_.empty() ? "" : findings_.all().front().message;
  }

  test::TempFolder folder_;
  Findings findings_;
};

TEST_F(KeyListTest, ALineIsANamespaceAndAKey) {
  EXPECT_EQ(read_key_name("p/k").name, (KeyName{"k", "p"}));
  EXPECT_EQ(read_key_name("p/a/b").name, (KeyName{"a/b", "p"}));
  EXPECT_EQ(read_key_name("p\\x2fq/k\\n\\r\\\\\\x00").name,
            (KeyName{std::string("k\n\r\\\0", 5), "p/q"}));
  EXPECT_EQ(read_key_name(" p / k ").name, (KeyName{" k ", " p "})) << "blanks are bytes";
}

TEST_F(KeyListTest, WhatIsNoKeyIsSaid) {
  for (const char* text : {"", "k", "/k", "p/", "/", "p/\\", "p/\\x1", "p/\\xg0", "p/\\t"})
    EXPECT_NE(read_key_name(text).problem, "") << text;
  EXPECT_THAT(read_key_name("p/" + std::string(kMaxKeyBytes + 1, 'k')).problem,
              HasSubstr("a key of at most 4096"));
  EXPECT_EQ(read_key_name("p/" + std::string(kMaxKeyBytes, 'k')).problem, "");
}

TEST_F(KeyListTest, WhatIsWrittenReadsBackWhateverBytesItHas) {
  std::mt19937 random(3);
  std::vector<KeyName> keys{
      {"#", "#"}, {"/", "/"}, {"\\", "\\"}, {"\r", "a\n"}, {"# end, keys: 2", "x"}};
  for (int i = 0; i < 500; ++i) {
    KeyName name;
    for (std::string* text : {&name.key, &name.name_space}) {
      for (std::size_t size = 1 + random() % 9; size > 0; --size)
        *text += static_cast<char>(random() % 256);
    }
    keys.push_back(std::move(name));
  }
  EXPECT_EQ(read(hot_keys_text(keys)), keys);
  EXPECT_EQ(read_hot_keys(folder_.path() / "keys.txt", findings_), keys);
  EXPECT_TRUE(findings_.empty());
}

TEST_F(KeyListTest, AFileThatSaysItIsWholeHasToBe) {
  const std::string whole = hot_keys_text(std::vector<KeyName>{{"a", "p"}, {"b", "p"}, {"c", "p"}});
  // Only the last line end may be missing: everything is there then.
  for (std::size_t size = 20; size + 1 < whole.size(); ++size)
    EXPECT_NE(problem(whole.substr(0, size)), "") << size;
  EXPECT_THAT(problem(whole + "p/d\n"), HasSubstr("the file is cut off"));
  findings_ = {};
  EXPECT_THAT(read(whole.substr(0, whole.size() - 1)), ::testing::SizeIs(3));
}

TEST_F(KeyListTest, BoundsHold) {
  std::string text;
  for (std::size_t i = 0; i < kMaxWarmKeys; ++i) text += "p/" + std::to_string(i) + "\n";
  EXPECT_THAT(read(text), ::testing::SizeIs(kMaxWarmKeys));
  EXPECT_THAT(problem(text + "p/more\n"), HasSubstr("at most 100000 keys"));
  EXPECT_THAT(problem(std::string(kMaxKeyFileBytes + 1, '\n')),
              HasSubstr("at most 67108864 bytes"));
}

TEST_F(KeyListTest, OneFileMakesNoMoreFindingsThanAReaderCanUse) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "bad\n";
  problem(text);
  EXPECT_EQ(findings_.all().size(), 20u);
  EXPECT_EQ(findings_.all().back().place.line, 20u);
}

}  // namespace
}  // namespace freshet::testing
