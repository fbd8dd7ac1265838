// Templates: of keys, of tags and of rules; with fields put in and keys taken apart.
//
// The input's first line is the template, its second a key, the others are `field=value`. Filled templates are compared
// with a reading of the grammar that is as plain as can be; a key that matches is put together again from its fields; and
// a pattern filled with guarded values matches what the values spell, and that alone.
#include <algorithm>
#include <optional>
#include <vector>

#include "freshet/limits.hpp"
#include "freshness/key_glob.hpp"
#include "fuzz/one_line.hpp"
#include "rules/field_template.hpp"
#include "strategy/key_template.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::string_view kSpecial = "*?[\\";

bool is_name(std::string_view text) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  return !text.empty() && text.find_first_not_of(kLetters) == std::string_view::npos;
}

/// What parse_template() should find; nullopt where the text is no template. Literal texts byte by byte.
std::optional<std::vector<TemplatePiece>> plain_reading(std::string_view text) {
  std::vector<TemplatePiece> pieces;
  std::size_t fields = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, 2) == "{{" || text.substr(at, 2) == "}}") {
      pieces.push_back({false, std::string(1, text[at])});
      at += 2;
    } else if (text[at] == '}') {
      return std::nullopt;
    } else if (text[at] == '{') {
      const std::size_t end = text.find('}', at);
      if (end == std::string_view::npos || !is_name(text.substr(at + 1, end - at - 1)))
        return std::nullopt;
      if (++fields > kMaxTemplateFields) return std::nullopt;
      pieces.push_back({true, std::string(text.substr(at + 1, end - at - 1))});
      at = end + 1;
    } else {
      pieces.push_back({false, std::string(1, text[at++])});
    }
  }
  return pieces;
}

Event event_of(std::string_view lines) {
  std::vector<EventField> fields;
  while (!lines.empty() && fields.size() < 16) {
    const auto [line, rest] = split_at(lines, "\n");
    const auto [name, value] = split_at(line, "=");
    fields.push_back({std::string(name), FieldValue(value)});
    lines = rest;
  }
  return Event("e", std::move(fields));
}

std::string plainly_filled(const std::vector<TemplatePiece>& pieces, const Event& event) {
  std::string text;
  for (const TemplatePiece& piece : pieces)
    text += piece.is_field ? event.field(piece.text).value_or("") : std::string_view(piece.text);
  return text;
}

void require_filled(const rules::FieldTemplate& parsed, const std::vector<TemplatePiece>& plain,
                    const Event& event) {
  const auto unknown = std::find_if(plain.begin(), plain.end(), [&event](const auto& piece) {
    return piece.is_field && !event.field(piece.text);
  });
  const rules::FieldTemplate::Filled filled = parsed.fill(event);
  require(filled.complete() == (unknown == plain.end()), "what an event lacks is noticed");
  if (unknown != plain.end()) {
    require(filled.missing == unknown->text, "the first field that the event lacks is named");
    return;
  }
  const std::string spelt = plainly_filled(plain, event);
  require(filled.text == spelt, "values go in as they are");
  if (parsed.outline("").find_first_of(kSpecial) != std::string::npos) return;
  const auto glob = detail::KeyGlob::parse(parsed.fill(event, kSpecial).text);
  require(glob.has_value(), "a pattern of guarded values ends");
  require(glob->matches(spelt), "guarded values match themselves");
  require(!glob->matches(spelt + "x") && (spelt.empty() || !glob->matches(spelt.substr(1))),
          "guarded values match nothing else");
}

void require_taken_apart(std::string_view text, std::string_view key) {
  const Parsed<KeyTemplate> parsed = KeyTemplate::parse(text);
  if (!parsed.value) return require_one_line(parsed.problem);
  std::vector<EntryView::Field> fields;
  if (!parsed.value->match(key, fields)) return require(fields.empty(), "no match, no fields");
  require(fields.size() == parsed.value->fields().size(), "a match has each field once");
  for (const EntryView::Field& field : fields) require(!field.second.empty(), "no field is empty");
  if (text.empty()) return;
  const Parsed<TagTemplate> tag = TagTemplate::parse(text);
  require(tag.value.has_value(), "a template of keys is one of tags");
  require(tag.value->expand(fields) == key, "the fields of a key make the key again");
}

}  // namespace

void fuzz_template(std::string_view input) {
  const auto [text, rest] = split_at(input, "\n");
  const auto [key, lines] = split_at(rest, "\n");
  const auto plain = plain_reading(text);
  const Parsed<rules::FieldTemplate> parsed = rules::FieldTemplate::parse(text);
  require(parsed.value.has_value() == plain.has_value(), "the grammar of templates is this one");
  require_taken_apart(text, key);
  if (!parsed.value) return require_one_line(parsed.problem);

  const Event event = event_of(lines);
  require(parsed.value->text() == text, "a template is told as it was written");
  require_filled(*parsed.value, *plain, event);
}

}  // namespace freshet::fuzz
