// Rules and entities as plain data: what `events:` and `entities:` of a policy say, read and judged.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/errors.hpp"
#include "freshet/rule.hpp"
#include "freshet/schedule.hpp"
#include "rules/field_template.hpp"

namespace freshet::rules {

using ActionKind = RuleActionKind;
using Condition = RuleCondition;

/// The word that a policy uses.
std::string_view word_of(ActionKind kind) noexcept;

struct FieldFill {
  std::string name;
  FieldTemplate value;
};

/// One thing that a rule does. An action on an entity becomes one on each of its parts when the event comes.
struct Action {
  ActionKind kind{};
  // The key, tag, resource, prefix, pattern or dependency; the name of the entity or event, which has no fields.
  FieldTemplate name{};
  FieldTemplate space{};          // the namespace; empty where the kind needs none
  std::vector<FieldFill> fields;  // of the entity or event
  std::vector<FieldTemplate>
      more;  // all_of: the tags; version: the hash, none for a version never seen before
  Mode mode = Mode::remove;
  std::size_t entity = 0;  // index into RuleSet::entities
  Place place{};
};

struct Rule {
  std::string event;
  Place place{};
  std::optional<std::vector<std::string>> fields{};  // as declared
  std::vector<Condition> when{};                     // all must hold
  std::optional<Debounce> debounce{};  // at most one of these two; at_most is not zero
  std::optional<Batch> batch{};
  std::uint64_t rewarm = 0;  // how many hot keys
  std::vector<Action> actions{};
};

/// How many events of a name are carried out in a second; what comes beyond waits for its end (event_rates.hpp).
struct EventLimit {
  std::string event;
  std::uint64_t max_per_second = 0;
};

/// An event that comes by the calendar or after an interval.
struct ScheduledEvent {
  std::string event;
  Schedule when;
};

/// What belongs to one thing of the domain, to be invalidated together.
struct Entity {
  std::string name;
  Place place{};
  std::vector<Action> parts{};  // of the kinds in kEntityParts

  /// The fields that its parts need, each once.
  std::vector<std::string> fields() const;
};

/// A word of an entity, and the kind of action that its members are.
struct EntityPart {
  std::string_view word;
  ActionKind kind;
};
inline constexpr std::array kEntityParts{
    EntityPart{"keys", ActionKind::invalidate_key},
    EntityPart{"tags", ActionKind::invalidate_tag},
    EntityPart{"namespaces", ActionKind::invalidate_namespace},
    EntityPart{"prefixes", ActionKind::invalidate_prefix},
    EntityPart{"patterns", ActionKind::invalidate_matching},
    EntityPart{"dependents", ActionKind::invalidate_dependents},
};

/// Where prefixes end in the keys of a block.
struct BlockSeparator {
  std::string block;
  char separator = ':';
};

struct RuleSet {
  std::vector<Rule> rules;  // in the order of the file
  std::vector<Entity> entities;
  std::vector<EventLimit> limits{};          // at most one for each event
  std::vector<ScheduledEvent> schedules{};   // perhaps several for an event
  std::vector<BlockSeparator> separators{};  // one for each block of the policy, in its order
};

}  // namespace freshet::rules
