// KeyBuffer: a key while it is put together, on the stack unless it is long. And the bytes that are escaped in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace freshet::detail {

/// The bytes at `from` as a number. Up to 8 bytes of a text: as many as there are, those in the middle perhaps twice, and zeros.
template <class Word>
Word load_word(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
inline std::uint64_t word_of(const char* text, std::size_t size) noexcept {
  if (size >= 4) {
    const std::uint64_t last = load_word<std::uint32_t>(text + size - 4);
    return last << 32 | load_word<std::uint32_t>(text);
  }
  const auto byte = [text](std::size_t at) -> std::uint64_t {
    return static_cast<unsigned char>(text[at]);
  };
  return size == 0 ? 0 : byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

/// memcpy for what is mostly a few bytes, whose call would cost more than the copy. The two do not overlap.
inline void copy_few(char* to, const char* from, std::size_t size) noexcept {
  const auto ends = [&]<class Word>(Word) {  // which may overlap
    const Word first = load_word<Word>(from);
    const Word last = load_word<Word>(from + size - sizeof(Word));
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + size - sizeof last, &last, sizeof last);
  };
  if (size > 16) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    ends(std::uint64_t{});
  } else if (size >= 4) {
    ends(std::uint32_t{});
  } else if (size != 0) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
}

/// Confined to one thread. Neither copied nor moved: text() points into it.
class KeyBuffer {
 public:
  KeyBuffer() noexcept {}  // NOLINT: the bytes are written before they are read
  KeyBuffer(const KeyBuffer&) = delete;
  KeyBuffer& operator=(const KeyBuffer&) = delete;

  void append(std::string_view text) {
    const std::size_t size = size_;  // which the copy leaves alone, though the compiler cannot know
    if (text.size() >= kInPlace - size) return append_long(text);
    copy_few(in_place_ + size, text.data(), text.size());
    size_ = size + text.size();
  }

  /// `write(to)` writes up to `Most` bytes and answers where they end.
  template <std::size_t Most, class Write>
  void append_written(Write&& write) {
    if (Most < kInPlace - size_) {
      size_ = static_cast<std::size_t>(write(in_place_ + size_) - in_place_);
    } else {
      char text[Most];
      append({text, static_cast<std::size_t>(write(text) - text)});
    }
  }

  /// Until the next append.
  std::string_view text() const noexcept {
    return is_long() ? std::string_view(long_) : std::string_view(in_place_, size_);
  }

 private:
  static constexpr std::size_t kInPlace = 256;

  bool is_long() const noexcept { return size_ == kInPlace; }
  [[gnu::noinline]] void append_long(std::string_view text) {
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
    const auto at = static_cast<unsigned char>(byte);
    if (at >= 128 || contains(byte)) return *this;
    ByteSet more = *this;
    more.words_[at / 64] |= std::uint64_t{1} << at % 64;
    for (std::size_t i = size_; i < kFew; ++i) more.eightfold_[i] = at * kEachByte;
    ++more.size_;
    return more;
  }
  constexpr bool contains(char byte) const noexcept {
    const auto at = static_cast<unsigned char>(byte);
    return at < 128 && (words_[at / 64] >> at % 64 & 1) != 0;
  }
  constexpr bool empty() const noexcept { return size_ == 0; }

  /// True only if no byte of the text is in the set; tells so of any text if the set is small, as those of keys are. Looks at eight
  /// bytes at once.
  bool none_in(std::string_view text) const noexcept {
    if (size_ > kFew) return false;
    const char* at = text.data();
    if (text.size() < 8) return !may_be_in(word_of(at, text.size()));
    const char* const last = at + text.size() - 8;
    for (; at < last; at += 8) {
      if (may_be_in(load_word<std::uint64_t>(at))) return false;
    }
    return !may_be_in(load_word<std::uint64_t>(last));
  }

 private:
  static constexpr std::size_t kFew = 3;
  static constexpr std::uint64_t kEachByte = 0x0101'0101'0101'0101;

  /// Whether one of eight bytes is in a set of a few: then a difference has a byte that is zero, which alone borrows from above
  /// without having had a highest bit itself.
  bool may_be_in(std::uint64_t bytes) const noexcept {
    std::uint64_t zeros = 0;
    for (const std::uint64_t one : eightfold_) {
      const std::uint64_t difference = bytes ^ one;
      zeros |= (difference - kEachByte) & ~difference;
    }
    return (zeros & kEachByte << 7) != 0;
  }

  std::uint64_t words_[2] = {};
  std::uint64_t eightfold_[kFew] =
      {};  // the first bytes of the set, the last of them in all places left
  std::size_t size_ = 0;
};

[[gnu::noinline]] inline void append_byte_by_byte(KeyBuffer& key, std::string_view text,
                                                  const ByteSet& escaped) {
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

/// Appends with each byte of `escaped` as a percent sign and two hexadecimal digits.
inline void append_escaped(KeyBuffer& key, std::string_view text, const ByteSet& escaped) {
  if (escaped.empty() || escaped.none_in(text)) return key.append(text);
  append_byte_by_byte(key, text, escaped);
}

}  // namespace freshet::detail
