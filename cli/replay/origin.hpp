// OriginModel: what the trace tells of the origin behind the cache, so that a replay knows which
// hits are stale.
//
// Only keys that were written have a state of their own: every other key is at version 0 and exists. What
// the trace last said of a key that was read (size, lifetime, tags) is remembered as well, for loads
// that no row asks for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "freshet/size_of.hpp"

namespace freshet::replay {

/// The cached value: which version of the origin's object it is a copy of. The object itself is
/// only its size.
struct Copy {
  std::uint64_t version = 0;
  std::uint64_t bytes = 0;
  bool exists = true;  // false: the cached knowledge that there is no such object
};

/// One key's state at the origin.
struct OriginState {
  std::uint64_t version = 0;
  bool exists = true;
};

/// What a read of the key last said of the object.
struct ObjectTraits {
  std::uint64_t bytes = 0;
  std::int64_t ttl_ms = -1;  // -1: not known
  std::vector<std::string> tags{};
};

/// Confined to one thread.
class OriginModel {
 public:
  ObjectTraits& traits(std::string_view key) {
    auto found = traits_.find(key);
    if (found == traits_.end()) found = traits_.emplace(std::string(key), ObjectTraits{}).first;
    return found->second;
  }

  OriginState state(std::string_view key) const {
    const auto found = written_.find(key);
    return found == written_.end() ? OriginState{} : found->second;
  }

  /// A write. Returns what the key is now.
  OriginState set(std::string_view key) { return move_on(key, true); }

  /// A delete, which is a version too: copies from before it are old.
  OriginState erase(std::string_view key) { return move_on(key, false); }

 private:
  struct HashText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  OriginState move_on(std::string_view key, bool exists) {
    auto found = written_.find(key);
    if (found == written_.end()) found = written_.emplace(std::string(key), OriginState{}).first;
    found->second = {found->second.version + 1, exists};
    return found->second;
  }

  std::unordered_map<std::string, OriginState, HashText, std::equal_to<>> written_;
  std::unordered_map<std::string, ObjectTraits, HashText, std::equal_to<>> traits_;
};

}  // namespace freshet::replay

/// A policy that limits bytes counts those of the traced objects; a row without a size counts as
/// the copy's own.
template <>
struct freshet::SizeOf<freshet::replay::Copy> {
  static std::size_t bytes(const freshet::replay::Copy& copy) noexcept { return copy.bytes; }
};
