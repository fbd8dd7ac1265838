// TraceReader: a recorded trace, row by row.
//
// Format: text, plain or packed with gzip or zstd; lines that start with '#' are comments; each
// other line is
//
//   timestamp_ms,key,size,op,ttl_ms,tags
//
//   timestamp_ms  milliseconds since the first request, never decreasing; -1: only the order is
//   known key           not empty; commas, bars and blanks in it are percent-encoded and stay so
//   size          of the object; 0: the origin has no such object; -1: not known
//   op            get, set or delete
//   ttl_ms        lifetime of the value that the row loads or writes; 0: must not be kept; -1: not
//   known tags          none or more, separated by '|'
//
// The reader is strict: a figure that comes from a misread trace is worse than none. Memory does
// not depend on the length of the file, and a line may have no more than 64 KiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "trace/byte_source.hpp"

namespace freshet::trace {

enum class Op : std::uint8_t { get, set, erase };

/// One request. The views are valid until the reader's next row.
struct TraceRow {
  std::int64_t timestamp_ms = -1;
  std::string_view key{};
  std::int64_t size = -1;
  Op op = Op::get;
  std::int64_t ttl_ms = -1;
  std::vector<std::string_view> tags{};
};

/// A trace that cannot be used: `file:line: what was found, what was expected`.
class TraceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr std::size_t kMaxLineBytes = std::size_t{64} << 10;
inline constexpr std::int64_t kMaxMilliseconds =
    1'000'000'000'000;  // 31 years: whole traces stay within a Duration

/// Confined to one thread.
class TraceReader {
 public:
  /// Opens the file. Throws TraceError.
  explicit TraceReader(const std::filesystem::path& file);

  /// Reads the next row; false at the end. Throws TraceError; after that the reader is of no more
  /// use.
  bool next(TraceRow& row);

  /// Bytes of the file, as it lies on the disk, that have been read, and that there are.
  std::uint64_t position() const noexcept { return source_->position(); }
  std::uint64_t size() const noexcept { return size_; }

  /// The line of the last row, counting from 1.
  std::uint64_t line() const noexcept { return line_; }

 private:
  bool next_line(std::string_view& line);
  bool fill();
  void parse(std::string_view line, TraceRow& row);
  void parse_tags(std::string_view tags, TraceRow& row) const;
  std::int64_t parse_number(std::string_view column, std::string_view text) const;
  [[noreturn]] void fail(std::string_view message) const;

  std::string name_;
  std::uint64_t size_ = 0;
  std::unique_ptr<ByteSource> source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // the unread part of buffer_
  std::size_t end_ = 0;
  std::uint64_t line_ = 0;
  std::int64_t newest_ms_ = -1;
};

}  // namespace freshet::trace
