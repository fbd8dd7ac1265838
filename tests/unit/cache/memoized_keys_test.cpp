// The keys of memoized functions: how arguments become text, and that different arguments never become the same.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <set>

#include "freshet/key_text.hpp"
#include "freshet/memoized.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {

struct Account {
  std::string region;
  int number = 0;
};

enum class Colour : std::uint8_t { red = 1, blue = 2 };

}  // namespace freshet::testing

template <>
struct freshet::KeyText<freshet::testing::Account> {
  static auto of(const freshet::testing::Account& a) { return std::tuple(a.region, a.number); }
};

namespace freshet::testing {
namespace {

class MemoizedKeysTest : public CacheFixture {
 protected:
  MemoizedKeysTest() { use("freshet: 1\nnamespaces:\n  p: {strategy: manual}\n"); }
  Cache<int> p() { return invalidator_->cache<int>("p"); }

  /// The part of the key that stands for one value.
  template <class T>
  std::string text(const T& value) {
    return p().memoize("{}", [](const T&) { return 0; }).key(value);
  }
  template <class T>
  std::size_t count_distinct(std::initializer_list<T> values) {
    std::set<std::string> texts;
    for (const T& value : values) texts.insert(text(value));
    return texts.size();
  }
};

TEST_F(MemoizedKeysTest, NumbersEnumerationsAndDurations) {
  EXPECT_EQ(text(-42), "-42");
  EXPECT_EQ(text(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(text(std::uint8_t{65}), "65");
  EXPECT_EQ(text('A'), "A");
  EXPECT_EQ(text(true), "true");
  EXPECT_EQ(text(Colour::blue), "2");
  EXPECT_EQ(text(90s), "90");
  EXPECT_EQ(text(std::chrono::duration<double>(0.5)), "0.5");
  EXPECT_EQ(text(Instant{} + 1ns), "1");
}

TEST_F(MemoizedKeysTest, FloatingPointHasTheShortestTextThatReadsBackAsTheSameNumber) {
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_NE(text(0.1), text(0.1 + 1e-17 * 2));
  EXPECT_EQ(text(0.0), "0");
  EXPECT_EQ(text(-0.0), "-0") << "1 / x tells them apart, so they are different arguments";
  EXPECT_EQ(text(std::nan("1")), "nan");
  EXPECT_EQ(text(-std::nan("2")), "nan");
  EXPECT_EQ(text(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(text(1.0F / 3), "0.33333334");
}

TEST_F(MemoizedKeysTest, ASingleStringStandsThereAsItIs) {
  const auto find = p().memoize("user:{}:profile", [](std::string_view) { return 0; });
  EXPECT_EQ(find.key("a:b%"), "user:a:b%:profile");
  EXPECT_EQ(find.key(""), "user::profile");
  EXPECT_EQ(p().memoize("{{{}}}", [](int) { return 0; }).key(1), "{1}");
}

TEST_F(MemoizedKeysTest, StringsAreEscapedWhereThereAreSeveralArguments) {
  const auto find = p().memoize("{}:{}", [](const std::string&, std::string_view) { return 0; });
  EXPECT_EQ(find.key("a:b", "c"), "a%3Ab:c");
  EXPECT_EQ(find.key("a", "b:c"), "a:b%3Ac");
  EXPECT_EQ(find.key("", "%3A"), ":%253A");
  EXPECT_EQ(find.key("a b/c", "Zürich"), "a b/c:Zürich") << "only what separates is escaped";
  const auto words = p().memoize("from {} to {}", [](std::string, std::string) { return 0; });
  EXPECT_EQ(words.key("here to", "there"), "from here%20to to there");
  EXPECT_NE(words.key("a to b", "c"), words.key("a", "b to c"));
}

TEST_F(MemoizedKeysTest, WithoutAPlaceholderTheArgumentsFollowTheName) {
  EXPECT_EQ(p().memoize("user", [](int) { return 0; }).key(7), "user:7");
  const auto find = p().memoize("find", [](std::string, int, bool) { return 0; });
  EXPECT_EQ(find.key("a:1", -1, false), "find:a%3A1:-1:false");
  EXPECT_NE(find.key("a:1", 2, true), find.key("a", 12, true));
}

TEST_F(MemoizedKeysTest, NoTwoOptionalsListsOrTuplesHaveOneText) {
  using Text = std::optional<std::string>;
  EXPECT_EQ(count_distinct<Text>({std::nullopt, "", "%n", "n", "%25n"}), 5u);
  using Nested = std::optional<std::optional<int>>;
  EXPECT_EQ(count_distinct<Nested>({std::nullopt, Nested(std::optional<int>()), 1}), 3u);
  using List = std::vector<std::string>;
  EXPECT_EQ(count_distinct<List>({{}, {""}, {"", ""}, {"a"}, {"a", ""}, {"a%s"}, {"%z"}}), 7u);
  using Lists = std::vector<List>;
  EXPECT_EQ(count_distinct<Lists>({{}, {{}}, {{}, {}}, {{""}}, {{"", ""}}, {{""}, {}}, {{"%l%z"}}}),
            7u);
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(count_distinct<Pair>({{"", ""}, {"%s", ""}, {"", "%s"}, {"a", "b"}, {"ab", ""}}), 5u);
  using Array = std::array<int, 2>;
  EXPECT_EQ(count_distinct<Array>({{1, 12}, {11, 2}, {-1, 12}}), 3u);
}

// Every tuple of three strings over an alphabet of what is special, under several formats: as many keys as tuples.
TEST_F(MemoizedKeysTest, DifferentArgumentsHaveDifferentKeysUnderEveryFormat) {
  std::vector<std::string> words{""};
  for (std::size_t begin = 0, length = 0; length < 2; ++length) {
    const std::size_t end = words.size();
    for (; begin < end; ++begin) {
      for (char special : {':', '%', '3', 'A', '/'}) words.push_back(words[begin] + special);
    }
  }
  const auto check = [&](auto function) {
    std::set<std::string> keys;
    std::size_t tuples = 0;
    for (const auto& a : words) {
      for (const auto& b : words) {
        for (int c : {0, 3, -3}) {
          keys.insert(function.key(a, c, b));
          ++tuples;
        }
      }
    }
    EXPECT_EQ(keys.size(), tuples) << function.tag();
  };
  const auto load = [](std::string, int, std::string) { return 0; };
  check(p().memoize("name", load));
  check(p().memoize("{}:{}:{}", load));
  check(p().memoize("x{}/{}:3{}3", load));
  check(p().memoize("{}::{}/:{}A", load));
}

TEST_F(MemoizedKeysTest, ATypeSaysWhatIdentifiesIt) {
  const auto find = p().memoize("account:{}:{}", [](const Account&, int) { return 0; });
  EXPECT_NE(find.key({"eu:1", 2}, 3), find.key({"eu", 12}, 3));
  EXPECT_EQ(find.key({"eu", 12}, 3), find.key({"eu", 12}, 3));
  EXPECT_EQ(count_distinct<std::optional<Account>>({std::nullopt, Account{}, Account{"%n", 0}}),
            3u);
}

TEST_F(MemoizedKeysTest, LongKeysAreWholeToo) {
  const auto find = p().memoize("a:{}:{}", [](std::string, std::string) { return 0; });
  for (std::size_t size : {250u, 251u, 252u, 253u, 254u, 255u, 256u, 257u, 1000u}) {
    const std::string text(size, 'x');
    EXPECT_EQ(find.key(text, "y:"), "a:" + text + ":y%3A");
    EXPECT_EQ(find.key("", text), "a::" + text);
  }
}

TEST_F(MemoizedKeysTest, ANullPointerIsNoText) {
  const auto find = p().memoize("a:{}", [](const char*) { return 0; });
  EXPECT_THROW(find(nullptr), InvalidName);
  EXPECT_EQ(find.key("b"), "a:b");
}

}  // namespace
}  // namespace freshet::testing
