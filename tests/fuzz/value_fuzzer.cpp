// The grammar of values: what parses is printed as what parses to the same; what does not has a problem of one line; and
// numbers made of the input are printed as what parses back to them. Texts come back through YAML and JSON.
#include <nlohmann/json.hpp>

#include "config/document.hpp"
#include "config/text_map.hpp"
#include "freshet/value_grammar.hpp"
#include "fuzz/one_line.hpp"

namespace freshet::fuzz {
namespace {

template <class T>
void require_round_trip(std::string_view text, Parsed<T> (*parse)(std::string_view),
                        std::string (*format)(T)) {
  const Parsed<T> parsed = parse(text);
  if (!parsed.value) return require_one_line(parsed.problem);
  require(parsed.problem.empty(), "a value has no problem");
  const std::string printed = format(*parsed.value);
  const Parsed<T> again = parse(printed);
  require(again.value == parsed.value,
          "a value that is printed reads back: " + std::string(text) + " as " + printed);
}

/// From the other side: any value that can be printed reads back.
void require_numbers(std::uint64_t bits) {
  const Duration span(static_cast<Duration::rep>(bits >> 1));
  require(parse_duration(format_duration(span)).value == span, "a duration reads back");
  require(parse_bytes(format_bytes(bits)).value == bits, "a size reads back");
  require(parse_count(format_count(bits)).value == bits, "a count reads back");
  const double share = static_cast<double>(bits % 100'000'001) / 100'000'000.0;
  require(parse_percentage(format_percentage(share)).value == share, "a percentage reads back");
}

void require_text(std::string_view text) {
  if (config::TextMap(text, "f").fault()) {
    // Not a text of a policy; what is printed is still one line.
    require_one_line(format_text(text));
    return;
  }
  const std::string printed = format_text(text);
  require_one_line(printed.substr(0, 1024));
  const auto json = nlohmann::json::parse(printed, nullptr, false);
  require(json.is_string() && json.get<std::string>() == text, "a text reads back as JSON");
  Findings findings;
  const auto document = config::read_document("value: " + printed, "f", findings);
  require(document && findings.empty() && document->members.front().value.text == text,
          "a text reads back as YAML: " + printed);
}

}  // namespace

void fuzz_values(std::string_view input) {
  require_round_trip<Duration>(input, parse_duration, format_duration);
  require_round_trip<std::uint64_t>(input, parse_bytes, format_bytes);
  require_round_trip<double>(input, parse_percentage, format_percentage);
  require_round_trip<std::uint64_t>(input, parse_count, format_count);
  if (!parse_boolean(input).value) require_one_line(parse_boolean(input).problem);
  std::uint64_t bits = 0;
  for (const char c : input.substr(0, sizeof bits))
    bits = (bits << 8) | static_cast<unsigned char>(c);
  require_numbers(bits);
  require_text(input);
}

}  // namespace freshet::fuzz
