// Rules and fields to targets.
#include "rules/rule_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "freshet/findings.hpp"

namespace freshet::rules {
namespace {

/// Expands the actions of one rule or entity for one event.
class Expansion {
 public:
  Expansion(const RuleSet& set, const Rule* rule, InvalidationPlan& plan,
            std::vector<PlannedAction>& explained)
      : set_(set), rule_(rule), plan_(plan), explained_(explained) {}

  /// `place`: null means the action's own; an entity's part is told under the action that named it.
  void add(const Action& action, const Event& event, const Place* place = nullptr) {
    PlannedAction told{
        .place = place != nullptr ? *place : action.place, .kind = action.kind, .rule = rule_};
    switch (action.kind) {
      case ActionKind::invalidate_entity:
        return add_entity(action, event, std::move(told));
      case ActionKind::emit:
        return add_event(action, event, std::move(told));
      case ActionKind::invalidate_all:
        plan_.invalidate(Target::all());
        return explained_.push_back(std::move(told));
      case ActionKind::invalidate_key:
      case ActionKind::invalidate_tag:
      case ActionKind::invalidate_namespace:
      case ActionKind::refresh:
        return add_target(action, event, std::move(told));
    }
  }

 private:
  static std::string missing(std::string_view field) {
    return fmt::format("the event has no field {}", in_quotes(field));
  }

  void leave_out(PlannedAction told, const Action& action, std::string problem) {
    told.target = action.space.text().empty() || action.name.text().empty()
                      ? action.space.text() + action.name.text()
                      : action.space.text() + '/' + action.name.text();
    told.problem = std::move(problem);
    explained_.push_back(std::move(told));
  }

  void add_target(const Action& action, const Event& event, PlannedAction told) {
    FieldTemplate::Filled space = action.space.fill(event);
    FieldTemplate::Filled name = action.name.fill(event);
    if (!space.complete() || !name.complete())
      return leave_out(std::move(told), action,
                       missing(space.complete() ? name.missing : space.missing));
    switch (action.kind) {
      case ActionKind::invalidate_tag:
        told.target = name.text;
        plan_.invalidate(Target::tag(std::move(name.text)));
        break;
      case ActionKind::invalidate_namespace:
        told.target = space.text;
        plan_.invalidate(Target::name_space(std::move(space.text)));
        break;
      case ActionKind::refresh:
        told.target = space.text + '/' + name.text;
        plan_.refresh(std::move(name.text), std::move(space.text));
        break;
      default:
        told.target = space.text + '/' + name.text;
        plan_.invalidate(Target::key(std::move(name.text), std::move(space.text)));
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
    const Entity& entity = set_.entities[action.entity];
    const Event filled(entity.name, std::move(*fields));
    for (const Action& part : entity.parts) add(part, filled, &told.place);
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

  const RuleSet& set_;
  const Rule* rule_;
  InvalidationPlan& plan_;
  std::vector<PlannedAction>& explained_;
};

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

RuleEngine::RuleEngine(RuleSet set) : set_(std::move(set)) {
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
  Expansion expansion(set_, &rule, plan, explained);
  for (const Action& action : rule.actions) expansion.add(action, event);
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
  Expansion expansion(set_, nullptr, plan, explained);
  for (const Action& part : entity.parts) expansion.add(part, fields);
}

}  // namespace freshet::rules
