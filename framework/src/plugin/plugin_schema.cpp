#include "plugin/plugin_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace freshet::plugin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxTextBytes = 4096;
constexpr int kMaxDepth = 8;             // a schema needs four
constexpr std::size_t kMaxKeys = 2'000;  // in all
constexpr std::size_t kMaxWords = 64;    // of an enum
constexpr std::size_t kMaxWordBytes = 64;

[[noreturn]] void refuse(const std::string& where, const std::string& problem) {
  throw Error(fmt::format("options_schema: {}{}{}", where, where.empty() ? "" : ": ", problem));
}

void check_members(const Json& object, const std::string& where,
                   std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      refuse(where, fmt::format("{} is not supported", in_quotes(key)));
  }
}

/// Kinds that the grammar of values has no factory for.
template <class T, class Parse, class Format>
OptionKind<T> number_kind(const char* type, Parse parse, Format format, Range<T> range) {
  std::string words;
  const auto bound = [&words, &format](const char* sign, const std::optional<T>& limit) {
    if (limit) words += fmt::format("{}{} {}", words.empty() ? "" : " and ", sign, format(*limit));
  };
  bound(">", range.above);
  bound(">=", range.at_least);
  bound("<=", range.at_most);
  bound("<", range.below);
  return {
      .type = type,
      .range = words,
      .read =
          [type, parse](const ConfigValue& value, const std::string& path, T& into,
                        Findings& findings) {
            const std::optional<T> parsed =
                value.is_scalar() ? parse(value.text) : std::optional<T>{};
            if (parsed) {
              into = *parsed;
            } else {
              findings.add(value.place, path,
                           fmt::format("expected a {}, found {}", type, describe(value)));
            }
            return parsed.has_value();
          },
      .check =
          [type, range, words, format](const T& value, const std::string& path,
                                       Findings& findings) {
            const bool within = (!range.above || value > *range.above) &&
                                (!range.at_least || value >= *range.at_least) &&
                                (!range.at_most || value <= *range.at_most) &&
                                (!range.below || value < *range.below);
            if (within) return;
            findings.add(path,
                         fmt::format("expected a {} {}, found {}", type, words, format(value)));
          },
      .text = format,
  };
}

/// Digits with single underscores between them, as in counts, and a sign.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto count = parse_count(text).value;
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  if (!count || *count > kLargest) return std::nullopt;
  const auto number = static_cast<std::int64_t>(*count);
  return negative ? -number : number;
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = error == std::errc{} && end == text.data() + text.size() &&
                    number >= std::numeric_limits<double>::lowest() &&
                    number <= std::numeric_limits<double>::max();
  return good ? std::optional<double>(number) : std::nullopt;
}

OptionKind<std::int64_t> integer_kind(Range<std::int64_t> range = {}) {
  return number_kind<std::int64_t>(
      "whole number", parse_integer, [](std::int64_t value) { return fmt::to_string(value); },
      range);
}

OptionKind<double> real_kind(Range<double> range = {}) {
  return number_kind<double>(
      "number", parse_number, [](double value) { return fmt::format("{}", value); }, range);
}

OptionKind<std::string> choice_kind(const std::vector<std::string>& words) {
  const std::string range = fmt::format("{}", fmt::join(words, ", "));
  return {
      .type = "word",
      .range = range,
      .read =
          [words, range](const ConfigValue& value, const std::string& path, std::string& into,
                         Findings& findings) {
            if (!value.is_scalar()) {
              findings.add(value.place, path,
                           fmt::format("expected one of: {}, found {}", range, describe(value)));
              return false;
            }
            if (std::find(words.begin(), words.end(), value.text) == words.end()) {
              findings.add(value.place, path,
                           fmt::format("unknown word {}{}", describe(value),
                                       did_you_mean(value.text, words)));
              return false;
            }
            into = value.text;
            return true;
          },
      .check =
          [words, range](const std::string& value, const std::string& path, Findings& findings) {
            if (std::find(words.begin(), words.end(), value) != words.end()) return;
            findings.add(path,
                         fmt::format("expected one of: {}, found {}", range, in_quotes(value)));
          },
      .text = [](const std::string& value) { return format_text(value); },
  };
}

/// One property while its row is made.
class Property {
 public:
  Property(PluginSchema& schema, std::string name, const Json& json)
      : schema_(schema),
        name_(std::move(name)),
        where_(path_to("properties", name_)),
        json_(json),
        doc_(json.value("description", std::string{})) {}

  void add() {
    check_members(json_, where_,
                  {"type", "format", "description", "default", "minimum", "maximum",
                   "exclusiveMinimum", "exclusiveMaximum", "enum"});
    const std::string type = json_.value("type", std::string{});
    const std::string format = json_.value("format", std::string{});
    if (type == "string" && !format.empty()) return add_formatted(format);
    if (!format.empty()) refuse(where_, "format is for strings");
    if (type == "boolean") return add_unbounded(boolean_kind());
    if (type == "integer") return add_bounded<std::int64_t>(integer_kind);
    if (type == "number") return add_bounded<double>(real_kind);
    if (type != "string") {
      refuse(where_, fmt::format("type: expected boolean, integer, number or string, found {}",
                                 in_quotes(type)));
    }
    if (json_.contains("enum")) return add_unbounded(choice_kind(words()));
    add_unbounded(text_kind(kMaxTextBytes));
  }

 private:
  void add_formatted(const std::string& format) {
    if (format == "duration") return add_bounded<Duration>(duration_kind);
    if (format == "bytes") return add_bounded<std::uint64_t>(bytes_kind);
    if (format == "percentage") return add_bounded<double>(percentage_kind);
    refuse(where_, fmt::format("format: expected duration, bytes or percentage, found {}",
                               in_quotes(format)));
  }

  std::vector<std::string> words() const {
    std::vector<std::string> words = json_["enum"].get<std::vector<std::string>>();
    const bool short_words = std::all_of(words.begin(), words.end(), [](const std::string& word) {
      return word.size() <= kMaxWordBytes;
    });
    if (words.size() > kMaxWords || !short_words) {
      refuse(where_, fmt::format("enum: expected at most {} words of at most {} bytes", kMaxWords,
                                 kMaxWordBytes));
    }
    return words;
  }

  template <class T>
  void add_bounded(OptionKind<T> (*kind)(Range<T>)) {
    if (json_.contains("enum")) refuse(where_, "enum is for strings without a format");
    const OptionKind<T> unbounded = kind({});
    add_kind(unbounded, kind({.above = value_of(unbounded, "exclusiveMinimum"),
                              .at_least = value_of(unbounded, "minimum"),
                              .at_most = value_of(unbounded, "maximum"),
                              .below = value_of(unbounded, "exclusiveMaximum")}));
  }

  template <class T>
  void add_unbounded(const OptionKind<T>& kind) {
    for (const char* bound : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
      if (json_.contains(bound)) refuse(where_, fmt::format("{} is for numbers", bound));
    }
    add_kind(kind, kind);
  }

  template <class T>
  void add_kind(const OptionKind<T>& unbounded, const OptionKind<T>& kind) {
    schema_.table.add(name_, whole(kind), doc_);
    if (const std::optional<T> value = value_of(unbounded, "default")) {
      Findings findings;
      if (kind.check) kind.check(*value, where_ + ".default", findings);
      if (!findings.empty()) refuse({}, findings.all().front().text());
      schema_.defaults.values.emplace(name_, *value);
    }
  }

  /// A value of the schema, in the grammar of a policy.
  template <class T>
  std::optional<T> value_of(const OptionKind<T>& kind, const char* key) const {
    const auto at = json_.find(key);
    if (at == json_.end()) return std::nullopt;
    ConfigValue written;
    written.kind = at->is_structured() ? ConfigValue::Kind::list : ConfigValue::Kind::scalar;
    if (at->is_string()) {
      written.text = at->template get<std::string>();
    } else if (!at->is_structured()) {
      written.text = at->dump();
    }
    T value{};
    Findings findings;
    if (!kind.read(written, fmt::format("{}.{}", where_, key), value, findings))
      refuse({}, findings.all().front().text());
    return value;
  }

  /// The kind of one member as one of the whole struct. `null`: not given.
  template <class T>
  OptionKind<OptionValues> whole(const OptionKind<T>& kind) const {
    return {
        .type = kind.type,
        .range = kind.range,
        .read =
            [kind, name = name_](const ConfigValue& value, const std::string& path,
                                 OptionValues& into, Findings& findings) {
              if (value.kind == ConfigValue::Kind::null) return into.values.erase(name) > 0;
              T read{};
              if (!kind.read(value, path, read, findings)) return false;
              into.values.insert_or_assign(name, std::move(read));
              return true;
            },
        .check =
            [kind, name = name_](const OptionValues& options, const std::string& path,
                                 Findings& findings) {
              const auto at = options.values.find(name);
              if (at == options.values.end() || !kind.check) return;
              if (const T* value = std::get_if<T>(&at->second)) kind.check(*value, path, findings);
            },
        .text =
            [kind, name = name_](const OptionValues& options) {
              const auto at = options.values.find(name);
              const T* value = at == options.values.end() ? nullptr : std::get_if<T>(&at->second);
              return value == nullptr ? std::string("null") : kind.text(*value);
            },
    };
  }

  PluginSchema& schema_;
  const std::string name_;
  const std::string where_;
  const Json& json_;
  const std::string doc_;
};

PluginSchema parse_object(const Json& root) {
  PluginSchema schema;
  if (!root.is_object() || root.value("type", std::string{}) != "object")
    refuse({}, "expected an object of \"type\": \"object\"");
  check_members(root, {},
                {"$schema", "title", "description", "type", "properties", "required",
                 "additionalProperties"});
  if (root.value("additionalProperties", false))
    refuse("additionalProperties", "expected false: unknown keys of a policy are errors");
  if (const auto properties = root.find("properties"); properties != root.end()) {
    for (const auto& [name, property] : properties->items()) {
      if (!property.is_object()) refuse(path_to("properties", name), "expected an object");
      Property(schema, name, property).add();
    }
  }
  for (const auto& name : root.value("required", std::vector<std::string>{})) {
    if (!schema.table.list().knows(name))
      refuse("required", fmt::format("{} is no property", in_quotes(name)));
    if (!schema.defaults.values.contains(name)) schema.required.push_back(name);
  }
  return schema;
}

}  // namespace

std::string OptionValues::json() const {
  Json object = Json::object();
  for (const auto& [name, value] : values) {
    std::visit(
        [&object, &name = name](const auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, Duration>) {
            object[name] = held.count();
          } else {
            object[name] = held;
          }
        },
        value);
  }
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

PluginSchema PluginSchema::parse(std::string_view json) {
  std::size_t keys = 0;
  const auto bound = [&keys](int depth, Json::parse_event_t event, const Json&) {
    if (depth > kMaxDepth) refuse({}, fmt::format("nested deeper than {}", kMaxDepth));
    if (event == Json::parse_event_t::key && ++keys > kMaxKeys)
      refuse({}, fmt::format("more than {} keys", kMaxKeys));
    return true;
  };
  try {
    return parse_object(Json::parse(json, bound));
  } catch (const nlohmann::json::parse_error& error) {
    refuse({}, fmt::format("this is not JSON, byte {}",
                           error.byte));  // its own words quote the text as it is
  } catch (const nlohmann::json::exception& error) {
    refuse({}, error.what());
  }
}

void PluginSchema::check_required(const OptionValues& options, const std::string& path,
                                  Findings& findings) const {
  for (const std::string& name : required) {
    if (!options.values.contains(name))
      findings.add(path_to(path, name), "missing, the plugin requires it");
  }
}

}  // namespace freshet::plugin
