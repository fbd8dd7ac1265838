// Rules and fields to targets.
#include "rules/rule_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "freshet/findings.hpp"

namespace freshet::rules {
namespace {

/// What a backslash guards in a value that becomes part of a pattern.
constexpr std::string_view kSpecialInPatterns = "*?[\\";

std::string missing(std::string_view field) {
  return fmt::format("the event has no field {}", in_quotes(field));
}

std::string empty_field(std::string_view field, std::string_view consequence) {
  return fmt::format("the field {} is empty, which would {}", in_quotes(field), consequence);
}

/// Makes the target of one action; says what is in the way of it.
class TargetMaker {
 public:
  TargetMaker(const RuleEngine& engine, const Action& action, const Event& event)
      : engine_(engine), action_(action), event_(event) {}

  std::optional<Target> make() {
    std::string space = fill(action_.space);
    if (space.empty() && !action_.space.text().empty())
      note(problem_.empty() ? "the name of its namespace is empty" : problem_);
    std::string name = fill_name(space);
    std::vector<std::string> more;
    for (const FieldTemplate& one : action_.more) more.push_back(fill(one));
    if (action_.kind == ActionKind::invalidate_version && !more.empty() && more.front().empty())
      note("the hash is empty");
    if (!problem_.empty()) return std::nullopt;
    return target(std::move(name), std::move(space), std::move(more));
  }

  const std::string& problem() const noexcept { return problem_; }

 private:
  void note(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  std::string fill(const FieldTemplate& text, std::string_view special = {}) {
    FieldTemplate::Filled filled = text.fill(event_, special);
    if (!filled.complete()) note(missing(filled.missing));
    return std::move(filled.text);
  }

  std::string fill_name(const std::string& space) {
    if (action_.kind == ActionKind::invalidate_prefix) return fill_prefix(space);
    if (action_.kind != ActionKind::invalidate_matching) return fill(action_.name);
    if (const std::string_view field = action_.name.first_empty(event_); !field.empty())
      note(empty_field(field, "widen the pattern"));
    return fill(action_.name, kSpecialInPatterns);
  }

  // A separator at the end of a prefix is left out when it is carried out. One that a value brought is part of the text, so
  // another comes after it.
  std::string fill_prefix(const std::string& space) {
    std::string prefix = fill(action_.name);
    const std::string_view field = action_.name.last_field();
    const auto separator = engine_.separator_of(space);
    if (field.empty() || !separator) return prefix;
    const bool bare = prefix.empty() || prefix.back() == *separator;
    if (!bare) return prefix;
    if (event_.field(field) == std::string_view()) {
      note(empty_field(field, "shorten the prefix"));
    } else {
      prefix += *separator;
    }
    return prefix;
  }

  Target target(std::string name, std::string space, std::vector<std::string> more) const {
    switch (action_.kind) {
      case ActionKind::invalidate_tag:
        return Target::tag(std::move(name));
      case ActionKind::invalidate_namespace:
        return Target::name_space(std::move(space));
      case ActionKind::invalidate_all:
        return Target::all();
      case ActionKind::invalidate_all_of:
        return Target::all_of(std::move(more), std::move(space));
      case ActionKind::invalidate_dependents:
        return Target::dependents_of_key(std::move(name), std::move(space));  // or of a resource
      case ActionKind::invalidate_prefix:
        return Target::prefix(std::move(name), std::move(space));
      case ActionKind::invalidate_matching:
        return Target::matching(std::move(name), std::move(space));
      case ActionKind::invalidate_version:
        return more.empty() ? Target::new_version(std::move(name))
                            : Target::version(std::move(name), std::move(more.front()));
      default:
        return Target::key(std::move(name), std::move(space));
    }
  }

  const RuleEngine& engine_;
  const Action& action_;
  const Event& event_;
  std::string problem_;
};

/// Expands the actions of one rule or entity for one event.
class Expansion {
 public:
  Expansion(const RuleEngine& engine, const Rule* rule, InvalidationPlan& plan,
            std::vector<PlannedAction>& explained)
      : engine_(engine), rule_(rule), plan_(plan), explained_(explained) {}

  /// `of`: for a part of an entity, the action that named it: there it is told, and its mode counts.
  void add(const Action& action, const Event& event, const PlannedAction* of = nullptr) {
    PlannedAction told{.place = of != nullptr ? of->place : action.place,
                       .kind = action.kind,
                       .mode = of != nullptr ? of->mode : action.mode,
                       .rule = rule_};
    if (action.kind == ActionKind::invalidate_entity)
      return add_entity(action, event, std::move(told));
    if (action.kind == ActionKind::emit) return add_event(action, event, std::move(told));
    add_target(action, event, std::move(told));
  }

 private:
  void leave_out(PlannedAction told, const Action& action, std::string problem) {
    std::string names = action.name.text();
    for (const FieldTemplate& more : action.more) names += (names.empty() ? "" : " ") + more.text();
    told.target = action.space.text().empty() || names.empty() ? action.space.text() + names
                                                               : action.space.text() + '/' + names;
    told.problem = std::move(problem);
    explained_.push_back(std::move(told));
  }

  void add_target(const Action& action, const Event& event, PlannedAction told) {
    TargetMaker maker(engine_, action, event);
    std::optional<Target> target = maker.make();
    if (!target) return leave_out(std::move(told), action, maker.problem());
    told.target = target_text(*target);
    if (action.kind == ActionKind::refresh) {
      plan_.refresh(std::move(target->name), std::move(target->space));
    } else {
      plan_.invalidate(std::move(*target), told.mode);
    }
    explained_.push_back(std::move(told));
  }

  /// The fields of an action, filled; nullopt and the missing field's name if one cannot be.
  static std::optional<std::vector<EventField>> fill(const Action& action, const Event& event,
                                                     std::string_view& missing_field) {
    std::vector<EventField> fields;
    for (const FieldFill& field : action.fields) {
      FieldTemplate::Filled value = field.value.fill(event);
      if (!value.complete()) {
        missing_field = value.missing;
        return std::nullopt;
      }
      fields.push_back({field.name, FieldValue(std::move(value.text))});
    }
    return fields;
  }

  void add_entity(const Action& action, const Event& event, PlannedAction told) {
    std::string_view field;
    auto fields = fill(action, event, field);
    if (!fields) return leave_out(std::move(told), action, missing(field));
    const Entity& entity = engine_.rules().entities[action.entity];
    const Event filled(entity.name, std::move(*fields));
    for (const Action& part : entity.parts) add(part, filled, &told);
  }

  void add_event(const Action& action, const Event& event, PlannedAction told) {
    std::string_view field;
    auto fields = fill(action, event, field);
    if (!fields) return leave_out(std::move(told), action, missing(field));
    Event emitted(action.name.outline(""), std::move(*fields));
    told.target = event_text(emitted);
    plan_.emit(std::move(emitted));
    explained_.push_back(std::move(told));
  }

  const RuleEngine& engine_;
  const Rule* rule_;
  InvalidationPlan& plan_;
  std::vector<PlannedAction>& explained_;
};

std::vector<std::string> blocks_of(const std::vector<BlockSeparator>& separators) {
  std::vector<std::string> names;
  for (const BlockSeparator& block : separators) names.push_back(block.block);
  return names;
}

}  // namespace

bool adds_target(const PlannedAction& action) noexcept {
  return action.problem.empty() && action.kind != ActionKind::refresh &&
         action.kind != ActionKind::emit;
}

std::string event_text(const Event& event) {
  std::string text;
  for (const EventField& field : event.fields())
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", field.name, field.value.text());
  return fmt::format("{} {{{}}}", event.name(), text);
}

std::string place_text(const Place& place) {
  if (place.line == 0) return "in code";
  return fmt::format("{}{}{}:{}", place.file, place.file.empty() ? "" : ":", place.line,
                     place.column);
}

std::string target_text(const Target& target) {
  std::string name = target.name;
  for (const std::string& more : target.more) name += (name.empty() ? "" : " ") + more;
  return target.space.empty() || name.empty() ? target.space + name : target.space + '/' + name;
}

RuleEngine::RuleEngine(RuleSet set)
    : set_(std::move(set)), separators_(blocks_of(set_.separators)) {
  for (const Rule& rule : set_.rules) by_event_[rule.event].push_back(&rule);
}

std::span<const Rule* const> RuleEngine::rules_of(std::string_view event) const noexcept {
  const auto found = by_event_.find(event);
  if (found == by_event_.end()) return {};
  return found->second;
}

bool RuleEngine::holds(const Rule& rule, const Event& event) const noexcept {
  return std::all_of(rule.when.begin(), rule.when.end(), [&event](const Condition& condition) {
    const auto value = event.field(condition.field);
    const bool among = value && std::find(condition.values.begin(), condition.values.end(),
                                          *value) != condition.values.end();
    return among != condition.is_not;
  });
}

void RuleEngine::expand(const Rule& rule, const Event& event, InvalidationPlan& plan,
                        std::vector<PlannedAction>& explained) const {
  Expansion expansion(*this, &rule, plan, explained);
  for (const Action& action : rule.actions) expansion.add(action, event);
  plan.rewarm(static_cast<std::size_t>(rule.rewarm));
}

void RuleEngine::plan(const Event& event, InvalidationPlan& plan,
                      std::vector<PlannedAction>* explanation) const {
  std::vector<PlannedAction> unasked;
  for (const Rule* rule : rules_of(event.name())) {
    if (holds(*rule, event))
      expand(*rule, event, plan, explanation != nullptr ? *explanation : unasked);
  }
}

const Entity* RuleEngine::entity(std::string_view name) const noexcept {
  const auto found = std::find_if(set_.entities.begin(), set_.entities.end(),
                                  [name](const Entity& entity) { return entity.name == name; });
  return found == set_.entities.end() ? nullptr : &*found;
}

std::vector<std::string> RuleEngine::entity_names() const {
  std::vector<std::string> names;
  for (const Entity& entity : set_.entities) names.push_back(entity.name);
  return names;
}

void RuleEngine::expand(const Entity& entity, const Event& fields, InvalidationPlan& plan,
                        std::vector<PlannedAction>& explained) const {
  Expansion expansion(*this, nullptr, plan, explained);
  for (const Action& part : entity.parts) expansion.add(part, fields);
}

std::optional<char> RuleEngine::separator_of(std::string_view name_space) const {
  const auto block = separators_.find(name_space);
  if (!block) return std::nullopt;
  return set_.separators[*block].separator;
}

}  // namespace freshet::rules
