// The grammar of values. Every parser reads its text once from left to right and stops at the first
// thing it dislikes.
#include "freshet/value_grammar.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "freshet/findings.hpp"

namespace freshet {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array<Unit, 8> kDurationUnits{{{"w", 604'800'000'000'000},
                                              {"d", 86'400'000'000'000},
                                              {"h", 3'600'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"s", 1'000'000'000},
                                              {"ms", 1'000'000},
                                              {"us", 1'000},
                                              {"ns", 1}}};

constexpr std::array<Unit, 9> kByteUnits{{{"TiB", 1ULL << 40},
                                          {"GiB", 1ULL << 30},
                                          {"MiB", 1ULL << 20},
                                          {"KiB", 1ULL << 10},
                                          {"B", 1},
                                          {"TB", 1'000'000'000'000},
                                          {"GB", 1'000'000'000},
                                          {"MB", 1'000'000},
                                          {"kB", 1'000}}};
constexpr std::size_t kExactByteUnits = 5;  // those that format_bytes writes

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  std::size_t length = 0;
  while (length < text.size() && wanted(text[length])) ++length;
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

template <class T>
Parsed<T> refused(std::string problem) {
  return {.value = std::nullopt, .problem = std::move(problem)};
}

/// Digits, all of them; nullopt if they do not fit.
std::optional<std::uint64_t> to_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::optional<std::uint64_t> multiply(std::uint64_t number, std::uint64_t unit,
                                      std::uint64_t limit) {
  if (number > limit / unit) return std::nullopt;
  return number * unit;
}

/// Digits with underscores between them, as text without the underscores, or what is wrong.
Parsed<std::string> plain_digits(std::string_view text) {
  std::string digits;
  char previous = '_';
  for (const char c : text) {
    if (c == '_' && previous == '_')
      return refused<std::string>("underscores stand between digits");
    if (c != '_' && !is_digit(c))
      return refused<std::string>("only digits, and underscores between them, make a count");
    if (c != '_') digits += c;
    previous = c;
  }
  if (digits.empty()) return refused<std::string>("there is no number");
  if (previous == '_') return refused<std::string>("underscores stand between digits");
  if (digits.size() > 1 && digits.front() == '0')
    return refused<std::string>("a leading zero means nothing here");
  return {.value = std::move(digits), .problem = {}};
}

}  // namespace

Parsed<Duration> parse_duration(std::string_view text) {
  constexpr auto kLimit = static_cast<std::uint64_t>(std::numeric_limits<Duration::rep>::max());
  if (text.empty()) return refused<Duration>("there is no number");
  std::string_view rest = text;
  const Unit* last = nullptr;
  std::uint64_t total = 0;
  while (!rest.empty()) {
    const std::string_view digits = take_while(rest, is_digit);
    if (digits.empty()) return refused<Duration>("each part is a whole number and a unit");
    if (!rest.empty() && rest.front() == '.') {
      return refused<Duration>("fractions are not read, write 1h30m for one and a half hours");
    }
    const std::string_view name = take_while(rest, [](char c) { return !is_digit(c); });
    if (name.empty()) {
      return refused<Duration>("the unit is missing, did you mean " +
                               in_quotes(std::string(text) + "s") + "?");
    }
    const Unit* unit = find_unit(kDurationUnits, name);
    if (unit == nullptr) {
      return refused<Duration>(fmt::format(
          "{} is no unit, expected one of: ns, us, ms, s, m, h, d, w", in_quotes(name)));
    }
    if (last != nullptr && unit->size >= last->size) {
      return refused<Duration>("the larger unit comes first, and each once");
    }
    const auto number = to_number(digits);
    const auto part = number ? multiply(*number, unit->size, kLimit) : std::nullopt;
    if (!part || *part > kLimit - total) return refused<Duration>("it is longer than 292 years");
    total += *part;
    last = unit;
  }
  return {.value = Duration(static_cast<Duration::rep>(total)), .problem = {}};
}

Parsed<std::uint64_t> parse_bytes(std::string_view text) {
  std::string_view rest = text;
  const std::string_view number_text =
      take_while(rest, [](char c) { return is_digit(c) || c == '_'; });
  Parsed<std::string> digits = plain_digits(number_text);
  if (!digits.value) return refused<std::uint64_t>(std::move(digits.problem));
  if (rest.empty())
    return refused<std::uint64_t>("the unit is missing, did you mean " +
                                  in_quotes(std::string(text) + "B") + "?");
  if (rest.front() == '.')
    return refused<std::uint64_t>("fractions are not read, write 1536MiB for 1.5 GiB");
  const Unit* unit = find_unit(kByteUnits, rest);
  if (unit == nullptr) {
    return refused<std::uint64_t>(fmt::format(
        "{} is no unit, expected one of: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB", in_quotes(rest)));
  }
  const auto number = to_number(*digits.value);
  const auto bytes = number
                         ? multiply(*number, unit->size, std::numeric_limits<std::uint64_t>::max())
                         : std::nullopt;
  if (!bytes) return refused<std::uint64_t>("it does not fit in 64 bits");
  return {.value = *bytes, .problem = {}};
}

Parsed<double> parse_percentage(std::string_view text) {
  constexpr std::uint64_t kMillion = 1'000'000;
  std::string_view rest = text;
  const std::string_view whole = take_while(rest, is_digit);
  if (whole.empty()) return refused<double>("a percentage is a number and a % sign");
  std::string decimals;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    decimals = take_while(rest, is_digit);
    if (decimals.empty() || decimals.size() > 6)
      return refused<double>("one to six digits follow the point");
  }
  if (rest.empty()) return refused<double>("the % sign is missing");
  if (rest != "%") return refused<double>("nothing but a % sign follows the number");
  if (whole.size() > 1 && whole.front() == '0')
    return refused<double>("a leading zero means nothing here");
  decimals.resize(6, '0');
  if (whole.size() > 3) return refused<double>("it is more than 100%");
  const std::uint64_t millionths = *to_number(whole) * kMillion + *to_number(decimals);
  if (millionths > 100 * kMillion) return refused<double>("it is more than 100%");
  return {.value = static_cast<double>(millionths) / static_cast<double>(100 * kMillion),
          .problem = {}};
}

Parsed<std::uint64_t> parse_count(std::string_view text) {
  Parsed<std::string> digits = plain_digits(text);
  if (!digits.value) return refused<std::uint64_t>(std::move(digits.problem));
  const auto number = to_number(*digits.value);
  if (!number) return refused<std::uint64_t>("it does not fit in 64 bits");
  return {.value = *number, .problem = {}};
}

Parsed<bool> parse_boolean(std::string_view text) {
  if (text == "true") return {.value = true, .problem = {}};
  if (text == "false") return {.value = false, .problem = {}};
  return refused<bool>("only true and false are read");
}

std::string format_duration(Duration span) {
  if (span == Duration::zero()) return "0s";
  const bool negative = span < Duration::zero();
  auto rest = static_cast<std::uint64_t>(span.count());
  if (negative) rest = ~rest + 1;
  std::string text = negative ? "-" : "";
  for (const Unit& unit : kDurationUnits) {
    if (unit.name == "w" || rest < unit.size) continue;
    text += fmt::format("{}{}", rest / unit.size, unit.name);
    rest %= unit.size;
  }
  return text;
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes == 0) return "0B";
  for (std::size_t i = 0; i < kExactByteUnits; ++i) {
    const Unit& unit = kByteUnits[i];
    if (bytes % unit.size == 0) return fmt::format("{}{}", bytes / unit.size, unit.name);
  }
  return {};
}

std::string format_percentage(double fraction) {
  std::string text = fmt::format("{:.6f}", fraction * 100.0);
  if (text.find('.') != std::string::npos) text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + '%';
}

std::string format_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, '_');
  return text;
}

std::string format_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

}  // namespace freshet
