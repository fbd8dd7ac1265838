// Patterns over keys, compared with a matcher that follows the words of the grammar one by one.
//
// The input is the pattern, a line end, and the keys, one in a line.
#include <optional>
#include <vector>

#include "freshness/key_glob.hpp"
#include "fuzz/fuzzers.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t kMaxCompared =
    160;  // bytes of pattern and key: more than two words of states

bool in_set(std::string_view set, char byte) {
  const auto wanted = static_cast<unsigned char>(byte);
  for (std::size_t at = 0; at < set.size(); ++at) {
    if (at + 2 < set.size() && set[at + 1] == '-') {
      if (wanted >= static_cast<unsigned char>(set[at]) &&
          wanted <= static_cast<unsigned char>(set[at + 2]))
        return true;
      at += 2;
    } else if (set[at] == byte) {
      return true;
    }
  }
  return false;
}

/// A part of a pattern: `*`, or what takes one byte.
struct Part {
  char kind = 'c';  // '*', '?', 'c' for a byte, '[' for one of a set, '!' for none of it
  std::string_view text{};
};

std::optional<std::vector<Part>> parts_of(std::string_view pattern) {
  std::vector<Part> parts;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '*' || c == '?') {
      parts.push_back({c});
    } else if (c == '\\') {
      if (++at == pattern.size()) return std::nullopt;
      parts.push_back({'c', pattern.substr(at, 1)});
    } else if (c == '[') {
      const bool inverted = at + 1 < pattern.size() && pattern[at + 1] == '!';
      const std::size_t begin = at + (inverted ? 2 : 1);
      const std::size_t end =
          pattern.find(']', begin + 1);  // a bracket that comes first is a member
      if (begin >= pattern.size() || end == std::string_view::npos) return std::nullopt;
      parts.push_back({inverted ? '!' : '[', pattern.substr(begin, end - begin)});
      at = end;
    } else {
      parts.push_back({'c', pattern.substr(at, 1)});
    }
  }
  return parts;
}

bool takes(const Part& part, char byte) {
  if (part.kind == '?') return true;
  if (part.kind == 'c') return part.text.front() == byte;
  return in_set(part.text, byte) == (part.kind == '[');
}

/// reached[i]: the first i parts can have matched the bytes so far.
bool plainly_matches(const std::vector<Part>& parts, std::string_view key) {
  std::vector<bool> reached(parts.size() + 1);
  const auto pass_stars = [&] {
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (reached[i] && parts[i].kind == '*') reached[i + 1] = true;
  };
  reached[0] = true;
  pass_stars();
  for (const char byte : key) {
    std::vector<bool> next(parts.size() + 1);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!reached[i]) continue;
      if (parts[i].kind == '*') next[i] = true;
      if (parts[i].kind != '*' && takes(parts[i], byte)) next[i + 1] = true;
    }
    reached = next;
    pass_stars();
  }
  return reached.back();
}

}  // namespace

void fuzz_key_glob(std::string_view input) {
  auto [pattern, keys] = split_at(input, "\n");
  const auto glob = detail::KeyGlob::parse(pattern);
  const auto parts = parts_of(pattern);
  require(glob.has_value() == parts.has_value(), "a pattern ends, or it does not");
  if (!glob) return;
  require(glob->text() == pattern, "a pattern is told as it was written");
  do {
    const auto [key, rest] = split_at(keys, "\n");
    const bool matches = glob->matches(key);
    if (pattern.size() <= kMaxCompared && key.size() <= kMaxCompared)
      require(matches == plainly_matches(*parts, key), "a pattern matches what its words say");
    keys = rest;
  } while (!keys.empty());
}

}  // namespace freshet::fuzz
