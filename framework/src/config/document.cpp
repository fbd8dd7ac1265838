// From yaml-cpp's events to a ConfigValue.
#include "config/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/text_map.hpp"

namespace freshet::config {
namespace {

/// Thrown through the parser when reading on makes no sense. The finding has been made.
struct Stop {};

/// Builds the tree. What the parser says last of all is the whole root.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const TextMap& map, Findings& findings) : map_(map), findings_(findings) {}

  const std::optional<ConfigValue>& root() const noexcept { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    stop(mark, "expected the end of the file: a policy is one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    ConfigValue value = begin(mark, ConfigValue::Kind::null);
    // The parser marks what follows an absent value, so the place is that of its key or list.
    if (!open_.empty() && open_.back().key) value.place = open_.back().key->place;
    if (!open_.empty() && open_.back().value.is_list()) value.place = open_.back().value.place;
    take(std::move(value));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    const ConfigValue value = begin(mark, ConfigValue::Kind::null);
    findings_.add(value.place, path(), "aliases are not read, write the value out");
    pass_over();
  }

  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    findings_.add(place(mark), path(),
                  "anchors are not read, write the value out where it is used");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& text) override {
    ConfigValue value = begin(mark, ConfigValue::Kind::scalar);
    if (tag != "?" && tag != "!") refuse_tag(mark, tag);
    if (text.size() > kMaxScalarBytes) {
      findings_.add(
          value.place, path(),
          fmt::format("a text of {} bytes, expected at most {}", text.size(), kMaxScalarBytes));
      return pass_over();
    }
    value.text = text;
    value.quoted = tag == "!";
    take(std::move(value));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    descend(mark, tag, ConfigValue::Kind::list);
  }
  void OnSequenceEnd() override { ascend(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    descend(mark, tag, ConfigValue::Kind::map);
  }
  void OnMapEnd() override { ascend(); }

 private:
  struct Key {
    std::string text;
    Place place;
    bool passed_over = false;  // its value goes nowhere
  };
  /// A list or map that has begun and not ended.
  struct Open {
    ConfigValue value;
    std::optional<Key> key{};                       // of a map, while its value is awaited
    std::unordered_map<std::string, Place> seen{};  // keys of a map
  };

  Place place(const YAML::Mark& mark) const {
    if (mark.is_null() || mark.line < 0 || mark.column < 0) return map_.place(0, 0);
    return map_.place(static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column));
  }

  /// The keys on the way to what is being read now.
  std::string path() const {
    std::string path;
    for (const Open& open : open_) {
      if (open.key) {
        path = path_to(path, open.key->text);
      } else if (open.value.is_list()) {
        path += fmt::format("[{}]", open.value.items.size());
      }
    }
    return path;
  }

  [[noreturn]] void stop(const YAML::Mark& mark, std::string message) {
    findings_.add(place(mark), path(), std::move(message));
    throw Stop{};
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    findings_.add(place(mark), path(), fmt::format("tags such as {} are not read", in_quotes(tag)));
  }

  ConfigValue begin(const YAML::Mark& mark, ConfigValue::Kind kind) {
    if (++nodes_ > kMaxNodes) stop(mark, fmt::format("more than {} values and keys", kMaxNodes));
    ConfigValue value;
    value.kind = kind;
    value.place = place(mark);
    return value;
  }

  void descend(const YAML::Mark& mark, const std::string& tag, ConfigValue::Kind kind) {
    ConfigValue value = begin(mark, kind);
    if (open_.size() >= kMaxDepth) stop(mark, fmt::format("nested deeper than {}", kMaxDepth));
    if (tag != "?") refuse_tag(mark, tag);
    open_.push_back({std::move(value)});
  }

  void ascend() {
    ConfigValue value = std::move(open_.back().value);
    open_.pop_back();
    take(std::move(value));
  }

  /// A value is complete: it goes to what is open, as an item, a key or a key's value.
  void take(ConfigValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& open = open_.back();
    if (open.value.is_list()) {
      open.value.items.push_back(std::move(value));
    } else if (!open.key) {
      take_key(open, std::move(value));
    } else {
      if (!open.key->passed_over) {
        open.value.members.push_back(
            {std::move(open.key->text), std::move(open.key->place), std::move(value)});
      }
      open.key.reset();
    }
  }

  void take_key(Open& open, ConfigValue value) {
    if (!value.is_scalar()) {
      findings_.add(value.place, path(), fmt::format("expected a key, found {}", describe(value)));
      open.key = Key{std::move(value.text), std::move(value.place), true};
      return;
    }
    const auto [first, is_new] = open.seen.try_emplace(value.text, value.place);
    if (!is_new) {
      findings_.add(value.place, path_to(path(), value.text),
                    fmt::format("duplicate key, first given in line {}", first->second.line));
    }
    open.key = Key{std::move(value.text), std::move(value.place), !is_new};
  }

  /// A value that is refused and reported: what is open goes on without it.
  void pass_over() {
    if (open_.empty() || open_.back().value.is_list()) return;
    if (open_.back().key) {
      open_.back().key.reset();
    } else {
      open_.back().key = Key{{}, open_.back().value.place, true};
    }
  }

  const TextMap& map_;
  Findings& findings_;
  std::size_t documents_ = 0;
  std::size_t nodes_ = 0;
  std::vector<Open> open_;
  std::optional<ConfigValue> root_;
};

/// Drives the parser over the first document and past its end. False if it was left on the way.
bool parse(std::string_view text, const TextMap& map, TreeBuilder& builder, Findings& findings) {
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    // A second document, or what the parser left lying after the first, stops the builder.
    if (parser.HandleNextDocument(builder)) parser.HandleNextDocument(builder);
    return true;
  } catch (const Stop&) {
  } catch (const YAML::Exception& error) {
    const bool known = !error.mark.is_null() && error.mark.line >= 0 && error.mark.column >= 0;
    const Place place = known ? map.place(static_cast<std::size_t>(error.mark.line),
                                          static_cast<std::size_t>(error.mark.column))
                              : map.place(0, 0);
    findings.add(place, {}, "this is not YAML: " + error.msg);
  }
  return false;
}

}  // namespace

std::optional<ConfigValue> read_document(std::string_view text, const std::string& file,
                                         Findings& findings) {
  if (text.size() > kMaxDocumentBytes) {
    findings.add(
        Place{file}, {},
        fmt::format("more than {} KiB, which is the most that is read", kMaxDocumentBytes / 1024));
    return std::nullopt;
  }
  const TextMap map(text, file);
  if (map.fault()) {
    findings.add(map.fault()->place, {}, map.fault()->message);
    return std::nullopt;
  }
  TreeBuilder builder(map, findings);
  if (!parse(text, map, builder, findings)) return std::nullopt;
  if (!builder.root() || builder.root()->kind == ConfigValue::Kind::null) {
    if (findings.empty())
      findings.add(
          map.place(0, 0), {},
          "the document is empty, expected \"freshet: 1\" and blocks under \"namespaces\"");
    return std::nullopt;
  }
  return builder.root();
}

std::optional<std::string> read_file(const std::filesystem::path& file, Findings& findings,
                                     std::size_t max_bytes) {
  const auto refuse = [&](std::string message) {
    findings.add(Place{file.string()}, {}, std::move(message));
    return std::nullopt;
  };
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(file, error);
  if (status.type() == std::filesystem::file_type::not_found)
    return refuse("there is no such file");
  if (error) return refuse("cannot be read: " + error.message());
  if (std::filesystem::is_directory(status)) return refuse("expected a file, found a directory");
  if (!std::filesystem::is_regular_file(status)) return refuse("expected a regular file");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    return refuse(
        fmt::format("cannot be read: {}", errno != 0 ? std::strerror(errno) : "no reason given"));
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error) return refuse("cannot be read: " + error.message());
  // One more than allowed: read_document() says so. A file that grows meanwhile is read as far as it went.
  std::string text(static_cast<std::size_t>(std::min<std::uintmax_t>(size, max_bytes) + 1), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return refuse("cannot be read to its end");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace freshet::config
