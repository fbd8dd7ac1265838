// YAML text to a ConfigValue: what stands where, and documents that were made to hurt.
#include "config/document.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>

namespace freshet::config {
namespace {

ConfigValue read(std::string_view text) {
  Findings findings;
  auto document = read_document(text, "f", findings);
  for (const Finding& finding : findings.all()) ADD_FAILURE() << finding.text();
  return document.value_or(ConfigValue{});
}

/// The only finding of a text that is refused.
std::string finding_of(std::string_view text) {
  Findings findings;
  const bool whole = read_document(text, "f", findings).has_value();
  if (findings.all().size() != 1) return "findings: " + std::to_string(findings.all().size());
  return findings.all().front().text() + (whole ? " (read on)" : "");
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

TEST(DocumentTest, TheTreeKeepsOrderTextQuotesAndPlaces) {
  const ConfigValue root = read("b: 010\na:\n  - \"x y\"\n  - {n: ~}\n");
  ASSERT_EQ(root.members.size(), 2U);
  EXPECT_EQ(root.members[0].key, "b");
  EXPECT_EQ(root.members[0].value.text, "010");
  EXPECT_FALSE(root.members[0].value.quoted);
  EXPECT_EQ(root.members[0].value.place, (Place{"f", 1, 4}));
  EXPECT_EQ(root.members[1].place, (Place{"f", 2, 1}));
  const ConfigValue& list = root.members[1].value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[0].text, "x y");
  EXPECT_TRUE(list.items[0].quoted);
  EXPECT_EQ(list.items[0].place, (Place{"f", 3, 5}));
  EXPECT_EQ(list.items[1].members[0].value.kind, ConfigValue::Kind::null);
  EXPECT_EQ(list.items[1].members[0].place, (Place{"f", 4, 6}));
}

TEST(DocumentTest, AnAbsentValueStandsWhereItsKeyDoes) {
  const ConfigValue root = read("a:\n\n\nb: 1\n");
  EXPECT_EQ(root.find("a")->value.place, (Place{"f", 1, 1}));
}

TEST(DocumentTest, AByteOrderMarkIsPassedOver) {
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "a: 1")
                .find("a")
                ->place.column,
            1U);
}

TEST(DocumentTest, PathsFindPlacesAlsoUnderOddKeys) {
  const ConfigValue root = read("ttl:\n  values: {a.b: 1m, \"c\\n\": 2m}\ntags: [x, y]\n");
  EXPECT_EQ(place_of(root, "ttl.values.a.b"), (Place{"f", 2, 17}));
  EXPECT_EQ(place_of(root, "ttl.values.c\\n"), (Place{"f", 2, 28}));
  EXPECT_EQ(place_of(root, "tags[1]"), (Place{"f", 3, 11}));
  EXPECT_EQ(place_of(root, "tags[2]").line, 0U);
  EXPECT_EQ(place_of(root, "ttl.by").line, 0U);  // not that of ttl: it was not written
  EXPECT_EQ(place_of(root, "nothing").line, 0U);
}

TEST(DocumentTest, LimitsHoldAtTheirEdge) {
  EXPECT_EQ(read(repeated("[", 31) + "a" + repeated("]", 31)).kind, ConfigValue::Kind::list);
  EXPECT_EQ(finding_of(repeated("[", 33) + "a" + repeated("]", 33)).substr(0, 7), "f:1:33:");
  read("[" + repeated("a,", kMaxNodes - 1) + "]");
  EXPECT_EQ(finding_of("[" + repeated("a,", kMaxNodes) + "]"),
            "f:1:40000: [19999]: more than 20000 values and keys");
  read("a: " + repeated("x", kMaxScalarBytes));
  EXPECT_EQ(finding_of("a: " + repeated("x", kMaxScalarBytes + 1)),
            "f:1:4: a: a text of 65537 bytes, expected at most 65536 (read on)");
  read("a: 1\n#" + repeated("x", kMaxDocumentBytes - 6));
  EXPECT_EQ(finding_of("a: 1\n#" + repeated("x", kMaxDocumentBytes - 5)),
            "f: more than 256 KiB, which is the most that is read");
}

TEST(DocumentTest, AnAliasBombIsRefusedLineByLine) {
  Findings findings;
  read_document("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "f", findings);
  EXPECT_EQ(findings.all().size(), 6U);
}

TEST(DocumentTest, ACycleIsRefused) {
  Findings findings;
  read_document("a: &a [*a]\n", "f", findings);
  EXPECT_EQ(findings.all().size(), 2U);
}

TEST(DocumentTest, TextThatIsNotUtf8IsFoundWhereItBegins) {
  EXPECT_EQ(finding_of("a: \"\xC3\xBC\xC3\""),
            "f:1:6: the text is not UTF-8: byte 0xc3 begins no character");
  EXPECT_EQ(finding_of("a: \xC0\xAF"),
            "f:1:4: the text is not UTF-8: byte 0xc0 begins no character");  // overlong
  EXPECT_EQ(finding_of("a: \xED\xA0\x80"),
            "f:1:4: the text is not UTF-8: byte 0xed begins no character");  // surrogate
  EXPECT_EQ(finding_of("a: \xF4\x90\x80\x80"),
            "f:1:4: the text is not UTF-8: byte 0xf4 begins no character");
  EXPECT_EQ(read("a: \xF0\x9F\x98\x80").find("a")->value.text, "\xF0\x9F\x98\x80");
}

TEST(DocumentTest, HostileTextsEndSoonAndWithAFinding) {
  const std::vector<std::string> texts{",",
                                       repeated(",", 200'000),
                                       repeated("[", 200'000),
                                       repeated("{", 200'000),
                                       repeated("[\n", 100'000),
                                       repeated("{a: ", 60'000),
                                       repeated("- ", 100'000),
                                       repeated("? ", 100'000),
                                       repeated(": ", 100'000),
                                       repeated("&a ", 80'000),
                                       repeated("*a ", 80'000),
                                       repeated("!a ", 80'000),
                                       repeated("\"", 200'000),
                                       repeated("'", 200'001),
                                       repeated("a: ", 80'000),
                                       repeated("%", 200'000),
                                       repeated("|\n", 100'000),
                                       repeated("---\n", 60'000),
                                       repeated("...\n", 60'000) + "a",
                                       repeated("a\n", 120'000),
                                       repeated("? [\n", 60'000),
                                       repeated("a: 1\n", 50'000)};
  for (const std::string& text : texts) {
    const auto start = std::chrono::steady_clock::now();
    Findings findings;
    read_document(text, "f", findings);
    EXPECT_FALSE(findings.empty()) << text.substr(0, 10);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{10})
        << text.substr(0, 10);
  }
}

TEST(DocumentTest, WhateverIsBrokenInAGoodTextIsReadOrRefused) {
  const std::string good =
      "freshet: 1\nnamespaces:\n  \"user_*\": {ttl: 5m, tags: [a, 'b']}\n  x:\n    - key: |\n      "
      "  text\n    - ? a\n      : b\n";
  const std::string_view bits = ",[]{}:-?&*!|>'\"%@`#\n\t \\a1~<\x04\xC3";
  std::mt19937 random{20};
  for (int round = 0; round < 20'000; ++round) {
    std::string text = good;
    for (int change = 0; change < 3 && !text.empty(); ++change) {
      const std::size_t at = random() % text.size();
      const char bit = bits[random() % bits.size()];
      switch (random() % 4) {
        case 0:
          text[at] = bit;
          break;
        case 1:
          text.insert(at, 1, bit);
          break;
        case 2:
          text.erase(at, 1);
          break;
        default:
          text.resize(at + 1);
          break;
      }
    }
    Findings findings;
    const auto document = read_document(text, "f", findings);
    ASSERT_TRUE(document || !findings.empty()) << text;
    for (const Finding& finding : findings.all()) ASSERT_GT(finding.place.line, 0U) << text;
  }
}

class DocumentFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = std::filesystem::path(::testing::TempDir()) /
            ("freshet_document_" + std::to_string(::getpid()) + ".yaml");
  }
  void TearDown() override { std::filesystem::remove(file_); }

  std::filesystem::path file_;
  Findings findings_;
};

TEST_F(DocumentFileTest, AFileIsReadToItsLastByte) {
  std::ofstream(file_, std::ios::binary) << "a: 1\r\n# end";
  EXPECT_EQ(read_file(file_, findings_), "a: 1\r\n# end");
  EXPECT_TRUE(findings_.empty());
}

TEST_F(DocumentFileTest, OfAFileThatIsTooLargeNoMoreThanNeededIsRead) {
  std::ofstream(file_, std::ios::binary) << repeated("x", 3 * kMaxDocumentBytes);
  EXPECT_EQ(read_file(file_, findings_)->size(), kMaxDocumentBytes + 1);
}

TEST_F(DocumentFileTest, WhatIsNoRegularFileIsRefusedWithoutBeingOpened) {
  EXPECT_EQ(read_file("/dev/zero", findings_), std::nullopt);
  ASSERT_EQ(findings_.all().size(), 1U);
  EXPECT_EQ(findings_.all().front().text(), "/dev/zero: expected a regular file");
}

TEST_F(DocumentFileTest, AFileThatMayNotBeReadIsAFinding) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  std::ofstream(file_) << "a: 1";
  std::filesystem::permissions(file_, std::filesystem::perms::none);
  EXPECT_EQ(read_file(file_, findings_), std::nullopt);
  ASSERT_EQ(findings_.all().size(), 1U);
  EXPECT_EQ(findings_.all().front().text(), file_.string() + ": cannot be read: Permission denied");
}

}  // namespace
}  // namespace freshet::config
