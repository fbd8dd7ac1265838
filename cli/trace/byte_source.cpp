// Three sources over one file: as it is, through zlib, through libzstd.
#include "trace/byte_source.hpp"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace freshet::trace {
namespace {

constexpr std::size_t kInputBytes = std::size_t{128} << 10;
constexpr int kMaxWindowLog = 24;  // 16 MiB

std::string reason_of(int error) { return std::generic_category().message(error); }

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// A file read forward, with the first bytes on show until they are read.
class RawFile {
 public:
  explicit RawFile(const std::filesystem::path& path) : file_(std::fopen(path.c_str(), "rb")) {
    if (!file_) throw SourceError(fmt::format("cannot be opened: {}", reason_of(errno)));
    buffer_.resize(kInputBytes);
    refill();
  }

  /// What is buffered; empty at the end of the file.
  std::span<const unsigned char> look() {
    if (next_ == filled_) refill();
    return std::span(buffer_).subspan(next_, filled_ - next_);
  }

  void skip(std::size_t bytes) noexcept {
    next_ += bytes;
    position_ += bytes;
  }

  std::uint64_t position() const noexcept { return position_; }

 private:
  void refill() {
    next_ = 0;
    filled_ = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
    if (std::ferror(file_.get()) != 0)
      throw SourceError(fmt::format("cannot be read: {}", reason_of(errno)));
  }

  std::unique_ptr<std::FILE, CloseFile> file_;
  std::vector<unsigned char> buffer_;
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t position_ = 0;
};

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(RawFile file) : file_(std::move(file)) {}

  std::size_t read(std::span<char> out) override {
    const std::span<const unsigned char> bytes = file_.look();
    const std::size_t count = std::min(out.size(), bytes.size());
    if (count > 0) std::memcpy(out.data(), bytes.data(), count);
    file_.skip(count);
    return count;
  }

  std::uint64_t position() const noexcept override { return file_.position(); }

 private:
  RawFile file_;
};

class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(RawFile file) : file_(std::move(file)) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw SourceError("zlib could not be started");
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;
  ~GzipSource() override { inflateEnd(&stream_); }

  std::size_t read(std::span<char> out) override {
    while (true) {
      const std::span<const unsigned char> input = file_.look();
      if (input.empty()) {
        if (member_open_) throw SourceError("the gzip data ends too early: the file is cut off");
        return 0;
      }
      if (const std::size_t made = step(input, out); made > 0) return made;
    }
  }

  std::uint64_t position() const noexcept override { return file_.position(); }

 private:
  std::size_t step(std::span<const unsigned char> input, std::span<char> out) {
    if (!member_open_) inflateReset(&stream_);
    member_open_ = true;
    stream_.next_in = const_cast<unsigned char*>(input.data());  // zlib does not write there
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = reinterpret_cast<unsigned char*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      throw SourceError(fmt::format("corrupt gzip data: {}",
                                    stream_.msg != nullptr ? stream_.msg : "not readable"));
    }
    file_.skip(input.size() - stream_.avail_in);
    if (result == Z_STREAM_END) member_open_ = false;
    return out.size() - stream_.avail_out;
  }

  RawFile file_;
  z_stream stream_{};
  bool member_open_ = false;
};

struct FreeZstd {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(RawFile file) : file_(std::move(file)), context_(ZSTD_createDCtx()) {
    if (!context_) throw SourceError("libzstd could not be started");
    checked(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog));
  }

  std::size_t read(std::span<char> out) override {
    while (true) {
      const std::span<const unsigned char> input = file_.look();
      if (input.empty() && !frame_open_) return 0;
      ZSTD_inBuffer from{input.data(), input.size(), 0};
      ZSTD_outBuffer to{out.data(), out.size(), 0};
      frame_open_ = checked(ZSTD_decompressStream(context_.get(), &to, &from)) != 0;
      file_.skip(from.pos);
      if (to.pos > 0) return to.pos;
      if (input.empty() && frame_open_)
        throw SourceError("the zstd data ends too early: the file is cut off");
    }
  }

  std::uint64_t position() const noexcept override { return file_.position(); }

 private:
  static std::size_t checked(std::size_t result) {
    if (ZSTD_isError(result) == 0) return result;
    throw SourceError(fmt::format("corrupt zstd data: {}", ZSTD_getErrorName(result)));
  }

  RawFile file_;
  std::unique_ptr<ZSTD_DCtx, FreeZstd> context_;
  bool frame_open_ = false;
};

template <std::size_t n>
bool begins_with(std::span<const unsigned char> bytes, const std::array<unsigned char, n>& magic) {
  return bytes.size() >= n && std::memcmp(bytes.data(), magic.data(), n) == 0;
}

}  // namespace

std::unique_ptr<ByteSource> open_byte_source(const std::filesystem::path& file) {
  constexpr std::array<unsigned char, 2> kGzip{0x1f, 0x8b};
  constexpr std::array<unsigned char, 4> kZstd{0x28, 0xb5, 0x2f, 0xfd};
  RawFile raw(file);
  const std::span<const unsigned char> start = raw.look();
  if (begins_with(start, kGzip)) return std::make_unique<GzipSource>(std::move(raw));
  if (begins_with(start, kZstd)) return std::make_unique<ZstdSource>(std::move(raw));
  return std::make_unique<PlainSource>(std::move(raw));
}

}  // namespace freshet::trace
