// Rules and entities in code: what `events:` and `entities:` of a policy say, as plain data.
//
// CacheInvalidatorBuilder takes them; they go through the reader of the YAML form, so that the same things are wrong with
// them, in the same words. Texts with {fields} are templates: a field is filled in as text when the event comes, is not read
// again and can hit nothing else; `{{` and `}}` stand for the braces themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"

namespace freshet {

/// What a rule can do; the enumerators are the words of a policy.
enum class RuleActionKind : std::uint8_t {
  invalidate_key,
  invalidate_tag,
  invalidate_namespace,
  invalidate_all,
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

  RuleActionKind kind{};
  std::string name{};        // template of the key or tag; name of the entity or event, no template
  std::string name_space{};  // template
  std::vector<RuleField> fields{};  // of the entity or event
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
};

/// What belongs to one thing of the domain, to be invalidated together; at least one part. All are templates.
struct EntityParts {
  std::vector<std::string>
      keys{};  // "profiles/user:{id}": the namespace ends at the first slash as written
  std::vector<std::string> tags{};
  std::vector<std::string> namespaces{};
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
  std::vector<Rule> rules{};
  std::vector<Entity> entities{};
  std::vector<Limit> limits{};
};

}  // namespace freshet
