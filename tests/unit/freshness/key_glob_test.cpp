// Globs against a matcher that tries everything, and patterns made to take it forever.
#include "freshness/key_glob.hpp"

#include <gtest/gtest.h>

#include <random>

namespace freshet::detail {
namespace {

bool matches(std::string_view pattern, std::string_view key) {
  const auto glob = KeyGlob::parse(pattern);
  return glob && glob->matches(key);
}

// The end of the set that begins after `[`, npos if it does not end.
std::size_t end_of_set(std::string_view set) {
  std::size_t at = !set.empty() && set.front() == '!' ? 1 : 0;
  for (bool first = true; at < set.size(); first = false) {
    if (set[at] == ']' && !first) return at;
    at += at + 2 < set.size() && set[at + 1] == '-' && set[at + 2] != ']' ? 3 : 1;
  }
  return std::string_view::npos;
}

bool in_set(std::string_view set, char byte) {
  const bool inverted = !set.empty() && set.front() == '!';
  if (inverted) set.remove_prefix(1);
  bool in = false;
  const auto code = [](char c) { return static_cast<unsigned char>(c); };
  while (!set.empty()) {
    const bool range = set.size() > 2 && set[1] == '-';
    const char to = range ? set[2] : set[0];
    in = in || (code(set[0]) <= code(byte) && code(byte) <= code(to));
    set.remove_prefix(range ? 3 : 1);
  }
  return in != inverted;
}

bool ends(std::string_view pattern) {
  while (!pattern.empty()) {
    const char next = pattern.front();
    pattern.remove_prefix(1);
    if (next == '\\') {
      if (pattern.empty()) return false;
      pattern.remove_prefix(1);
    } else if (next == '[') {
      const std::size_t end = end_of_set(pattern);
      if (end == std::string_view::npos) return false;
      pattern.remove_prefix(end + 1);
    }
  }
  return true;
}

// Tries every way. `steps` is what it may still do; at zero it gives up.
bool naive(std::string_view pattern, std::string_view key, std::uint64_t& steps) {
  if (steps == 0 || --steps == 0) return false;
  if (pattern.empty()) return key.empty();
  if (pattern.front() == '*') {
    return naive(pattern.substr(1), key, steps) ||
           (!key.empty() && naive(pattern, key.substr(1), steps));
  }
  if (key.empty()) return false;
  switch (pattern.front()) {
    case '?':
      return naive(pattern.substr(1), key.substr(1), steps);
    case '\\':
      return pattern[1] == key.front() && naive(pattern.substr(2), key.substr(1), steps);
    case '[': {
      const std::size_t end = end_of_set(pattern.substr(1));
      return in_set(pattern.substr(1, end), key.front()) &&
             naive(pattern.substr(end + 2), key.substr(1), steps);
    }
    default:
      return pattern.front() == key.front() && naive(pattern.substr(1), key.substr(1), steps);
  }
}

bool naive(std::string_view pattern, std::string_view key) {
  std::uint64_t steps = 50'000'000;
  const bool matched = naive(pattern, key, steps);
  EXPECT_GT(steps, 0u);
  return matched;
}

class KeyGlobTest : public ::testing::Test {
 protected:
  std::string random_text(std::string_view alphabet, std::size_t longest) {
    std::string text(random_() % (longest + 1), ' ');
    for (char& byte : text) byte = alphabet[random_() % alphabet.size()];
    return text;
  }
  std::mt19937 random_{42};
};

TEST_F(KeyGlobTest, WordsMatchThemselvesOnly) {
  EXPECT_TRUE(matches("user:42", "user:42"));
  EXPECT_FALSE(matches("user:42", "user:421"));
  EXPECT_FALSE(matches("user:42", "user:4"));
  EXPECT_FALSE(matches("user:42", ""));
}

TEST_F(KeyGlobTest, AStarTakesAnyRunAndAQuestionMarkOneByte) {
  EXPECT_TRUE(matches("user:*:profile", "user:42:profile"));
  EXPECT_TRUE(matches("user:*:profile", "user::profile"));
  EXPECT_TRUE(matches("user:*:profile", "user:1:2:profile"));
  EXPECT_FALSE(matches("user:*:profile", "user:42:profiles"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("**", "anything"));
  EXPECT_TRUE(matches("a?c", "abc"));
  EXPECT_FALSE(matches("a?c", "ac"));
}

TEST_F(KeyGlobTest, ASetTakesOneOfItsBytesOrOneThatIsNot) {
  EXPECT_TRUE(matches("[a-c]", "b"));
  EXPECT_FALSE(matches("[a-c]", "d"));
  EXPECT_TRUE(matches("[!a-c]", "d"));
  EXPECT_FALSE(matches("[!a-c]", "b"));
  EXPECT_TRUE(matches("[]]", "]"));
  EXPECT_TRUE(matches("[a-]", "-"));
  EXPECT_FALSE(matches("[c-a]", "b"));
}

TEST_F(KeyGlobTest, ABackslashTakesTheNextByteAsItIs) {
  EXPECT_TRUE(matches("\\*", "*"));
  EXPECT_FALSE(matches("\\*", "a"));
  EXPECT_TRUE(matches("a\\[b", "a[b"));
}

TEST_F(KeyGlobTest, BytesAreBytes) {
  EXPECT_TRUE(matches("\xff?\x80", "\xff\xc0\x80"));
  EXPECT_TRUE(matches("[\x80-\xff]", "\xe9"));
  using namespace std::string_literals;
  EXPECT_TRUE(matches("a\0*"s, "a\0b"s));
  EXPECT_FALSE(matches("a\0b"s, "a"s));
}

TEST_F(KeyGlobTest, APatternThatDoesNotEndIsNone) {
  for (const char* pattern : {"[", "a[b", "[!", "[]", "[!]", "a\\", "[a-"}) {
    EXPECT_FALSE(KeyGlob::parse(pattern)) << pattern;
  }
}

TEST_F(KeyGlobTest, RandomShortPatternsMatchWhatTryingEverythingMatches) {
  std::size_t matched = 0;
  std::size_t refused = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string pattern = random_text("ab**??[]!-\\", 8);
    const std::string key = random_text("ab]-!\\[", 6);
    const auto glob = KeyGlob::parse(pattern);
    ASSERT_EQ(glob.has_value(), ends(pattern)) << pattern;
    refused += glob ? 0 : 1;
    if (!glob) continue;
    ASSERT_EQ(glob->matches(key), naive(pattern, key)) << pattern << " against " << key;
    matched += glob->matches(key) ? 1 : 0;
  }
  EXPECT_GT(matched, 5'000u);
  EXPECT_GT(refused, 5'000u);
}

// Longer than one word of states: the carry between words is what may go wrong.
TEST_F(KeyGlobTest, RandomLongPatternsMatchWhatTryingEverythingMatches) {
  std::size_t matched = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string pattern;
    std::string key;
    const std::size_t wanted = 60 + random_() % 140;
    int stars = 0;
    while (pattern.size() < wanted) {
      const char byte = "ab"[random_() % 2];
      switch (random_() % 24) {
        case 0:
          if (++stars > 3) break;
          pattern += '*';
          key += random_text("ab", 5);
          break;
        case 1:
          pattern += '?';
          key += byte;
          break;
        case 2:
          pattern += "[!c]";
          key += byte;
          break;
        default:
          pattern += byte;
          key += byte;
      }
    }
    if (random_() % 2 == 0) key[random_() % key.size()] = 'c';
    const auto glob = KeyGlob::parse(pattern);
    ASSERT_TRUE(glob);
    ASSERT_EQ(glob->matches(key), naive(pattern, key)) << pattern << " against " << key;
    matched += glob->matches(key) ? 1 : 0;
  }
  EXPECT_GT(matched, 500u);
}

// What takes a matcher that goes back more steps than there will ever be is one pass over the key.
TEST_F(KeyGlobTest, APatternMadeToTakeForeverTakesOnePass) {
  std::string pattern;
  while (pattern.size() + 3 < 512) pattern += "*a";
  pattern += "*b";
  const std::string key(4096, 'a');
  std::uint64_t steps = 10'000'000;
  naive(pattern, key, steps);
  EXPECT_EQ(steps, 0u) << "the pattern is harmless: it proves nothing";
  const auto glob = KeyGlob::parse(pattern);
  ASSERT_TRUE(glob);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(glob->matches(key));
  std::string ending = key;
  ending.back() = 'b';
  EXPECT_TRUE(glob->matches(ending));
  EXPECT_FALSE(glob->matches(key.substr(0, 200))) << "it has more a's than the key";
}

}  // namespace
}  // namespace freshet::detail
