// What can be invalidated, how, and what an invalidation answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
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

/// Tiers and channels that one call leaves out. Reading from a tier that is skipped finds nothing; writing to one leaves it
/// without the value, an older one included.
struct Skip {
  bool read_l1 = false;
  bool write_l1 = false;
};

/// A key in its namespace.
struct KeyName {
  std::string key;
  std::string name_space;
  friend bool operator==(const KeyName&, const KeyName&) = default;
};

/// What is loaded again in the background once an invalidation is in force, by the loaders bound to the namespaces and within
/// the budgets of their blocks (RecomputeOptions). At most 10,000 keys wait in a block; what comes beyond is dropped and counted.
struct Rewarm {
  std::size_t hot =
      0;  // of the so many most-read keys (CacheInvalidator::hot_keys) those that the call makes stale
  std::vector<KeyName> keys{};  // and these, unless something fresh is there when their turn comes
};

/// Last argument of each invalidation.
struct InvalidateOptions {
  Mode mode = Mode::remove;
  bool dry_run = false;  // count only, change nothing
  WaitForOthers wait{};
  std::string cause{};   // the caller's words, for whoever asks later why
  Skip skip{};           // tiers that the call leaves alone; reading means nothing here
  std::size_t list = 0;  // name up to this many of the entries hit, where the count is exact
  Rewarm rewarm{};       // what is to be loaded again afterwards; with dry_run nothing is
};

/// An entry that an invalidation hits, and by what.
struct StaleEntry {
  std::string name_space;
  std::string key;
  std::string reason;  // "tag users", "depends on /src/main.py", ...
};

/// What an invalidation did, or with dry_run would do. Freely copied.
struct Invalidated {
  std::uint64_t count = 0;  // entries made stale, each once
  Exactness exactness = Exactness::exact;
  Remote remote = Remote::none;
  Revision revision{};                // loads that begin from here on are not affected
  std::vector<StaleEntry> entries{};  // as many as InvalidateOptions::list asked for
  bool collected = false;  // a transaction of this thread has it: it happens when that commits

  /// True if anything went.
  explicit operator bool() const noexcept { return count > 0; }
};

/// What a predicate may know of an entry. Valid during the call only.
struct EntryDescription {
  std::string_view name_space{};
  std::string_view key{};
  std::span<const std::string> tags{};
  Instant stored_at{};
};

/// Says of an entry whether it goes. Called with no lock held, on the thread of the call; it may call the cache. One that
/// throws ends the call with its exception, and no entry is invalidated.
using EntryPredicate = std::function<bool(const EntryDescription&)>;

/// One thing to invalidate, for invalidate_many. The calls of CacheInvalidator say what each means.
struct Target {
  enum class Kind : std::uint8_t {
    key,
    tag,
    name_space,
    all,
    all_of,
    dependents,
    prefix,
    matching,
    version,
    policy_version
  };

  static Target key(std::string key, std::string name_space) {
    return {Kind::key, std::move(key), std::move(name_space), {}};
  }
  static Target tag(std::string tag) { return {Kind::tag, std::move(tag), {}, {}}; }
  static Target tag_in(std::string tag, std::string name_space) {
    return {Kind::tag, std::move(tag), std::move(name_space), {}};
  }
  static Target name_space(std::string name) { return {Kind::name_space, {}, std::move(name), {}}; }
  static Target all() { return {Kind::all, {}, {}, {}}; }
  /// In every namespace, or in one.
  static Target all_of(std::vector<std::string> tags, std::string name_space = {}) {
    return {Kind::all_of, {}, std::move(name_space), std::move(tags)};
  }
  static Target dependents(std::string resource) {
    return {Kind::dependents, std::move(resource), {}, {}};
  }
  static Target dependents_of_key(std::string key, std::string name_space) {
    return {Kind::dependents, std::move(key), std::move(name_space), {}};
  }
  static Target prefix(std::string prefix, std::string name_space) {
    return {Kind::prefix, std::move(prefix), std::move(name_space), {}};
  }
  /// `*` any run of bytes, `?` any byte, `[a-z]` one of, `[!a-z]` none of, a backslash takes the next byte as it is.
  static Target matching(std::string glob, std::string name_space) {
    return {Kind::matching, std::move(glob), std::move(name_space), {}};
  }
  static Target version(std::string dependency, std::string hash) {
    return {Kind::version, std::move(dependency), {}, {std::move(hash)}};
  }
  /// A version never seen before.
  static Target new_version(std::string dependency) {
    return {Kind::version, std::move(dependency), {}, {}};
  }
  static Target policy_version(std::string name_space, std::string version) {
    return {Kind::policy_version, {}, std::move(name_space), {std::move(version)}};
  }

  Kind kind;
  std::string name;                 // the key, tag, resource, prefix, glob or dependency
  std::string space;                // the namespace; empty where the kind needs none
  std::vector<std::string> more{};  // all_of: the tags; version, policy_version: the hash
};

/// In words: "tag users", "prefix user:42 in profiles", "dependents of /src/main.py".
std::string describe(const Target& target);

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
