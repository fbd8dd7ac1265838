// Rules and entities in code: what `events:` and `entities:` of a policy say, as plain data.
//
// CacheInvalidatorBuilder takes them; they go through the reader of the YAML form, so that the same things are wrong with
// them, in the same words. Texts with {fields} are templates: a field is filled in as text when the event comes, is not read
// again and can hit nothing else (in a pattern, `*` in a field is a star); `{{` and `}}` stand for the braces themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/invalidation.hpp"

namespace freshet {

/// What a rule can do; the enumerators are the words of a policy.
enum class RuleActionKind : std::uint8_t {
  invalidate_key,
  invalidate_tag,
  invalidate_namespace,
  invalidate_all,
  invalidate_all_of,
  invalidate_dependents,
  invalidate_prefix,
  invalidate_matching,
  invalidate_version,
  invalidate_entity,
  refresh,
  emit,
};

/// A field that an action passes on; `value` is a template.
struct RuleField {
  std::string name;
  std::string value;
};

/// One thing that a rule does. Plain data; the functions are the ways to make one.
struct RuleAction {
  static RuleAction invalidate_key(std::string key, std::string name_space) {
    return {RuleActionKind::invalidate_key, std::move(key), std::move(name_space)};
  }
  static RuleAction invalidate_tag(std::string tag) {
    return {RuleActionKind::invalidate_tag, std::move(tag)};
  }
  static RuleAction invalidate_namespace(std::string name_space) {
    return {RuleActionKind::invalidate_namespace, {}, std::move(name_space)};
  }
  static RuleAction invalidate_all() { return {RuleActionKind::invalidate_all}; }
  /// What carries all of the tags; in every namespace, or in one.
  static RuleAction invalidate_all_of(std::vector<std::string> tags, std::string name_space = {}) {
    return {RuleActionKind::invalidate_all_of, {}, std::move(name_space), {}, std::move(tags)};
  }
  static RuleAction invalidate_dependents(std::string resource) {
    return {RuleActionKind::invalidate_dependents, std::move(resource)};
  }
  static RuleAction invalidate_dependents_of_key(std::string key, std::string name_space) {
    return {RuleActionKind::invalidate_dependents, std::move(key), std::move(name_space)};
  }
  /// The last field of a prefix must not be empty: that would shorten it.
  static RuleAction invalidate_prefix(std::string prefix, std::string name_space) {
    return {RuleActionKind::invalidate_prefix, std::move(prefix), std::move(name_space)};
  }
  /// A glob as Target::matching() takes. No field of it may be empty, or stand in brackets or after a backslash.
  static RuleAction invalidate_matching(std::string glob, std::string name_space) {
    return {RuleActionKind::invalidate_matching, std::move(glob), std::move(name_space)};
  }
  static RuleAction invalidate_version(std::string dependency, std::string hash) {
    return {RuleActionKind::invalidate_version, std::move(dependency), {}, {}, {std::move(hash)}};
  }
  /// A version never seen before.
  static RuleAction bump_version(std::string dependency) {
    return {RuleActionKind::invalidate_version, std::move(dependency)};
  }
  /// `fields`: a value for each field that the parts of the entity name.
  static RuleAction invalidate_entity(std::string name, std::vector<RuleField> fields) {
    return {RuleActionKind::invalidate_entity, std::move(name), {}, std::move(fields)};
  }
  /// Loads the key again, by the loader bound to its namespace.
  static RuleAction refresh(std::string key, std::string name_space) {
    return {RuleActionKind::refresh, std::move(key), std::move(name_space)};
  }
  static RuleAction emit(std::string event, std::vector<RuleField> fields = {}) {
    return {RuleActionKind::emit, std::move(event), {}, std::move(fields)};
  }

  /// The same, but what it hits expires only: it may still be served where policy serves stale values. Not for refresh and emit.
  RuleAction expiring() const {
    RuleAction action = *this;
    action.mode = Mode::expire;
    return action;
  }

  RuleActionKind kind{};
  std::string
      name{};  // template of the key, tag, resource, prefix, glob or dependency; name of the entity or event, no template
  std::string name_space{};         // template; may be empty where the functions above let it
  std::vector<RuleField> fields{};  // of the entity or event
  std::vector<std::string> more{};  // templates: the tags of all_of, the hash of a version
  Mode mode = Mode::remove;
};

/// Holds if the event has the field and its text is one of `values`; with is_not, if that does not hold.
struct RuleCondition {
  std::string field;
  std::vector<std::string> values;
  bool is_not = false;
};

/// Waits until no equal event has come for `quiet`, but no longer than `at_most` from the first. Until then the old data is
/// served.
struct Debounce {
  Duration quiet{};    // over 0, up to an hour
  Duration at_most{};  // at least `quiet`, up to an hour; zero: ten times `quiet`
};

/// Collects what several events hit, until `at_most` of them came or `within` has passed since the first.
struct Batch {
  std::uint64_t at_most = 0;  // 1 to 10,000
  Duration within{};          // over 0, up to an hour
};

/// When a rule runs, and what it may name.
struct RuleOptions {
  std::optional<std::vector<std::string>>
      fields{};                        // if given, templates and conditions name these only
  std::vector<RuleCondition> when{};   // all must hold
  std::optional<Debounce> debounce{};  // at most one of these two
  std::optional<Batch> batch{};
  std::uint64_t rewarm =
      0;  // up to 10,000: of so many most-read keys those that the event makes stale are loaded again
};

/// What belongs to one thing of the domain, to be invalidated together; at least one part. All are templates.
struct EntityParts {
  std::vector<std::string>
      keys{};  // "profiles/user:{id}": the namespace ends at the first slash as written
  std::vector<std::string> tags{};
  std::vector<std::string> namespaces{};
  std::vector<std::string> prefixes{};    // "profiles/user:{id}"
  std::vector<std::string> patterns{};    // "profiles/user:{id}:*"
  std::vector<std::string> dependents{};  // resources: what depends on them goes
};

/// What the builder has collected.
struct RulesInCode {
  struct Rule {
    std::string event;
    std::vector<RuleAction> actions;
    RuleOptions options;
  };
  struct Entity {
    std::string name;
    EntityParts parts;
  };
  struct Limit {
    std::string event;
    std::uint64_t max_per_second;
  };
  struct Timetable {
    std::string event;
    std::string time;  // as Schedule::parse takes it
  };
  std::vector<Rule> rules{};
  std::vector<Entity> entities{};
  std::vector<Limit> limits{};
  std::vector<Timetable> schedules{};
};

}  // namespace freshet
