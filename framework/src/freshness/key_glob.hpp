// KeyGlob: a pattern over keys. `*` any run of bytes, `?` any byte, `[a-z_]` one of, `[!a-z]` none of, `\` takes the next byte as
// it is.
//
// An automaton over positions of the pattern, kept as bits (Baeza-Yates and Gonnet, "A new approach to text searching", CACM
// 1992): matching costs O(bytes of the key × bytes of the pattern / 64), whatever the pattern. There is no backtracking.
// Immutable; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::detail {

class KeyGlob {
 public:
  /// Nothing for a pattern that does not end: an open bracket, a backslash at the end.
  static std::optional<KeyGlob> parse(std::string_view pattern);

  /// A pattern that takes `text` and nothing else.
  static std::string literal(std::string_view text);

  const std::string& text() const noexcept { return text_; }
  bool matches(std::string_view key) const;

 private:
  using Word = std::uint64_t;

  KeyGlob() = default;
  bool matches_short(std::string_view key) const noexcept;
  bool matches_long(std::string_view key) const;

  std::string text_;
  std::string head_;       // literal bytes before the first special one
  std::size_t steps_ = 0;  // positions; state i means: the first i steps have matched
  std::vector<std::array<Word, 256>> on_;  // per word of states: which steps accept the byte
  std::vector<Word> loops_;                // states that a star keeps alive
};

}  // namespace freshet::detail
