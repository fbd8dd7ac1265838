// Parsing, matching and expanding templates.
#include "strategy/key_template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "freshet/findings.hpp"
#include "freshet/limits.hpp"

namespace freshet {
namespace {

using Pieces = std::vector<TemplatePiece>;

bool is_field_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void add_literal(Pieces& pieces, char c) {
  if (pieces.empty() || pieces.back().is_field) pieces.push_back({});
  pieces.back().text += c;
}

/// The name that begins `rest`, up to its closing brace, both taken off; or a problem.
Parsed<std::string> take_field(std::string_view& rest) {
  const std::size_t end = rest.find('}');
  if (end == std::string_view::npos)
    return {.value = std::nullopt, .problem = "a brace is not closed"};
  const std::string_view name = rest.substr(0, end);
  if (name.empty()) return {.value = std::nullopt, .problem = "a field has no name"};
  if (!std::all_of(name.begin(), name.end(), is_field_character)) {
    return {.value = std::nullopt,
            .problem =
                fmt::format("{} is no name of a field: letters, digits and '_'", in_quotes(name))};
  }
  rest.remove_prefix(end + 1);
  return {.value = std::string(name), .problem = {}};
}

std::vector<std::string> fields_of(const Pieces& pieces) {
  std::vector<std::string> names;
  for (const TemplatePiece& piece : pieces) {
    if (piece.is_field) names.push_back(piece.text);
  }
  return names;
}

}  // namespace

Parsed<std::vector<TemplatePiece>> parse_template(std::string_view rest) {
  Pieces pieces;
  std::size_t fields = 0;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if ((c == '{' || c == '}') && !rest.empty() && rest.front() == c) {
      add_literal(pieces, c);
      rest.remove_prefix(1);
    } else if (c == '}') {
      return {.value = std::nullopt,
              .problem = "a brace closes what was not opened, write }} for a brace"};
    } else if (c == '{') {
      Parsed<std::string> name = take_field(rest);
      if (!name.value) return {.value = std::nullopt, .problem = std::move(name.problem)};
      if (++fields > kMaxTemplateFields) {
        return {.value = std::nullopt,
                .problem = fmt::format("it has more than {} fields", kMaxTemplateFields)};
      }
      pieces.push_back({true, std::move(*name.value)});
    } else {
      add_literal(pieces, c);
    }
  }
  return {.value = std::move(pieces), .problem = {}};
}

Parsed<KeyTemplate> KeyTemplate::parse(std::string_view text) {
  Parsed<Pieces> pieces = parse_template(text);
  if (!pieces.value) return {.value = std::nullopt, .problem = std::move(pieces.problem)};
  std::vector<std::string> names;
  bool after_field = false;
  for (const TemplatePiece& piece : *pieces.value) {
    if (piece.is_field) {
      if (after_field) {
        return {.value = std::nullopt,
                .problem = fmt::format("nothing stands between the fields {} and {}",
                                       in_quotes(names.back()), in_quotes(piece.text))};
      }
      if (std::find(names.begin(), names.end(), piece.text) != names.end()) {
        return {.value = std::nullopt,
                .problem = fmt::format("the field {} stands twice", in_quotes(piece.text))};
      }
      names.push_back(piece.text);
    }
    after_field = piece.is_field;
  }
  KeyTemplate made;
  made.pieces_ = std::move(*pieces.value);
  return {.value = std::move(made), .problem = {}};
}

std::vector<std::string> KeyTemplate::fields() const { return fields_of(pieces_); }

bool KeyTemplate::match(std::string_view key, std::vector<EntryView::Field>& fields) const {
  fields.clear();
  const bool matched = take_apart(key, fields);
  if (!matched) fields.clear();
  return matched;
}

bool KeyTemplate::take_apart(std::string_view rest, std::vector<EntryView::Field>& fields) const {
  const TemplatePiece* field = nullptr;  // the one that ends where the next text is found
  for (const TemplatePiece& piece : pieces_) {
    if (piece.is_field) {
      field = &piece;
      continue;
    }
    std::size_t at = 0;
    if (field != nullptr) {
      const bool last = &piece == &pieces_.back();
      if (last && !rest.ends_with(piece.text)) return false;
      at = last ? rest.size() - piece.text.size() : rest.find(piece.text, 1);
      if (at == 0 || at == std::string_view::npos) return false;
      fields.emplace_back(field->text, rest.substr(0, at));
    } else if (!rest.starts_with(piece.text)) {
      return false;
    }
    rest.remove_prefix(at + piece.text.size());
    field = nullptr;
  }
  if (field == nullptr) return rest.empty();
  fields.emplace_back(field->text, rest);
  return !rest.empty();
}

Parsed<TagTemplate> TagTemplate::parse(std::string_view text) {
  if (text.empty()) return {.value = std::nullopt, .problem = "a tag is not empty"};
  Parsed<Pieces> pieces = parse_template(text);
  if (!pieces.value) return {.value = std::nullopt, .problem = std::move(pieces.problem)};
  TagTemplate made;
  made.pieces_ = std::move(*pieces.value);
  return {.value = std::move(made), .problem = {}};
}

std::vector<std::string> TagTemplate::fields() const { return fields_of(pieces_); }

std::string TagTemplate::expand(std::span<const EntryView::Field> fields) const {
  std::string tag;
  for (const TemplatePiece& piece : pieces_) {
    if (!piece.is_field) {
      tag += piece.text;
      continue;
    }
    const auto at =
        std::find_if(fields.begin(), fields.end(),
                     [&piece](const EntryView::Field& field) { return field.first == piece.text; });
    if (at != fields.end()) tag += at->second;
  }
  return tag;
}

std::optional<std::string> field_problem(const KeyTemplate& key, std::string_view field) {
  const std::vector<std::string> names = key.fields();
  if (std::find(names.begin(), names.end(), field) != names.end()) return std::nullopt;
  if (names.empty())
    return fmt::format("{} is no field of the key: the block has no key with fields",
                       in_quotes(field));
  return fmt::format("{} is no field of the key{}", in_quotes(field), did_you_mean(field, names));
}

}  // namespace freshet
