#include "config/key_list.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "config/document.hpp"
#include "freshet/limits.hpp"

namespace freshet::config {
namespace {

constexpr std::string_view kFirstLine = "# freshet hot keys 1";
constexpr std::string_view kLastLine = "# end, keys: ";
constexpr std::size_t kMostFindings = 20;  // about one file; more of them say nothing new

std::string last_line(std::size_t keys) { return fmt::format("{}{}", kLastLine, keys); }

/// The byte that an escape stands for; takes it from `text`, which begins behind the backslash.
std::optional<char> unescape(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const char kind = text.front();
  text.remove_prefix(1);
  if (kind == '\\') return '\\';
  if (kind == 'n') return '\n';
  if (kind == 'r') return '\r';
  if (kind != 'x' || text.size() < 2) return std::nullopt;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 2, value, 16);
  if (error != std::errc() || end != text.data() + 2) return std::nullopt;
  text.remove_prefix(2);
  return static_cast<char>(value);
}

bool unescape(std::string_view text, std::string& into) {
  while (!text.empty()) {
    const char byte = text.front();
    text.remove_prefix(1);
    if (byte != '\\') {
      into += byte;
      continue;
    }
    const auto meant = unescape(text);
    if (!meant) return false;
    into += *meant;
  }
  return true;
}

/// `in_space`: a slash would end the namespace, and a # in front would make the line a comment.
void escape(std::string_view text, bool in_space, std::string& into) {
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    const bool special = code < 0x20 || code == 0x7F || (in_space && (byte == '/' || byte == '#'));
    if (byte == '\\') {
      into += "\\\\";
    } else if (special) {
      into += fmt::format("\\x{:02x}", code);
    } else {
      into += byte;
    }
  }
}

class KeyFile {
 public:
  KeyFile(const std::filesystem::path& file, Findings& findings)
      : name_(file.string()), findings_(findings) {}

  std::vector<KeyName> read(std::string_view text, bool hot_keys_only) {
    if (text.size() > kMaxKeyFileBytes) {
      add(0, fmt::format("expected at most {} bytes, found more", kMaxKeyFileBytes));
      return {};
    }
    const bool whole = hot_keys_only || text.substr(0, kFirstLine.size()) == kFirstLine;
    if (whole && text.substr(0, kFirstLine.size() + 1) != std::string(kFirstLine) + '\n') {
      add(1,
          fmt::format("expected {} as the first line: no file of hot keys, or of another version",
                      in_quotes(kFirstLine)));
      return {};
    }
    while (!text.empty() && problems_ < kMostFindings) {
      const std::size_t end = text.find('\n');
      read_line(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    if (whole && problems_ == 0 && last_ != last_line(keys_.size())) {
      add(line_, fmt::format("the file is cut off: expected {} as the last line, found {}",
                             in_quotes(last_line(keys_.size())), in_quotes(last_)));
    }
    if (problems_ > 0) keys_.clear();
    return std::move(keys_);
  }

 private:
  void add(std::size_t line, std::string message) {
    ++problems_;
    findings_.add(Place{name_, line, line > 0 ? std::size_t{1} : std::size_t{0}}, {},
                  std::move(message));
  }

  void read_line(std::string_view line) {
    ++line_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    last_ = line;
    if (line.empty() || line.front() == '#') return;
    ReadKey key = read_key_name(line);
    if (!key.problem.empty()) return add(line_, std::move(key.problem));
    if (keys_.size() == kMaxWarmKeys)
      return add(line_, fmt::format("expected at most {} keys, found more", kMaxWarmKeys));
    keys_.push_back(std::move(key.name));
  }

  const std::string name_;
  Findings& findings_;
  std::vector<KeyName> keys_;
  std::size_t line_ = 0;
  std::size_t problems_ = 0;
  std::string_view last_;
};

std::vector<KeyName> read(const std::filesystem::path& file, bool hot_keys_only,
                          Findings& findings) {
  const auto text = read_file(file, findings, kMaxKeyFileBytes);
  if (!text) return {};
  return KeyFile(file, findings).read(*text, hot_keys_only);
}

}  // namespace

ReadKey read_key_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size())
    return {{}, fmt::format("expected \"namespace/key\", found {}", in_quotes(text))};
  ReadKey read;
  if (!unescape(text.substr(0, slash), read.name.name_space) ||
      !unescape(text.substr(slash + 1), read.name.key)) {
    return {{},
            fmt::format("expected \\\\, \\n, \\r or \\xHH after a backslash, found {}",
                        in_quotes(text))};
  }
  if (read.name.name_space.size() > kMaxNamespaceBytes || read.name.key.size() > kMaxKeyBytes) {
    return {
        {},
        fmt::format("expected a namespace of at most {} bytes and a key of at most {}, found {}",
                    kMaxNamespaceBytes, kMaxKeyBytes, in_quotes(text))};
  }
  return read;
}

std::vector<KeyName> read_key_file(const std::filesystem::path& file, Findings& findings) {
  return read(file, false, findings);
}

std::vector<KeyName> read_hot_keys(const std::filesystem::path& file, Findings& findings) {
  return read(file, true, findings);
}

std::string hot_keys_text(std::span<const KeyName> keys) {
  std::string text = std::string(kFirstLine) + '\n';
  for (const KeyName& name : keys) {
    escape(name.name_space, true, text);
    text += '/';
    escape(name.key, false, text);
    text += '\n';
  }
  return text + last_line(keys.size()) + '\n';
}

}  // namespace freshet::config
