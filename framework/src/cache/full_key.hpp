// FullKey: a key with its view's scope in front, checked against the limits.
#pragma once

#include <string>
#include <string_view>

#include "cache/names.hpp"
#include "store/entry.hpp"
#include "store/key_hash.hpp"

namespace freshet::detail {

/// Borrows `key` and `space`. Neither copied nor moved: ref() may point into it.
class FullKey {
 public:
  /// Throws InvalidName.
  FullKey(const std::string& scope, std::string_view key, const Label& space)
      : given_(key), ref_(named(space, scope.empty() ? checked(key) : with_scope(scope, key))) {}
  FullKey(const FullKey&) = delete;
  FullKey& operator=(const FullKey&) = delete;

  const KeyRef& ref() const noexcept { return ref_; }
  /// As the caller of the view wrote it.
  std::string_view given() const noexcept { return given_; }

 private:
  static KeyRef named(const Label& space, std::string_view key) noexcept {
    return {space, key, key_hash(space, key)};
  }
  static std::string_view checked(std::string_view key) {
    check_key(key);
    return key;
  }
  std::string_view with_scope(const std::string& scope, std::string_view key) {
    check_key(key);
    scoped_.reserve(scope.size() + key.size());
    return checked(scoped_.append(scope).append(key));
  }

  std::string_view given_;
  std::string scoped_;  // before ref_, which may point into it
  KeyRef ref_;
};

}  // namespace freshet::detail
