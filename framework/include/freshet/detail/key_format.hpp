// KeyFormat: "report:{}:{}", checked by the compiler; and KeyPattern, which makes keys by it.
//
// Between two placeholders stands a separator, whose first character is escaped in every string that is put in, and which no
// other text contains. So where each argument ends can be told from the key: different arguments, different keys. With a
// single placeholder there is nothing to tell apart, and strings are put in as they are.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "freshet/detail/key_buffer.hpp"
#include "freshet/detail/key_parts.hpp"

namespace freshet::detail {

/// Reads a format from left to right.
class KeyFormatReader {
 public:
  enum class Token : std::uint8_t { literal, placeholder, end, bad };

  constexpr explicit KeyFormatReader(std::string_view format) noexcept : rest_(format) {}

  constexpr Token next() noexcept {
    if (rest_.empty()) return Token::end;
    byte_ = rest_.front();
    const bool is_brace = byte_ == '{' || byte_ == '}';
    if (is_brace && rest_.size() == 1) return Token::bad;
    const bool is_doubled = is_brace && rest_[1] == byte_;
    const bool is_placeholder = is_brace && byte_ == '{' && rest_[1] == '}';
    if (is_brace && !is_doubled && !is_placeholder) return Token::bad;
    rest_.remove_prefix(is_brace ? 2 : 1);
    return is_placeholder ? Token::placeholder : Token::literal;
  }
  /// The character of a literal.
  constexpr char byte() const noexcept { return byte_; }

 private:
  std::string_view rest_;
  char byte_ = '\0';
};

/// Whether no text of a value contains it, once it is escaped in strings.
constexpr bool can_separate(char byte) noexcept {
  const bool is_printable = byte >= ' ' && byte <= '~';
  const bool is_digit = byte >= '0' && byte <= '9';
  const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  return is_printable && !is_digit && !is_letter && byte != '%' && byte != '.' && byte != '+' &&
         byte != '-';
}

/// Arity of a function whose parameters are not known; its format is not looked at, for something else is wrong with it.
inline constexpr std::size_t kUnknownArity = SIZE_MAX;

// No function of these is defined: that one is called where a constant is needed is the compiler's message.
void key_format_is_empty();
void key_format_has_something_other_than_empty_braces_for_a_placeholder();
void key_format_needs_one_placeholder_for_each_key_argument_or_none_at_all();
void key_format_needs_a_separator_such_as_a_colon_between_placeholders();

/// Calls one of the above for a format that does not fit `arity` key arguments.
constexpr void check_key_format(std::string_view format, std::size_t arity) {
  if (format.empty()) key_format_is_empty();
  std::size_t placeholders = 0;
  char separator = '/';  // the first character after the last placeholder; none: '\0'
  KeyFormatReader reader(format);
  for (auto token = reader.next(); token != KeyFormatReader::Token::end; token = reader.next()) {
    if (token == KeyFormatReader::Token::bad) {
      key_format_has_something_other_than_empty_braces_for_a_placeholder();
    } else if (token == KeyFormatReader::Token::literal) {
      if (separator == '\0') separator = reader.byte();
    } else {
      if (!can_separate(separator)) {
        key_format_needs_a_separator_such_as_a_colon_between_placeholders();
      }
      separator = '\0';
      ++placeholders;
    }
  }
  if (placeholders != 0 && placeholders != arity) {
    key_format_needs_one_placeholder_for_each_key_argument_or_none_at_all();
  }
}

/// A format for keys of `Arity` arguments. Made from a string literal only.
template <std::size_t Arity>
class KeyFormat {
 public:
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view>
  consteval KeyFormat(const Text& text)  // NOLINT: implicit, as a parameter type should be
      : text_(text) {
    if (Arity != kUnknownArity) check_key_format(text_, Arity);
  }
  constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

/// Makes keys by a format that was checked. Without a placeholder each argument follows the format's text after a ':'.
template <std::size_t Arity>
class KeyPattern {
 public:
  KeyPattern() = default;  // for functions whose keys are made in another way
  explicit KeyPattern(std::string_view format) {
    std::size_t at = 0;
    KeyFormatReader reader(format);
    for (auto token = reader.next(); token != KeyFormatReader::Token::end; token = reader.next()) {
      if (token == KeyFormatReader::Token::placeholder) {
        ++at;
      } else {
        literals_[at] += reader.byte();
      }
    }
    if (at == 0) {
      for (std::size_t i = 0; i < Arity; ++i) literals_[i] += ':';
    }
    if constexpr (Arity > 1) {
      escaped_ = escaped_.with('%');
      for (std::size_t i = 1; i < Arity; ++i) escaped_ = escaped_.with(literals_[i].front());
    }
  }

  template <class... Arguments>
  void append(KeyBuffer& key, const Arguments&... arguments) const {
    static_assert(sizeof...(Arguments) == Arity);
    std::size_t at = 0;
    ((key.append(literals_[at++]), append_key_text(key, arguments, escaped_)), ...);
    key.append(literals_[Arity]);
  }

 private:
  std::array<std::string, Arity + 1> literals_;  // what stands around the arguments
  ByteSet escaped_;
};

}  // namespace freshet::detail
