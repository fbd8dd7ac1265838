// Patterns without a star are compared byte by byte. Others are automatons over the places of the pattern, kept as bits as in
// KeyGlob (freshness/key_glob.hpp), in an array on the stack. Going back to the last star on a mismatch would need no array,
// and for each of a thousand blocks and each of a thousand rules as many steps as both names have bytes, multiplied.
#include "config/glob.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "freshet/limits.hpp"

namespace freshet::config {
namespace {

using Word = std::uint64_t;
constexpr std::size_t kBits = 64;
constexpr std::size_t kMaxWords = kMaxNamespaceBytes / kBits + 1;

/// `?` in the name stands for any byte, as it does in a pattern.
bool is_open(char c, bool wild_name) noexcept { return wild_name && c == '?'; }

bool match_without_star(std::string_view pattern, std::string_view name, bool wild_name) noexcept {
  return std::equal(
      pattern.begin(), pattern.end(), name.begin(), name.end(),
      [wild_name](char p, char n) { return p == '?' || is_open(n, wild_name) || p == n; });
}

/// For a pattern with a star and at most kMaxNamespaceBytes.
bool match_with_stars(std::string_view pattern, std::string_view name, bool wild_name) noexcept {
  const std::size_t words = pattern.size() / kBits + 1;
  std::array<Word, 256 * kMaxWords> accepts;  // per byte: the places that it may lead to
  std::fill_n(accepts.begin(), 256 * words, 0);
  std::array<Word, kMaxWords> open{};   // places that every byte may lead to
  std::array<Word, kMaxWords> loops{};  // places that a star keeps alive
  std::array<Word, kMaxWords> alive{1};
  std::size_t place = 0;
  for (const char c : pattern) {
    if (c != '*') ++place;
    const Word bit = Word{1} << (place % kBits);
    if (c == '*') {
      loops[place / kBits] |= bit;
    } else if (c == '?') {
      open[place / kBits] |= bit;
    } else {
      accepts[static_cast<unsigned char>(c) * words + place / kBits] |= bit;
    }
  }
  for (const char c : name) {
    const Word* const led_to = &accepts[static_cast<unsigned char>(c) * words];
    const Word all = is_open(c, wild_name) ? ~Word{0} : 0;
    Word carried = 0;
    Word any = 0;
    for (std::size_t i = 0; i < words; ++i) {
      const Word moved = (alive[i] << 1) | carried;
      carried = alive[i] >> (kBits - 1);
      alive[i] = (moved & (led_to[i] | open[i] | all)) | (alive[i] & loops[i]);
      any |= alive[i];
    }
    if (any == 0) return false;
  }
  return ((alive[place / kBits] >> (place % kBits)) & 1) != 0;
}

bool match(std::string_view pattern, std::string_view name, bool wild_name) noexcept {
  if (pattern.find('*') == std::string_view::npos)
    return match_without_star(pattern, name, wild_name);
  return pattern.size() <= kMaxNamespaceBytes && match_with_stars(pattern, name, wild_name);
}

bool agree(char a, char b) noexcept { return a == '?' || b == '?' || a == b; }

/// Whether the first characters of both agree, as many as both have.
bool heads_agree(std::string_view a, std::string_view b) noexcept {
  const std::size_t shared = std::min(a.size(), b.size());
  return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shared), b.begin(), agree);
}

bool tails_agree(std::string_view a, std::string_view b) noexcept {
  const std::size_t shared = std::min(a.size(), b.size());
  return std::equal(a.rbegin(), a.rbegin() + static_cast<std::ptrdiff_t>(shared), b.rbegin(),
                    agree);
}

}  // namespace

bool is_glob(std::string_view pattern) noexcept {
  return pattern.find_first_of("*?") != std::string_view::npos;
}

std::string_view literal_prefix(std::string_view pattern) noexcept {
  return pattern.substr(0, pattern.find_first_of("*?"));
}

bool glob_matches(std::string_view pattern, std::string_view name) noexcept {
  return match(pattern, name, false);
}

bool globs_meet(std::string_view a, std::string_view b) noexcept {
  const std::size_t star_a = a.find('*');
  const std::size_t star_b = b.find('*');
  // Without a star the length is fixed, and the one can be read as a name in which `?` agrees with
  // anything.
  if (star_a == std::string_view::npos) return match(b, a, true);
  if (star_b == std::string_view::npos) return match(a, b, true);
  // With a star in each, the ends decide: head, both middles one after the other, tail is a name
  // for both.
  return heads_agree(a.substr(0, star_a), b.substr(0, star_b)) &&
         tails_agree(a.substr(a.rfind('*') + 1), b.substr(b.rfind('*') + 1));
}

}  // namespace freshet::config
