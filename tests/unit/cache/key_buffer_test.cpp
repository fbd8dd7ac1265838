// KeyBuffer and ByteSet against the plainest way to write the same, at every length at which they do something else.
#include "freshet/detail/key_buffer.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "freshet/detail/key_format.hpp"

namespace freshet::detail {
namespace {

std::string escaped(std::string_view text, std::string_view set) {
  std::string out;
  char code[4];
  for (const char byte : text) {
    if (set.find(byte) == std::string_view::npos) {
      out += byte;
    } else {
      std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(byte));
      out += code;
    }
  }
  return out;
}

ByteSet set_of(std::string_view bytes) {
  ByteSet set;
  for (const char byte : bytes) set = set.with(byte);
  return set;
}

/// From a piece of memory of just its size, so that AddressSanitizer sees who reads beyond it.
std::string appended(std::string_view text, const ByteSet& set) {
  const std::vector<char> exact(text.begin(), text.end());
  KeyBuffer key;
  append_escaped(key, {exact.data(), exact.size()}, set);
  return std::string(key.text());
}

TEST(KeyBufferTest, TextsOfEveryLengthAreWholeWhereverTheyBegin) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>('a' + i % 26);
  for (std::size_t before : {0u, 1u, 7u, 200u, 240u, 254u, 255u, 256u, 300u}) {
    for (std::size_t size = 0; size <= text.size(); ++size) {
      KeyBuffer key;
      key.append(std::string(before, '-'));
      key.append(std::string_view(text).substr(0, size));
      key.append("|");
      EXPECT_EQ(key.text(), std::string(before, '-') + text.substr(0, size) + "|");
    }
  }
}

TEST(KeyBufferTest, AByteIsEscapedWhereverItStands) {
  // Four are more than are looked for eight bytes at a time.
  for (const std::string_view set : {"%", "%:", "%:/", "%:/|", "%:/|~ "}) {
    for (std::size_t size = 0; size <= 40; ++size) {
      EXPECT_EQ(appended(std::string(size, 'x'), set_of(set)), std::string(size, 'x'));
      for (std::size_t at = 0; at < size; ++at) {
        for (const char byte : set) {
          std::string text(size, 'x');
          text[at] = byte;
          ASSERT_EQ(appended(text, set_of(set)), escaped(text, set)) << set << " in " << text;
        }
      }
    }
  }
}

TEST(KeyBufferTest, NoOtherByteIs) {
  const std::string_view set = "%:";
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::size_t size : {1u, 2u, 3u, 4u, 7u, 8u, 9u, 16u, 17u}) {
      const std::string text(size, static_cast<char>(byte));
      ASSERT_EQ(appended(text, set_of(set)), escaped(text, set)) << byte;
    }
  }
  EXPECT_TRUE(set_of(set).none_in(std::string(9, '\xBA'))) << "a colon but for its highest bit";
  EXPECT_TRUE(set_of(set).none_in("")) << "what it is not of eight bytes of is not looked at";
  EXPECT_FALSE(set_of(set).none_in("a:"));
}

TEST(KeyBufferTest, ASetNamedTwiceIsTheSame) {
  const ByteSet set = set_of("::%:%:");
  EXPECT_TRUE(set.contains(':') && set.contains('%'));
  EXPECT_TRUE(set.none_in("abc")) << "two bytes, not six";
  EXPECT_TRUE(ByteSet{}.empty());
  EXPECT_FALSE(set.empty());
  EXPECT_FALSE(set.with('\xFF').contains('\xFF'));
}

TEST(KeyBufferTest, NumbersAreWholeWhereverTheyBegin) {
  for (std::size_t before = 0; before < 300; ++before) {
    KeyBuffer key;
    key.append(std::string(before, '-'));
    append_number(key, std::numeric_limits<std::int64_t>::min());
    key.append(":");
    append_number(key, -std::numeric_limits<double>::denorm_min());
    EXPECT_EQ(key.text(), std::string(before, '-') + "-9223372036854775808:-5e-324");
  }
}

}  // namespace
}  // namespace freshet::detail
