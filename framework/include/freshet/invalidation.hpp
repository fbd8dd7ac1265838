// What can be invalidated, how, and what an invalidation answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/revision.hpp"

namespace freshet {

/// Removed data is never served again. Expired data may still be served where policy serves stale values.
enum class Mode : std::uint8_t { remove, expire };

/// Whether a count is the number itself or an upper bound of it.
enum class Exactness : std::uint8_t { exact, at_most };

/// What happened on other machines. `none`: there are none to reach.
enum class Remote : std::uint8_t { none, applied, queued, failed };

/// How long to wait for other processes to have applied an invalidation. Without a backplane there are none.
struct WaitForOthers {
  std::size_t processes = 0;
  Duration at_most{};
};

/// Last argument of each invalidation.
struct InvalidateOptions {
  Mode mode = Mode::remove;
  bool dry_run = false;  // count only, change nothing
  WaitForOthers wait{};
  std::string cause{};  // the caller's words, for whoever asks later why
};

/// What an invalidation did, or with dry_run would do. Freely copied.
struct Invalidated {
  std::uint64_t count = 0;  // entries made stale, each once
  Exactness exactness = Exactness::exact;
  Remote remote = Remote::none;
  Revision revision{};  // loads that begin from here on are not affected

  /// True if anything went.
  explicit operator bool() const noexcept { return count > 0; }
};

/// One thing to invalidate, for invalidate_many.
struct Target {
  enum class Kind : std::uint8_t { key, tag, name_space, all };

  static Target key(std::string key, std::string name_space) {
    return {Kind::key, std::move(key), std::move(name_space)};
  }
  static Target tag(std::string tag) { return {Kind::tag, std::move(tag), {}}; }
  static Target name_space(std::string name) { return {Kind::name_space, {}, std::move(name)}; }
  static Target all() { return {Kind::all, {}, {}}; }

  Kind kind;
  std::string name;   // the key or tag
  std::string space;  // the namespace
};

/// One target's share of invalidate_many. An entry that several targets hit is counted for each of them.
struct TargetOutcome {
  std::uint64_t count = 0;
  Exactness exactness = Exactness::exact;
  std::string error{};  // why this target could not be done; empty if it was
};

/// What invalidate_many did: `total` counts each entry once.
struct InvalidatedMany {
  Invalidated total;
  std::vector<TargetOutcome> targets;  // in the order of the call

  explicit operator bool() const noexcept { return static_cast<bool>(total); }
};

}  // namespace freshet
