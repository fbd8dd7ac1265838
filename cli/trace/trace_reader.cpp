// Lines out of a byte source, rows out of lines.
#include "trace/trace_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <system_error>

#include "freshet/limits.hpp"

namespace freshet::trace {
namespace {

constexpr std::size_t kColumns = 6;
constexpr std::size_t kShownBytes = 40;

/// `text` fit for a message: not long, nothing that a terminal would obey.
std::string shown(std::string_view text) {
  std::string result = "\"";
  for (const char c : text.substr(0, kShownBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result + (text.size() > kShownBytes ? "…\"" : "\"");
}

/// Splits at commas. Returns how many columns there are, which may be more than fit.
std::size_t split(std::string_view line, std::array<std::string_view, kColumns>& columns) {
  std::size_t count = 0;
  while (true) {
    const std::size_t comma = line.find(',');
    if (count < kColumns) columns[count] = line.substr(0, comma);
    ++count;
    if (comma == std::string_view::npos) return count;
    line.remove_prefix(comma + 1);
  }
}

bool is_blank(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }

}  // namespace

TraceReader::TraceReader(const std::filesystem::path& file) : name_(file.string()) {
  try {
    source_ = open_byte_source(file);
  } catch (const SourceError& error) {
    throw TraceError(fmt::format("{}: {}", name_, error.what()));
  }
  std::error_code unknown;
  const std::uintmax_t size = std::filesystem::file_size(file, unknown);
  if (!unknown) size_ = size;
  buffer_.resize(4 * kMaxLineBytes);
}

bool TraceReader::next(TraceRow& row) {
  std::string_view line;
  while (next_line(line)) {
    if (line.starts_with('#')) continue;
    parse(line, row);
    return true;
  }
  return false;
}

bool TraceReader::next_line(std::string_view& line) {
  ++line_;
  std::size_t searched = 0;
  while (true) {
    const std::string_view unread(buffer_.data() + begin_, end_ - begin_);
    const std::size_t newline = unread.find('\n', searched);
    const std::size_t length = std::min(newline, unread.size());
    if (length > kMaxLineBytes)
      fail(fmt::format("the line is longer than {} bytes", kMaxLineBytes));
    if (newline != std::string_view::npos) {
      line = unread.substr(0, newline);
      begin_ += newline + 1;
      return true;
    }
    searched = unread.size();
    if (fill()) continue;
    line = std::string_view(buffer_.data() + begin_,
                            end_ - begin_);  // the last line may lack its newline
    begin_ = end_;
    return !line.empty();
  }
}

/// Gets more bytes behind the unread ones, which have room: they are less than a line.
bool TraceReader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  try {
    const std::size_t count = source_->read(std::span(buffer_).subspan(end_));
    end_ += count;
    return count > 0;
  } catch (const SourceError& error) {
    fail(error.what());
  }
}

void TraceReader::parse(std::string_view line, TraceRow& row) {
  const auto blank = std::find_if(line.begin(), line.end(), is_blank);
  if (blank != line.end()) {
    fail(
        fmt::format("found byte 0x{:02x} at column {}, expected no blanks or control characters: "
                    "they are percent-encoded",
                    static_cast<unsigned char>(*blank), blank - line.begin() + 1));
  }
  std::array<std::string_view, kColumns> columns;
  if (const std::size_t count = split(line, columns); count != kColumns) {
    fail(fmt::format("found {} column{}, expected {}: timestamp_ms,key,size,op,ttl_ms,tags", count,
                     count == 1 ? "" : "s", kColumns));
  }
  row.timestamp_ms = parse_number("timestamp_ms", columns[0]);
  row.key = columns[1];
  row.size = parse_number("size", columns[2]);
  row.ttl_ms = parse_number("ttl_ms", columns[4]);
  if (row.key.empty()) fail("the key is empty");
  if (row.key.size() > kMaxKeyBytes)
    fail(fmt::format("the key is longer than {} bytes", kMaxKeyBytes));
  if (row.key.find('|') != std::string_view::npos) {
    fail(fmt::format("key: found '|' in {}, expected it percent-encoded", shown(row.key)));
  }
  if (columns[3] == "get") {
    row.op = Op::get;
  } else if (columns[3] == "set") {
    row.op = Op::set;
  } else if (columns[3] == "delete") {
    row.op = Op::erase;
  } else {
    fail(fmt::format("op: found {}, expected get, set or delete", shown(columns[3])));
  }
  parse_tags(columns[5], row);
  if (row.timestamp_ms >= 0 && row.timestamp_ms < newest_ms_) {
    fail(fmt::format("timestamp_ms: found {} after {}, expected times that never decrease",
                     row.timestamp_ms, newest_ms_));
  }
  newest_ms_ = std::max(newest_ms_, row.timestamp_ms);
}

void TraceReader::parse_tags(std::string_view tags, TraceRow& row) const {
  row.tags.clear();
  if (tags.empty()) return;
  while (true) {
    const std::size_t bar = tags.find('|');
    const std::string_view tag = tags.substr(0, bar);
    if (tag.empty()) fail("tags: found an empty tag, expected names separated by single '|'");
    if (tag.size() > kMaxTagBytes)
      fail(fmt::format("tags: a tag is longer than {} bytes", kMaxTagBytes));
    row.tags.push_back(tag);
    if (bar == std::string_view::npos) return;
    tags.remove_prefix(bar + 1);
  }
}

std::int64_t TraceReader::parse_number(std::string_view column, std::string_view text) const {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error == std::errc::invalid_argument || stopped != end) {
    fail(fmt::format("{}: found {}, expected a whole number", column, shown(text)));
  }
  if (error != std::errc{} || number < -1 || number > kMaxMilliseconds) {
    fail(fmt::format("{}: found {}, expected -1 to {}", column, shown(text), kMaxMilliseconds));
  }
  return number;
}

void TraceReader::fail(std::string_view message) const {
  throw TraceError(fmt::format("{}:{}: {}", name_, line_, message));
}

}  // namespace freshet::trace
