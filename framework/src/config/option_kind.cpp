// The kinds of options that the value grammar has words for.
#include "freshet/option_kind.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace freshet {
namespace {

/// ">= 1 and < 10", empty without bounds.
template <class T, class Format>
std::string range_words(const Range<T>& range, Format format) {
  std::string words;
  const auto bound = [&words, &format](const char* sign, const std::optional<T>& limit) {
    if (limit) words += fmt::format("{}{} {}", words.empty() ? "" : " and ", sign, format(*limit));
  };
  bound(">", range.above);
  bound(">=", range.at_least);
  bound("<=", range.at_most);
  bound("<", range.below);
  return words;
}

/// Written so that a NaN is outside of any bound.
template <class T>
bool within(const Range<T>& range, const T& value) {
  return (!range.above || value > *range.above) && (!range.at_least || value >= *range.at_least) &&
         (!range.at_most || value <= *range.at_most) && (!range.below || value < *range.below);
}

/// The kinds whose values are one scalar. `noun` says what is expected: `a duration such as 1h45m`.
template <class T, class Format>
OptionKind<T> scalar_kind(std::string type, std::string noun, Parsed<T> (*parse)(std::string_view),
                          Format format, Range<T> range) {
  const std::string words = range_words(range, format);
  return {
      .type = type,
      .range = words,
      .read =
          [parse, noun](const ConfigValue& value, const std::string& path, T& into,
                        Findings& findings) {
            if (!value.is_scalar()) {
              findings.add(value.place, path,
                           fmt::format("expected {}, found {}", noun, describe(value)));
              return false;
            }
            Parsed<T> parsed = parse(value.text);
            if (parsed.value) {
              into = *parsed.value;
            } else {
              findings.add(
                  value.place, path,
                  fmt::format("expected {}, found {}: {}", noun, describe(value), parsed.problem));
            }
            return parsed.value.has_value();
          },
      .check =
          [range, words, format, type](const T& value, const std::string& path,
                                       Findings& findings) {
            if (within(range, value)) return;
            findings.add(path,
                         fmt::format("expected a {} {}, found {}", type, words, format(value)));
          },
      .text = format,
  };
}

void check_text(const std::string& text, std::size_t max_bytes, const std::string& path,
                Findings& findings) {
  if (text.size() <= max_bytes) return;
  findings.add(path, fmt::format("expected a text of at most {} bytes, found {}",
                                 format_count(max_bytes), format_count(text.size())));
}

}  // namespace

OptionKind<Duration> duration_kind(Range<Duration> range) {
  return scalar_kind<Duration>("duration", "a duration such as 1h45m", parse_duration,
                               format_duration, range);
}

OptionKind<double> percentage_kind(Range<double> range) {
  return scalar_kind<double>("percentage", "a percentage such as 10%", parse_percentage,
                             format_percentage, range);
}

OptionKind<std::uint64_t> count_kind(Range<std::uint64_t> range) {
  return scalar_kind<std::uint64_t>("count", "a count such as 1_000", parse_count, format_count,
                                    range);
}

OptionKind<std::uint64_t> bytes_kind(Range<std::uint64_t> range) {
  return scalar_kind<std::uint64_t>("size", "a size such as 256MiB", parse_bytes, format_bytes,
                                    range);
}

OptionKind<bool> boolean_kind() {
  const auto format = [](bool value) -> std::string { return value ? "true" : "false"; };
  return scalar_kind<bool>("boolean", "true or false", parse_boolean, format, {});
}

OptionKind<std::string> text_kind(std::size_t max_bytes) {
  return {
      .type = "text",
      .range = fmt::format("at most {} bytes", format_count(max_bytes)),
      .read =
          [](const ConfigValue& value, const std::string& path, std::string& into,
             Findings& findings) {
            if (value.is_scalar()) {
              into = value.text;
            } else {
              findings.add(value.place, path,
                           fmt::format("expected a text, found {}", describe(value)));
            }
            return value.is_scalar();
          },
      .check = [max_bytes](const std::string& value, const std::string& path,
                           Findings& findings) { check_text(value, max_bytes, path, findings); },
      .text = [](const std::string& value) { return format_text(value); },
  };
}

OptionKind<std::vector<std::string>> texts_kind(std::size_t max_items, std::size_t max_bytes) {
  const OptionKind<std::string> item_kind = text_kind(max_bytes);
  const auto too_many = [max_items](std::size_t found) {
    return fmt::format("expected at most {} texts, found {}", format_count(max_items),
                       format_count(found));
  };
  return {
      .type = "list of texts",
      .range =
          fmt::format("at most {} of {} bytes", format_count(max_items), format_count(max_bytes)),
      .read =
          [item_kind, max_items, too_many](const ConfigValue& value, const std::string& path,
                                           std::vector<std::string>& into, Findings& findings) {
            if (!value.is_list()) {
              findings.add(value.place, path,
                           fmt::format("expected a list of texts, found {}", describe(value)));
              return false;
            }
            // Not left to check(): in `defaults` the texts would be copied into every block first.
            if (value.items.size() > max_items) {
              findings.add(value.place, path, too_many(value.items.size()));
              return false;
            }
            std::vector<std::string> texts(value.items.size());
            bool all_read = true;
            for (std::size_t i = 0; i < texts.size(); ++i) {
              all_read &= item_kind.read(value.items[i], fmt::format("{}[{}]", path, i), texts[i],
                                         findings);
            }
            if (all_read) into = std::move(texts);
            return all_read;
          },
      .check =
          [item_kind, max_items, too_many](const std::vector<std::string>& value,
                                           const std::string& path, Findings& findings) {
            if (value.size() > max_items) {
              findings.add(path, too_many(value.size()));
              return;
            }
            for (std::size_t i = 0; i < value.size(); ++i) {
              item_kind.check(value[i], fmt::format("{}[{}]", path, i), findings);
            }
          },
      .text =
          [](const std::vector<std::string>& value) {
            std::string joined;
            for (const std::string& text : value)
              joined += (joined.empty() ? "" : ", ") + format_text(text);
            return '[' + joined + ']';
          },
  };
}

namespace detail {

OptionKind<std::int64_t> word_kind(std::vector<Word> words) {
  std::vector<std::string> names;
  std::string range;
  for (const Word& word : words) {
    names.push_back(word.first);
    range += (range.empty() ? "" : ", ") + word.first;
  }
  const auto name_of = [words](std::int64_t value) -> std::string {
    const auto at = std::find_if(words.begin(), words.end(),
                                 [value](const Word& word) { return word.second == value; });
    return at == words.end() ? std::string{} : at->first;
  };
  return {
      .type = "word",
      .range = range,
      .read =
          [words, names, range](const ConfigValue& value, const std::string& path,
                                std::int64_t& into, Findings& findings) {
            if (!value.is_scalar()) {
              findings.add(value.place, path,
                           fmt::format("expected one of: {}, found {}", range, describe(value)));
              return false;
            }
            for (const auto& [name, number] : words) {
              if (name == value.text) {
                into = number;
                return true;
              }
            }
            findings.add(
                value.place, path,
                fmt::format("unknown word {}{}", describe(value), did_you_mean(value.text, names)));
            return false;
          },
      .check =
          [name_of, range](const std::int64_t& value, const std::string& path, Findings& findings) {
            if (!name_of(value).empty()) return;
            findings.add(path, fmt::format("expected one of: {}, found an enumerator of value {}",
                                           range, value));
          },
      .text = name_of,
  };
}

}  // namespace detail
}  // namespace freshet
