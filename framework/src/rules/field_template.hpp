// FieldTemplate: `user:{user_id}`, to be filled with the fields of an event.
//
// A value goes in as it is and is never read again: braces, slashes and wildcards in it stand for themselves; in a pattern a
// backslash in front of its special bytes sees to that. What separates the parts of a target ("namespace/key") is found in
// the template before any value is put in, so that a value cannot move it. Cost: O(length of the result + fields of the template × fields of the event). Immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "freshet/event.hpp"
#include "freshet/value_grammar.hpp"
#include "strategy/key_template.hpp"

namespace freshet::rules {

class FieldTemplate {
 public:
  FieldTemplate() = default;  // the empty text
  static Parsed<FieldTemplate> parse(std::string_view text);

  /// As it was written.
  const std::string& text() const noexcept { return text_; }
  /// The names of the fields, in their order; one may stand twice.
  std::vector<std::string> fields() const;
  bool is_literal() const noexcept;
  /// The literal parts alone, with `in_place_of_field` for each field.
  std::string outline(std::string_view in_place_of_field) const;

  struct Filled {
    std::string text{};
    std::string_view
        missing{};  // the first field that the event has not; reaches into the template
    bool complete() const noexcept { return missing.empty(); }
  };
  /// `special`: bytes of values that a backslash comes in front of.
  Filled fill(const Event& event, std::string_view special = {}) const;

  /// The field that a filled text ends in; empty if it ends in literal text.
  std::string_view last_field() const noexcept;
  /// Names the first field, if any, that the event has with an empty value.
  std::string_view first_empty(const Event& event) const noexcept;
  /// The literal texts in front of the fields, one for each.
  std::vector<std::string> before_fields() const;

 private:
  std::string text_;
  std::vector<TemplatePiece> pieces_;
};

}  // namespace freshet::rules
