// ConfigValue: a piece of a configuration as it was written, with places. What option tables read.
//
// Plain data: neither typed nor judged yet. A scalar is its text; whether that is a duration, a
// count or a word is for the option that reads it to say (value_grammar.hpp). Quotes never change a
// meaning, so `5m` and `"5m"` read alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/errors.hpp"

namespace freshet {

struct ConfigValue {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  struct Member;

  Kind kind = Kind::null;
  Place place{};                   // where it begins; for a null, where its key or list does
  std::string text{};              // of a scalar
  bool quoted = false;             // the scalar stood in quotes or was a block of text
  std::vector<ConfigValue> items;  // of a list
  std::vector<Member> members;     // of a map, in the order written; no key twice

  bool is_scalar() const noexcept { return kind == Kind::scalar; }
  bool is_list() const noexcept { return kind == Kind::list; }
  bool is_map() const noexcept { return kind == Kind::map; }

  /// The member of a map with this key, or null. Linear.
  const Member* find(std::string_view key) const noexcept;
};

struct ConfigValue::Member {
  std::string key;
  Place place;  // of the key
  ConfigValue value;
};

/// What stands there, for a message: `"5m"`, `a list`, `a map`, `nothing`.
std::string describe(const ConfigValue& value);

/// Where the value at `path` ("ttl.by", "tags[1]") below a map was written. Line 0 if it was not.
Place place_of(const ConfigValue& map, std::string_view path);

}  // namespace freshet
