// The checks on what callers name. Each throws InvalidName and has no other effect.
#pragma once

#include <string_view>

namespace freshet::detail {

void check_key(std::string_view key);
void check_tag(std::string_view tag);
void check_namespace(std::string_view name_space);
void check_event(std::string_view event);
/// A scope becomes the first part of its keys, so it must not contain the separator.
void check_scope(std::string_view scope);

inline constexpr char kKeySeparator = ':';

}  // namespace freshet::detail
