// Strings of a middling size lie in their entry, and nobody who reads them can tell.
#include "freshet/detail/text_in_place.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "support/store_fixture.hpp"

namespace freshet::detail {
namespace {

class TextInPlaceTest : public StoreFixture {
 protected:
  static const std::string& text_of(const EntryRef& entry) {
    return *static_cast<const std::string*>(entry_of(entry).value());
  }
  static bool lies_behind_itself(const std::string& text) {
    return text.data() == reinterpret_cast<const char*>(&text + 1);
  }
  static std::string text(std::size_t size) {
    std::string made(size, 'x');
    for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<char>(i * 7 % 256);
    return made;
  }
};

TEST_F(TextInPlaceTest, EverySizeIsWhatWasStored) {
  std::vector<EntryRef> entries;
  for (std::size_t size = 0; size <= TextInPlace::kMost + 50; ++size)
    entries.push_back(entry("k" + std::to_string(size), text(size)));
  for (std::size_t size = 0; size < entries.size(); ++size) {
    const std::string& stored = text_of(entries[size]);
    ASSERT_EQ(stored, text(size));
    ASSERT_EQ(stored.c_str()[size], '\0');
    const bool in_place = size >= TextInPlace::kLeast && size <= TextInPlace::kMost;
    ASSERT_EQ(lies_behind_itself(stored), in_place) << size;
  }
}

TEST_F(TextInPlaceTest, ACopyIsAStringLikeAnyOther) {
  std::string copy;
  {
    const EntryRef made = entry("k", text(100));
    copy = text_of(made);
    std::string changed = text_of(made) + "more";
    changed.reserve(5'000);
    EXPECT_EQ(changed.substr(0, 100), text_of(made));
  }
  EXPECT_EQ(copy, text(100)) << "after its entry went";
  copy.append(2'000, 'y');
  EXPECT_EQ(copy.size(), 2'100u);
}

TEST_F(TextInPlaceTest, WhatWasGivenAwayMayBeUsedAgain) {
  std::string given = text(64);
  const EntryRef made =
      Entry::create(key("k"), {space_}, freshness_.revision(), now_, Deadlines{}, erase(given));
  given.assign(200, 'z');
  EXPECT_EQ(text_of(made), text(64));
}

TEST_F(TextInPlaceTest, ItsBytesAreThoseThatItTakes) {
  std::string roomy = text(64);
  roomy.reserve(700);
  const EntryRef made =
      Entry::create(key("key"), {space_}, freshness_.revision(), now_, Deadlines{}, erase(roomy));
  EXPECT_EQ(entry_of(made).bytes(), 3 + sizeof(std::string) + 65);
  std::string large = text(2'000);
  large.shrink_to_fit();
  const EntryRef elsewhere =
      Entry::create(key("key"), {space_}, freshness_.revision(), now_, Deadlines{}, erase(large));
  EXPECT_EQ(entry_of(elsewhere).bytes(), 3 + sizeof(std::string) + 2'001);
}

TEST_F(TextInPlaceTest, APlaceIsGivenOutOnce) {
  char place[32];
  PlaceBehind<char>::next() = {place, sizeof place};
  EXPECT_EQ(PlaceBehind<char>().allocate(20), place);
  EXPECT_THROW(PlaceBehind<char>().allocate(1), std::bad_alloc);
  PlaceBehind<char>::next() = {place, 10};
  EXPECT_THROW(PlaceBehind<char>().allocate(11), std::bad_alloc);
}

}  // namespace
}  // namespace freshet::detail
