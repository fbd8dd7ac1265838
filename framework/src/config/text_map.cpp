// TextMap: one pass over the text.
#include "config/text_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace freshet::config {
namespace {

std::uint32_t byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

/// Length of the UTF-8 character that begins at `at`; 0 if none does. Overlong forms, surrogates
/// and what lies beyond U+10FFFF are none.
std::size_t character_length(std::string_view text, std::size_t at) {
  const std::uint32_t first = byte_at(text, at);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  if ((first & 0xE0) == 0xC0) length = 2;
  if ((first & 0xF0) == 0xE0) length = 3;
  if ((first & 0xF8) == 0xF0) length = 4;
  if (length == 0) return 0;
  std::uint32_t code = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const std::uint32_t next = byte_at(text, at + i);
    if ((next & 0xC0) != 0x80) return 0;
    code = (code << 6) | (next & 0x3F);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kLeast[length] || code > 0x10FFFF || surrogate ? 0 : length;
}

bool is_forbidden(std::uint32_t byte) {
  return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
}

}  // namespace

TextMap::TextMap(std::string_view text, std::string file)
    : text_(text), file_(std::move(file)), lines_{0} {
  const bool ascii = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii) followers_.reserve(text.size() + 1);
  std::uint32_t followers = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!ascii) followers_.push_back(followers);
    if ((byte_at(text, i) & 0xC0) == 0x80) ++followers;
    if (text[i] == '\n') lines_.push_back(i + 1);
  }
  if (!ascii) followers_.push_back(followers);

  for (std::size_t at = 0; at < text.size() && !fault_;) {
    const std::size_t length = character_length(text, at);
    const auto line = static_cast<std::size_t>(std::upper_bound(lines_.begin(), lines_.end(), at) -
                                               lines_.begin()) -
                      1;
    if (length == 0) {
      fault_ = {place(line, at - lines_[line]),
                fmt::format("the text is not UTF-8: byte 0x{:02x} begins no character",
                            byte_at(text, at))};
    } else if (is_forbidden(byte_at(text, at))) {
      fault_ = {place(line, at - lines_[line]),
                fmt::format("control character 0x{:02x}", byte_at(text, at))};
    }
    at += length;
  }
}

Place TextMap::place(std::size_t line, std::size_t byte) const {
  std::size_t column = byte;
  if (!followers_.empty() && line < lines_.size()) {
    const std::size_t end = std::min(lines_[line] + byte, text_.size());
    column -= std::min<std::size_t>(column, followers_[end] - followers_[lines_[line]]);
  }
  return {file_, line + 1, column + 1};
}

}  // namespace freshet::config
