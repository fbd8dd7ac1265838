#include "rules/field_template.hpp"

#include <algorithm>
#include <utility>

namespace freshet::rules {

Parsed<FieldTemplate> FieldTemplate::parse(std::string_view text) {
  Parsed<std::vector<TemplatePiece>> pieces = parse_template(text);
  if (!pieces.value) return {.value = std::nullopt, .problem = std::move(pieces.problem)};
  FieldTemplate made;
  made.text_ = text;
  made.pieces_ = std::move(*pieces.value);
  return {.value = std::move(made), .problem = {}};
}

std::vector<std::string> FieldTemplate::fields() const {
  std::vector<std::string> names;
  for (const TemplatePiece& piece : pieces_) {
    if (piece.is_field) names.push_back(piece.text);
  }
  return names;
}

bool FieldTemplate::is_literal() const noexcept {
  return std::none_of(pieces_.begin(), pieces_.end(),
                      [](const TemplatePiece& piece) { return piece.is_field; });
}

std::string FieldTemplate::outline(std::string_view in_place_of_field) const {
  std::string outline;
  for (const TemplatePiece& piece : pieces_)
    outline += piece.is_field ? in_place_of_field : std::string_view(piece.text);
  return outline;
}

FieldTemplate::Filled FieldTemplate::fill(const Event& event) const {
  Filled filled;
  for (const TemplatePiece& piece : pieces_) {
    if (!piece.is_field) {
      filled.text += piece.text;
    } else if (const auto value = event.field(piece.text)) {
      filled.text += *value;
    } else {
      return {.text = {}, .missing = piece.text};
    }
  }
  return filled;
}

}  // namespace freshet::rules
