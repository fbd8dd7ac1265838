// The checks on what callers name. Each throws InvalidName and has no other effect.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "freshet/limits.hpp"

namespace freshet::detail {

/// Says what is wrong with a key that is empty or too long.
void refuse_key(std::string_view key);
inline void check_key(std::string_view key) {
  if (key.empty() || key.size() > kMaxKeyBytes) refuse_key(key);
}
void check_tag(std::string_view tag);
void check_namespace(std::string_view name_space);
void check_resource(std::string_view resource);
/// May be empty.
void check_validator(std::string_view validator);
void check_version(std::string_view dependency, std::string_view hash);
/// Without the separator that may stand at its end.
std::string_view check_prefix(std::string_view prefix, char separator);
void check_glob(std::string_view glob);
/// At least one tag, at most kMaxAllOfTags.
void check_all_of(std::span<const std::string> tags);
void check_event(std::string_view event);
/// A scope becomes the first part of its keys, so it must not contain the separator.
void check_scope(std::string_view scope);

/// Under which name the policy version of a namespace is kept; no caller can name it.
std::string policy_dependency(std::string_view name_space);

inline constexpr char kKeySeparator = ':';

}  // namespace freshet::detail
