// Texts by which equal things wait together. Lengths stand in front of names and values, so that no two lists of texts read
// alike.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "freshet/event.hpp"

namespace freshet::rules {

inline void add_text(std::string& to, std::string_view text) {
  to += fmt::format("{}:{}", text.size(), text);
}

/// Equal exactly for equal events: `7` and `"7"` are two values.
inline void add_event(std::string& to, const Event& event) {
  add_text(to, event.name());
  for (const EventField& field : event.fields()) {
    add_text(to, field.name);
    to += field.value.is_integer() ? 'i' : 't';
    add_text(to, field.value.text());
  }
}

}  // namespace freshet::rules
