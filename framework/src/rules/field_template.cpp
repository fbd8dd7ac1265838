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

std::string_view FieldTemplate::last_field() const noexcept {
  return !pieces_.empty() && pieces_.back().is_field ? pieces_.back().text : std::string_view();
}

std::string_view FieldTemplate::first_empty(const Event& event) const noexcept {
  for (const TemplatePiece& piece : pieces_) {
    if (piece.is_field && event.field(piece.text) == std::string_view()) return piece.text;
  }
  return {};
}

std::vector<std::string> FieldTemplate::before_fields() const {
  std::vector<std::string> texts;
  std::string text;
  for (const TemplatePiece& piece : pieces_) {
    if (!piece.is_field) {
      text += piece.text;
    } else {
      texts.push_back(text);
    }
  }
  return texts;
}

FieldTemplate::Filled FieldTemplate::fill(const Event& event, std::string_view special) const {
  Filled filled;
  for (const TemplatePiece& piece : pieces_) {
    if (!piece.is_field) {
      filled.text += piece.text;
    } else if (const auto value = event.field(piece.text)) {
      for (const char byte : *value) {
        if (special.find(byte) != std::string_view::npos) filled.text += '\\';
        filled.text += byte;
      }
    } else {
      return {.text = {}, .missing = piece.text};
    }
  }
  return filled;
}

}  // namespace freshet::rules
