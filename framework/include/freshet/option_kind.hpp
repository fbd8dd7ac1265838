// OptionKind<T>: what an option's values look like: how a T is read, judged and written.
//
// The factories below make the kinds of the value grammar. A kind of your own is the same struct
// filled by hand: see ttl_option_table() for one that takes a duration or a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/config_value.hpp"
#include "freshet/findings.hpp"
#include "freshet/value_grammar.hpp"

namespace freshet {

template <class T>
struct OptionKind {
  std::string type;     // for the reference: "duration"
  std::string range{};  // in words: "> 0s"; empty: anything of its type

  /// /// Puts what was written into the T and returns true; or says what is wrong with it, with its
  /// place, and leaves the T alone. Does not judge the range.
  std::function<bool(const ConfigValue& value, const std::string& path, T& into, Findings&)> read;
  /// Judges a T, from a file or from code. Findings carry no place: it is looked up by the path.
  std::function<void(const T& value, const std::string& path, Findings&)> check{};
  /// The T as read() takes it.
  std::function<std::string(const T& value)> text;
};

/// Bounds of a number; what is not given does not bound.
template <class T>
struct Range {
  std::optional<T> above{};
  std::optional<T> at_least{};
  std::optional<T> at_most{};
  std::optional<T> below{};
};

OptionKind<Duration> duration_kind(Range<Duration> range = {});
OptionKind<double> percentage_kind(Range<double> range = {});  // bounds are fractions
OptionKind<std::uint64_t> count_kind(Range<std::uint64_t> range = {});
OptionKind<std::uint64_t> bytes_kind(Range<std::uint64_t> range = {});
OptionKind<bool> boolean_kind();
OptionKind<std::string> text_kind(std::size_t max_bytes);
OptionKind<std::vector<std::string>> texts_kind(std::size_t max_items, std::size_t max_bytes);

namespace detail {
using Word = std::pair<std::string, std::int64_t>;
OptionKind<std::int64_t> word_kind(std::vector<Word> words);
}  // namespace detail

/// One of a few words, each standing for an enumerator.
template <class Enum>
OptionKind<Enum> word_kind(std::initializer_list<std::pair<std::string_view, Enum>> words) {
  std::vector<detail::Word> erased;
  for (const auto& [word, value] : words)
    erased.emplace_back(word, static_cast<std::int64_t>(value));
  const OptionKind<std::int64_t> kind = detail::word_kind(std::move(erased));
  return {
      .type = kind.type,
      .range = kind.range,
      .read =
          [kind](const ConfigValue& value, const std::string& path, Enum& into,
                 Findings& findings) {
            auto number = static_cast<std::int64_t>(into);
            if (!kind.read(value, path, number, findings)) return false;
            into = static_cast<Enum>(number);
            return true;
          },
      .check =
          [kind](const Enum& value, const std::string& path, Findings& findings) {
            kind.check(static_cast<std::int64_t>(value), path, findings);
          },
      .text = [kind](const Enum& value) { return kind.text(static_cast<std::int64_t>(value)); },
  };
}

}  // namespace freshet
