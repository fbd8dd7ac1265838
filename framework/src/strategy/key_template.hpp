// KeyTemplate and TagTemplate: `user:{user_id}` takes a key apart into fields, and puts a tag
// together from them.
//
// A field is a name in braces, of letters, digits and '_'; `{{` and `}}` stand for the braces
// themselves. In a key, fields differ and have text between them, so that a key has one reading:
// each field takes at least one character and ends at the first place where the text after it
// stands; text after the last field stands at the end of the key. Cost: a key is passed over once
// from left to right, each text sought from where the one before ended. Immutable.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/strategy.hpp"
#include "freshet/value_grammar.hpp"

namespace freshet {

/// A stretch of a template: literal text, or the name of a field.
struct TemplatePiece {
  bool is_field = false;
  std::string text;
};

/// Takes a template apart into literal texts and fields, kMaxTemplateFields of them at most; the problem where it is none.
Parsed<std::vector<TemplatePiece>> parse_template(std::string_view text);

class KeyTemplate {
 public:
  static Parsed<KeyTemplate> parse(std::string_view text);

  /// The names of the fields, in their order.
  std::vector<std::string> fields() const;

  /// Whether the key has this form; fills `fields` if so and leaves it empty if not. The views
  /// reach into this and `key`.
  bool match(std::string_view key, std::vector<EntryView::Field>& fields) const;

 private:
  bool take_apart(std::string_view key, std::vector<EntryView::Field>& fields) const;

  std::vector<TemplatePiece> pieces_;  // texts and fields alternate
};

class TagTemplate {
 public:
  static Parsed<TagTemplate> parse(std::string_view text);

  std::vector<std::string> fields() const;

  /// The tag, with the fields' values put in. A field that is not among them stays out: blocks are
  /// checked for that.
  std::string expand(std::span<const EntryView::Field> fields) const;

 private:
  std::vector<TemplatePiece> pieces_;
};

/// What is wrong with using `field` beside this key; nullopt if the key has it.
std::optional<std::string> field_problem(const KeyTemplate& key, std::string_view field);

}  // namespace freshet
