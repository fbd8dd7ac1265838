// KeyBuffer: a key while it is put together, on the stack unless it is long. And the bytes that are escaped in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace freshet::detail {

/// Confined to one thread. Neither copied nor moved: text() points into it.
class KeyBuffer {
 public:
  KeyBuffer() noexcept {}  // NOLINT: the bytes are written before they are read
  KeyBuffer(const KeyBuffer&) = delete;
  KeyBuffer& operator=(const KeyBuffer&) = delete;

  void append(std::string_view text) {
    if (text.size() >= kInPlace - size_) return append_long(text);
    if (!text.empty()) std::memcpy(in_place_ + size_, text.data(), text.size());
    size_ += text.size();
  }

  /// Until the next append.
  std::string_view text() const noexcept {
    return is_long() ? std::string_view(long_) : std::string_view(in_place_, size_);
  }

 private:
  static constexpr std::size_t kInPlace = 256;

  bool is_long() const noexcept { return size_ == kInPlace; }
  void append_long(std::string_view text) {
    if (!is_long()) long_.assign(in_place_, size_);
    size_ = kInPlace;  // what says so, for a key in place is shorter
    long_.append(text);
  }

  std::size_t size_ = 0;
  char in_place_[kInPlace];
  std::string long_;
};

/// A set of ASCII characters.
class ByteSet {
 public:
  constexpr ByteSet with(char byte) const noexcept {
    ByteSet more = *this;
    const auto at = static_cast<unsigned char>(byte);
    if (at < 128) more.words_[at / 64] |= std::uint64_t{1} << at % 64;
    return more;
  }
  constexpr bool contains(char byte) const noexcept {
    const auto at = static_cast<unsigned char>(byte);
    return at < 128 && (words_[at / 64] >> at % 64 & 1) != 0;
  }
  constexpr bool empty() const noexcept { return (words_[0] | words_[1]) == 0; }

 private:
  std::uint64_t words_[2] = {};
};

/// Appends with each byte of `escaped` as a percent sign and two hexadecimal digits.
inline void append_escaped(KeyBuffer& key, std::string_view text, const ByteSet& escaped) {
  if (escaped.empty()) return key.append(text);
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::size_t plain = 0;  // where what is not yet appended begins
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!escaped.contains(text[i])) continue;
    const auto byte = static_cast<unsigned char>(text[i]);
    const char code[] = {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    key.append(text.substr(plain, i - plain));
    key.append({code, sizeof code});
    plain = i + 1;
  }
  key.append(text.substr(plain));
}

}  // namespace freshet::detail
