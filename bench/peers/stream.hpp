// Streams: what every subject is asked for. Keys of 16 to 24 bytes, values of 64, in the order of a Zipf distribution.
//
// Keys and values are functions of a number, so each program and each subject makes the same ones, and what is read can be
// checked against its key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::bench {

inline constexpr std::uint32_t kFewKeys = 100'000;
inline constexpr std::uint32_t kManyKeys = 1'000'000;
inline constexpr std::size_t kStreamLength = 2'000'000;  // read in a circle
inline constexpr double kZipfExponent = 0.99;
inline constexpr unsigned kMostThreads = 2;

/// One operation, as it also stands in the files of the Java program: 32 bytes, little endian.
struct Operation {
  std::uint32_t id = 0;
  std::uint8_t key_length = 0;
  bool put = false;  // one in four; workloads without puts do not look at it
  std::array<char, 24> bytes{};

  std::string_view key() const noexcept { return {bytes.data(), key_length}; }
};
static_assert(sizeof(Operation) == 32);

/// The key of a number: "u:", eight hexadecimal digits that no other number has, and more of them up to its length.
Operation operation_of(std::uint32_t id, bool put = false);

inline std::uint64_t first_word(std::string_view text) noexcept {
  std::uint64_t word;
  std::memcpy(&word, text.data(), sizeof word);
  return word;
}

inline std::uint64_t last_word(std::string_view text) noexcept {
  return first_word(text.substr(text.size() - sizeof(std::uint64_t)));
}

/// 64 bytes that belong to a key: its first word and its last, and six between.
struct Value {
  std::array<std::uint64_t, 8> words;

  static Value of(std::string_view key) noexcept {
    return {{first_word(key), 1, 2, 3, 4, 5, 6, last_word(key)}};
  }
  std::string text() const {
    std::string text(sizeof *this, '\0');
    std::memcpy(text.data(), this, sizeof *this);
    return text;
  }
};
static_assert(sizeof(Value) == 64);

/// Ends the program: a subject handed out the value of another key.
[[noreturn]] void wrong_value(std::string_view key);

/// Reads the first and the last word of a value, and says true.
inline bool belongs(const Value& value, std::string_view key) {
  if (value.words[0] != first_word(key) || value.words[7] != last_word(key)) wrong_value(key);
  return true;
}
inline bool belongs(std::string_view value, std::string_view key) {
  if (first_word(value) != first_word(key) || last_word(value) != last_word(key)) wrong_value(key);
  return true;
}

/// From how many keys a stream draws.
enum class Keys : std::uint8_t { few, many };

/// The operations of one thread. Made when first asked for, some seconds each, and kept; confined to one thread.
std::span<const Operation> stream_of(Keys keys, unsigned thread);

/// The keys of stream_of(Keys::many, thread) as strings, for calls that take strings.
std::span<const std::string> key_strings(unsigned thread);

/// Writes the streams into `folder`, as few0.bin, few1.bin, many0.bin and many1.bin.
void write_streams(const std::filesystem::path& folder);

}  // namespace freshet::bench
