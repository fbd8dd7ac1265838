// Traces: as text, and as what claims to be gzip or zstd.
//
// Whatever the bytes: rows or a refusal of one line, the same both times. Rows are what the format promises, and printed
// they read back to the same. A text that begins with the comment #gzip or #zstd reads the same from such a file of it:
// not every text, since packing costs more than reading.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "freshet/limits.hpp"
#include "fuzz/one_line.hpp"
#include "support/pack.hpp"
#include "trace/trace_reader.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t kMaxRows = 100'000;  // packed bytes can hold any number

/// A file in memory, gone with the object.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : file_(::memfd_create("trace", MFD_CLOEXEC)) {
    if (file_ < 0) throw std::runtime_error("memfd_create");
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written <= 0) throw std::runtime_error("write");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(file_); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

struct Reading {
  std::string rows{};     // as a trace again
  std::string refusal{};  // without the name of the file
  friend bool operator==(const Reading&, const Reading&) = default;
};

void require_row(const trace::TraceRow& row, std::int64_t& newest) {
  const auto plain = [](std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
      return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == ',' || c == '|';
    });
  };
  require(!row.key.empty() && row.key.size() <= kMaxKeyBytes && plain(row.key), "a key is a key");
  require(row.size >= -1 && row.ttl_ms >= -1 && row.timestamp_ms >= -1, "-1 is the least number");
  require(row.timestamp_ms == -1 || row.timestamp_ms >= newest, "time never decreases");
  newest = std::max(newest, row.timestamp_ms);
  for (const std::string_view tag : row.tags)
    require(!tag.empty() && tag.size() <= kMaxTagBytes && plain(tag), "a tag is a tag");
}

std::string printed(const trace::TraceRow& row) {
  constexpr std::string_view kOps[] = {"get", "set", "delete"};
  std::string text = std::to_string(row.timestamp_ms) + ',';
  text.append(row.key) += ',' + std::to_string(row.size) + ',';
  text.append(kOps[static_cast<std::size_t>(row.op)]) += ',' + std::to_string(row.ttl_ms) + ',';
  for (const std::string_view tag : row.tags)
    text.append(text.back() == ',' ? "" : "|").append(tag);
  return text + '\n';
}

Reading read(std::string_view bytes) {
  const MemoryFile file(bytes);
  Reading reading;
  std::int64_t newest = -1;
  try {
    trace::TraceReader reader(file.path());
    trace::TraceRow row;
    for (std::size_t rows = 0; rows < kMaxRows && reader.next(row); ++rows) {
      require_row(row, newest);
      reading.rows += printed(row);
    }
    require(reader.position() <= reader.size(), "no more is read than there is");
  } catch (const trace::TraceError& error) {
    require_one_line(error.what());
    reading.refusal = std::string(error.what()).substr(file.path().size());
  }
  return reading;
}

}  // namespace

void fuzz_trace(std::string_view input) {
  const Reading reading = read(input);
  require(reading == read(input), "a trace read twice is read the same");
  require(read(reading.rows) == Reading{reading.rows, {}}, "rows that are printed read back");
  if (input.starts_with("#gzip"))
    require(reading == read(test::gzip(input)), "a trace reads the same from gzip");
  if (input.starts_with("#zstd"))
    require(reading == read(test::zstd(input)), "a trace reads the same from zstd");
}

}  // namespace freshet::fuzz
