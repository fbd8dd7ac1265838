// Rules and entities as plain data: what `events:` and `entities:` of a policy say, read and judged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/errors.hpp"
#include "rules/field_template.hpp"

namespace freshet::rules {

enum class ActionKind : std::uint8_t {
  invalidate_key,
  invalidate_tag,
  invalidate_namespace,
  invalidate_all,
  invalidate_entity,
  refresh,
  emit,
};

/// The word that a policy uses.
std::string_view word_of(ActionKind kind) noexcept;

struct FieldFill {
  std::string name;
  FieldTemplate value;
};

/// One thing that a rule does. An action on an entity becomes one on each of its parts when the event comes.
struct Action {
  ActionKind kind{};
  FieldTemplate name{};           // key, tag; the name of the entity or event, which has no fields
  FieldTemplate space{};          // the namespace
  std::vector<FieldFill> fields;  // of the entity or event
  std::size_t entity = 0;         // index into RuleSet::entities
  Place place{};
};

/// Holds if the event has the field and its text is one of `values`; with is_not, if that does not hold.
struct Condition {
  std::string field;
  std::vector<std::string> values;
  bool is_not = false;
};

/// Waits until no equal event has come for `quiet`, but no longer than `at_most` from the first.
struct Debounce {
  Duration quiet{};
  Duration at_most{};
};

/// Collects what several events hit, until `at_most` of them came or `within` has passed since the first.
struct Batch {
  std::uint64_t at_most = 0;
  Duration within{};
};

struct Rule {
  std::string event;
  Place place{};
  std::optional<std::vector<std::string>> fields{};  // as declared
  std::vector<Condition> when{};                     // all must hold
  std::optional<Debounce> debounce{};                // at most one of these two
  std::optional<Batch> batch{};
  std::vector<Action> actions{};
};

/// What belongs to one thing of the domain, to be invalidated together.
struct Entity {
  std::string name;
  Place place{};
  std::vector<Action> parts{};  // invalidate_key, invalidate_tag, invalidate_namespace

  /// The fields that its parts need, each once.
  std::vector<std::string> fields() const;
};

struct RuleSet {
  std::vector<Rule> rules;  // in the order of the file
  std::vector<Entity> entities;
};

}  // namespace freshet::rules
