// ByteSource: the bytes of a file, unpacked if they are gzip or zstd.
//
// What a file is says its first bytes, not its name. Memory is constant: a zstd frame that wants a
// window of more than 16 MiB is refused, since such a file could ask for any amount. Concatenated
// members and frames are read as one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>

namespace freshet::trace {

/// A file that cannot be opened, read or unpacked: the reason, without the file's name.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Confined to one thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  /// Fills some of `out`, at least a byte. Returns how many; 0 at the end, and only there. Throws
  /// SourceError, also where packed data ends too early.
  virtual std::size_t read(std::span<char> out) = 0;

  /// How much of the file, as it lies on the disk, has been used.
  virtual std::uint64_t position() const noexcept = 0;
};

/// Throws SourceError.
std::unique_ptr<ByteSource> open_byte_source(const std::filesystem::path& file);

}  // namespace freshet::trace
