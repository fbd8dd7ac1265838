// Event: a named domain occurrence with fields: user_logout {user_id: 42}.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace freshet {

/// The value of a field: text or an integer. Plain data.
class FieldValue {
 public:
  FieldValue(std::string text)
      : text_(std::move(text)) {}  // NOLINT: implicit, as arguments of emit should be
  FieldValue(std::string_view text) : text_(text) {}  // NOLINT
  FieldValue(const char* text) : text_(text) {}       // NOLINT
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) FieldValue(Integer number)
      : text_(std::to_string(number)), is_integer_(true) {}  // NOLINT

  /// As it stands in a template.
  const std::string& text() const noexcept { return text_; }
  bool is_integer() const noexcept { return is_integer_; }

  friend bool operator==(const FieldValue&, const FieldValue&) = default;

 private:
  std::string text_;
  bool is_integer_ = false;
};

struct EventField {
  std::string name;
  FieldValue value;
  friend bool operator==(const EventField&, const EventField&) = default;
};

/// Plain data. Field names are distinct; a later one of the same name is ignored by field().
class Event {
 public:
  Event(std::string name, std::vector<EventField> fields)
      : name_(std::move(name)), fields_(std::move(fields)) {}
  Event(std::string name, std::initializer_list<EventField> fields = {})
      : name_(std::move(name)), fields_(fields.begin(), fields.end()) {}

  const std::string& name() const noexcept { return name_; }
  const std::vector<EventField>& fields() const noexcept { return fields_; }

  /// The text of a field; nullopt if the event has none of that name. O(fields).
  std::optional<std::string_view> field(std::string_view name) const noexcept {
    for (const EventField& candidate : fields_) {
      if (candidate.name == name) return candidate.value.text();
    }
    return std::nullopt;
  }

  friend bool operator==(const Event&, const Event&) = default;

 private:
  std::string name_;
  std::vector<EventField> fields_;
};

}  // namespace freshet
