// Globs, against a naive matcher over every short pattern and name, and against patterns made to be
// slow.
#include "config/glob.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "freshet/limits.hpp"

namespace freshet::config {
namespace {

/// The definition, in exponential time.
bool naive_match(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    return naive_match(pattern.substr(1), name) ||
           (!name.empty() && naive_match(pattern, name.substr(1)));
  }
  if (name.empty() || (pattern[0] != '?' && pattern[0] != name[0])) return false;
  return naive_match(pattern.substr(1), name.substr(1));
}

/// Every text of up to `length` of these letters.
std::vector<std::string> words(std::string_view letters, std::size_t length) {
  std::vector<std::string> all{""};
  for (std::size_t from = 0; length > 0; --length) {
    const std::size_t end = all.size();
    for (; from < end; ++from) {
      for (const char letter : letters) all.push_back(all[from] + letter);
    }
  }
  return all;
}

TEST(GlobTest, MatchingAgreesWithTheDefinition) {
  const auto names = words("ab", 5);
  for (const std::string& pattern : words("ab*?", 4)) {
    for (const std::string& name : names) {
      ASSERT_EQ(glob_matches(pattern, name), naive_match(pattern, name))
          << pattern << " on " << name;
    }
  }
}

TEST(GlobTest, PatternsMeetIfSomeNameMatchesBoth) {
  const auto patterns = words("ab*?", 3);
  const auto names = words("ab", 6);  // two patterns of three characters meet in six or not at all
  for (const std::string& a : patterns) {
    for (const std::string& b : patterns) {
      bool meet = false;
      for (const std::string& name : names)
        meet = meet || (naive_match(a, name) && naive_match(b, name));
      ASSERT_EQ(globs_meet(a, b), meet) << a << " and " << b;
    }
  }
}

TEST(GlobTest, ManyStarsDoNotExplode) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(4000, 'a')));
  EXPECT_TRUE(glob_matches(pattern, std::string(4000, 'a')));
}

TEST(GlobTest, PatternsOfMoreThan64PlacesAreMatchedToTheirEnd) {
  const std::string a(63, 'a');
  const std::string b(66, 'b');
  EXPECT_TRUE(glob_matches(a + "*?" + b, a + "x" + b));
  EXPECT_TRUE(glob_matches(a + "*?" + b, a + "a" + b));
  EXPECT_FALSE(glob_matches(a + "*?" + b, a + b));
  EXPECT_FALSE(glob_matches(a + "*?" + b, a + "x" + b + "x"));
  EXPECT_TRUE(globs_meet("*" + b, std::string(200, '?')));
  EXPECT_FALSE(globs_meet("*c" + b, std::string(200, '?') + b.substr(1) + "c"));
}

TEST(GlobTest, APatternThatIsTooLongForABlockMatchesNothing) {
  const std::string longest = "*" + std::string(kMaxNamespaceBytes - 1, 'a');
  EXPECT_TRUE(glob_matches(longest, std::string(600, 'a')));
  EXPECT_FALSE(glob_matches(longest + "a", std::string(600, 'a')));
}

TEST(GlobTest, TheLiteralPrefixEndsAtTheFirstWildcard) {
  EXPECT_EQ(literal_prefix("user_*_x"), "user_");
  EXPECT_EQ(literal_prefix("us?r*"), "us");
  EXPECT_EQ(literal_prefix("*"), "");
  EXPECT_EQ(literal_prefix("users"), "users");
  EXPECT_TRUE(is_glob("user?"));
  EXPECT_FALSE(is_glob("user_[a]"));
}

}  // namespace
}  // namespace freshet::config
