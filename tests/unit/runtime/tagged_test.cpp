// rt::tagged: the look at several words at once.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {
namespace {

// Every way in which seven words can have a tag, for tags at the ends of their range and words that differ from them in one bit.
TEST(TaggedTest, TheWordsOfATagAreFound) {
  struct alignas(64) Line {
    std::array<rt::Atomic<std::uint64_t>, 7> words{};
    rt::Atomic<std::uint64_t> behind{~std::uint64_t{0}};
  };
  Line line;
  for (const std::uint16_t tag : {0x0000, 0x0001, 0x7FFF, 0x8000, 0xFFFF, 0x1234}) {
    for (unsigned bit = 0; bit < 16; ++bit) {
      const auto other = static_cast<std::uint16_t>(tag ^ 1U << bit);
      for (unsigned pattern = 0; pattern < 128; ++pattern) {
        unsigned expected = 0;
        for (unsigned i = 0; i < 7; ++i) {
          const bool has = (pattern >> i & 1) != 0;
          // What stands below the tag must not matter.
          line.words[i] = std::uint64_t{has ? tag : other} << 48 | (i % 2 == 0 ? 0 : ~0ULL >> 16);
          expected |= static_cast<unsigned>(has) << (rt::kTaggedBits * i + rt::kTaggedBits - 1);
        }
        ASSERT_EQ(rt::tagged(line.words, tag), expected) << tag << " " << bit << " " << pattern;
      }
    }
  }
}

}  // namespace
}  // namespace freshet::detail
