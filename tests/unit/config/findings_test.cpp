// The words of findings: suggestions, shortening, order.
#include "freshet/findings.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

const std::vector<std::string> kWords{"strategy", "capacity", "ttl", "ttl_jitter", "key", "tags"};

TEST(FindingsTest, OneSlipIsForgiven) {
  EXPECT_EQ(nearest_word("startegy", kWords), "strategy");   // swapped
  EXPECT_EQ(nearest_word("strtegy", kWords), "strategy");    // left out
  EXPECT_EQ(nearest_word("sstrategy", kWords), "strategy");  // doubled
  EXPECT_EQ(nearest_word("stretegy", kWords), "strategy");   // replaced
  EXPECT_EQ(nearest_word("ttk", kWords), "ttl");
}

TEST(FindingsTest, ThreeSlipsInALongWordAreForgivenWhereverTheyStand) {
  std::string word;
  for (int i = 0; i < 60; ++i) word += static_cast<char>('a' + i % 26);
  const std::vector<std::string> words{word};
  EXPECT_EQ(nearest_word("X" + word.substr(0, 30) + "X" + word.substr(30) + "X", words), word);
  EXPECT_EQ(nearest_word(word.substr(1, 28) + word.substr(30, 29), words), word);
  EXPECT_EQ(nearest_word("ba" + word.substr(2, 56) + "hg", words), word);
  EXPECT_EQ(nearest_word("X" + word.substr(1, 58) + "XX", words), word);
  EXPECT_EQ(nearest_word("X" + word.substr(1, 58) + "YYY", words), std::nullopt);
  EXPECT_EQ(nearest_word(word.substr(4), words), std::nullopt);
}

TEST(FindingsTest, CaseIsNoDistance) { EXPECT_EQ(nearest_word("TTL", kWords), "ttl"); }

TEST(FindingsTest, TheNearestOfSeveralIsTaken) {
  EXPECT_EQ(nearest_word("ttl_jiter", kWords), "ttl_jitter");
  EXPECT_EQ(nearest_word("tll", kWords), "ttl");
}

TEST(FindingsTest, WordsThatAreFarGetNoSuggestion) {
  EXPECT_EQ(nearest_word("colour", kWords), std::nullopt);
  EXPECT_EQ(nearest_word("x", kWords), std::nullopt);
  EXPECT_EQ(nearest_word("", kWords), std::nullopt);
  EXPECT_EQ(nearest_word(std::string(100'000, 's'), kWords), std::nullopt);
}

TEST(FindingsTest, WithoutASuggestionTheChoicesAreListed) {
  EXPECT_EQ(did_you_mean("tgas", kWords), ", did you mean \"tags\"?");
  EXPECT_EQ(did_you_mean("colour", std::vector<std::string>{"ttl", "key"}),
            ", expected one of: ttl, key");
  EXPECT_EQ(did_you_mean("colour", std::vector<std::string>{"ttl"}), ", expected ttl");
  EXPECT_EQ(did_you_mean("colour", std::vector<std::string>{}), "");
}

TEST(FindingsTest, WhateverWasWrittenStaysOneReadableLine) {
  EXPECT_EQ(in_quotes("a\nb\x1b[2J\"\\"), R"("a\nb\x1b[2J\"\\")");
  const std::string kept(64, 'x');
  EXPECT_EQ(in_quotes(kept), "\"" + kept + "\"");
  EXPECT_EQ(in_quotes(kept + "x"), "\"" + kept + "…\"");
  const std::string room_for_one(63, 'x');  // and the next character has two bytes
  EXPECT_EQ(in_quotes(room_for_one + "ü"), "\"" + room_for_one + "…\"");
}

TEST(FindingsTest, PlacesAreLeftOutWhereTheyAreNotKnown) {
  EXPECT_EQ((Finding{{"f.yaml", 3, 7}, "a.b", "wrong"}.text()), "f.yaml:3:7: a.b: wrong");
  EXPECT_EQ((Finding{{"f.yaml", 0, 0}, "", "wrong"}.text()), "f.yaml: wrong");
  EXPECT_EQ((Finding{{}, "a.b", "wrong"}.text()), "a.b: wrong");
  EXPECT_EQ((Finding{{"", 3, 7}, "", "wrong"}.text()), "3:7: wrong");
}

TEST(FindingsTest, TheyAreThrownInTheOrderOfTheirPlacesAndOnce) {
  Findings findings;
  findings.add(Place{"f", 2, 9}, "c", "third");
  findings.add(Place{"f", 2, 1}, "b", "second");
  findings.add(Place{"f", 1, 5}, "a", "first");
  findings.add(Place{"f", 2, 1}, "b", "second");
  try {
    findings.throw_if_any();
    FAIL() << "nothing was thrown";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "f:1:5: a: first\nf:2:1: b: second\nf:2:9: c: third");
    EXPECT_EQ(error.findings().size(), 3U);
  }
}

TEST(FindingsTest, BeyondAsManyAsWereAskedForTheFirstOnesAreThrown) {
  Findings findings(2);
  findings.add(Place{"f", 2, 1}, "b", "second");
  findings.add(Place{"f", 1, 1}, "a", "first");
  try {
    findings.add(Place{"f", 3, 1}, "c", "third");
    FAIL() << "nothing was thrown";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "f:1:1: a: first\nf:2:1: b: second\n"
                 "f:3:1: there is more: reading stopped here, after 2 findings");
  }
}

TEST(FindingsTest, NothingWrongThrowsNothing) { EXPECT_NO_THROW(Findings{}.throw_if_any()); }

}  // namespace
}  // namespace freshet
