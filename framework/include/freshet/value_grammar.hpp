// The one grammar of values: how durations, sizes, percentages, counts and truth values are
// written, everywhere.
//
//   duration    1h45m  500ms  7d       ns us ms s m h d w, the larger unit first, each once; whole
//   numbers bytes       256MiB  10kB  0B       B, kB MB GB TB (powers of 1000), KiB MiB GiB TiB
//   (powers of 1024) percentage  10%  2.5%              0 to 100, at most six decimals; held as the
//   fraction 0 to 1 count       1_000_000              decimal digits, single underscores between
//   them; no sign, no leading zero boolean     true  false
//
// A number without its unit is refused: `ttl: 300` has misled enough people. Each format_* writes
// what its parse_* reads back to the same value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "freshet/clock.hpp"

namespace freshet {

/// What a parser made of a text: a value, or what is wrong with it in words that can follow `found
/// "5": `.
template <class T>
struct Parsed {
  std::optional<T> value{};
  std::string problem{};
};

Parsed<Duration> parse_duration(std::string_view text);
Parsed<std::uint64_t> parse_bytes(std::string_view text);
Parsed<double> parse_percentage(std::string_view text);
Parsed<std::uint64_t> parse_count(std::string_view text);
Parsed<bool> parse_boolean(std::string_view text);

std::string format_duration(
    Duration span);  // 1h45m; weeks as days; negative ones, which no parser takes, with '-'
std::string format_bytes(std::uint64_t bytes);   // 256MiB, or 1000B where no larger unit is exact
std::string format_percentage(double fraction);  // 10%
std::string format_count(std::uint64_t count);   // 1_000_000

/// Text in double quotes with escapes, as YAML and JSON read it back.
std::string format_text(std::string_view text);

}  // namespace freshet
