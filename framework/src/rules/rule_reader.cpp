// Reading events and entities.
#include "rules/rule_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "freshet/limits.hpp"
#include "rules/schedule_reader.hpp"
#include "rules/target_reader.hpp"

namespace freshet::rules {
namespace {

using Member = ConfigValue::Member;

constexpr std::string_view kDo = "do";
constexpr std::string_view kRules = "rules";
constexpr std::string_view kMaxPerSecond = "max_per_second";
constexpr std::uint64_t kMaxBatch = 10'000;
constexpr std::uint64_t kMaxRewarm = 10'000;
constexpr std::uint64_t kMostPerSecond = 1'000'000;
constexpr int kDebounceBound = 10;  // at_most, in quiet times, where nothing else is said

constexpr std::array kActions{
    ActionKind::invalidate_key,
    ActionKind::invalidate_tag,
    ActionKind::invalidate_namespace,
    ActionKind::invalidate_all,
    ActionKind::invalidate_all_of,
    ActionKind::invalidate_dependents,
    ActionKind::invalidate_prefix,
    ActionKind::invalidate_matching,
    ActionKind::invalidate_version,
    ActionKind::invalidate_entity,
    ActionKind::refresh,
    ActionKind::emit,
};

std::vector<std::string> action_words() {
  std::vector<std::string> words;
  for (const ActionKind kind : kActions) words.emplace_back(word_of(kind));
  return words;
}

std::vector<std::string> part_words() {
  std::vector<std::string> words;
  for (const EntityPart& part : kEntityParts) words.emplace_back(part.word);
  return words;
}

class RuleReader {
 public:
  RuleReader(const ConfigValue& root, Findings& findings)
      : findings_(findings), targets_(root, findings) {}

  RuleSet read(const ConfigValue& root) {
    if (const Member* entities = root.find(kEntitiesKey)) read_entities(entities->value);
    if (const Member* events = root.find(kEventsKey)) read_events(events->value);
    set_.schedules = read_schedules(root, findings_);
    return std::move(set_);
  }

 private:
  void read_entities(const ConfigValue& entities) {
    const std::string path(kEntitiesKey);
    if (!entities.is_map())
      return targets_.add(entities, path,
                          fmt::format("expected a map of entities, found {}", describe(entities)));
    for (const Member& member : entities.members) {
      Entity entity{member.key, member.place, {}};
      read_entity(member.value, path_to(path, member.key), entity);
      entity_fields_.push_back(entity.fields());
      set_.entities.push_back(std::move(entity));
    }
  }

  void read_entity(const ConfigValue& value, const std::string& path, Entity& entity) {
    if (!value.is_map())
      return targets_.add(
          value, path,
          fmt::format("expected a map with keys, tags or other parts, found {}", describe(value)));
    targets_.report_unknown(value, path, part_words());
    for (const EntityPart& part : kEntityParts) read_parts(value, path, part, entity);
    const std::vector<std::string> fields = entity.fields();
    if (std::find(fields.begin(), fields.end(), "name") != fields.end())
      targets_.add(value, path,
                   "a field of an entity cannot be called \"name\": that is what invalidate_entity "
                   "calls the entity");
    if (fields.size() > kMaxTemplateFields)
      targets_.add(value, path,
                   fmt::format("expected at most {} fields over all of its parts, found {}",
                               kMaxTemplateFields, fields.size()));
    if (entity.parts.empty() && value.members.empty())
      targets_.add(value, path,
                   fmt::format("expected one of: {}, found none", fmt::join(part_words(), ", ")));
  }

  void read_parts(const ConfigValue& entity, const std::string& path, const EntityPart& known,
                  Entity& into) {
    const Member* parts = entity.find(known.word);
    if (parts == nullptr) return;
    const std::string at = path_to(path, known.word);
    if (!parts->value.is_list())
      return targets_.add(parts->value, at,
                          fmt::format("expected a list, found {}", describe(parts->value)));
    for (std::size_t i = 0; i < parts->value.items.size(); ++i) {
      Action part;
      part.kind = known.kind;
      read_target(parts->value.items[i], fmt::format("{}[{}]", at, i), part);
      into.parts.push_back(std::move(part));
    }
  }

  void read_target(const ConfigValue& value, const std::string& path, Action& action) {
    switch (action.kind) {
      case ActionKind::invalidate_tag:
        return targets_.read_tag(value, path, action);
      case ActionKind::invalidate_namespace:
        return targets_.read_namespace(value, path, action);
      case ActionKind::invalidate_all_of:
        return targets_.read_all_of(value, path, action);
      case ActionKind::invalidate_dependents:
        return targets_.read_dependents(value, path, action);
      case ActionKind::invalidate_prefix:
        return targets_.read_prefix(value, path, action);
      case ActionKind::invalidate_matching:
        return targets_.read_pattern(value, path, action);
      case ActionKind::invalidate_version:
        return targets_.read_version(value, path, action);
      default:
        return targets_.read_key(value, path, action);
    }
  }

  void read_events(const ConfigValue& events) {
    const std::string path(kEventsKey);
    if (!events.is_map())
      return targets_.add(events, path,
                          fmt::format("expected a map of events, found {}", describe(events)));
    for (const Member& event : events.members) read_event(event, path_to(path, event.key));
  }

  /// A list of actions and rules; one rule; or a map with such a list under "rules".
  void read_event(const Member& event, const std::string& path) {
    const ConfigValue& value = event.value;
    if (event.key.empty())
      targets_.add(value, path, "expected the name of an event, found an empty one");
    if (!value.is_map()) return read_event_rules(value, path, event);
    if (const Member* limit = value.find(kMaxPerSecond))
      read_limit(limit->value, path_to(path, kMaxPerSecond), event.key);
    const Member* rules = value.find(kRules);
    if (rules == nullptr) return read_rule(value, path, event.key, event.place, kMaxPerSecond);
    targets_.report_unknown(value, path, {std::string(kMaxPerSecond), std::string(kRules)});
    read_event_rules(rules->value, path_to(path, kRules), event);
  }

  void read_limit(const ConfigValue& value, const std::string& path, const std::string& event) {
    if (const auto count = read_count(value, path, kMostPerSecond))
      set_.limits.push_back({event, *count});
  }

  /// The plain actions of a list are one rule together.
  void read_event_rules(const ConfigValue& value, const std::string& path, const Member& event) {
    if (!value.is_list() || value.items.empty())
      return targets_.add(value, path,
                          fmt::format("expected a list of actions, or a rule with \"do\", found {}",
                                      value.is_list() ? "an empty list" : describe(value)));
    Rule plain{.event = event.key, .place = event.place};
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      const ConfigValue& item = value.items[i];
      const std::string at = fmt::format("{}[{}]", path, i);
      if (item.is_map() && item.find(kDo) != nullptr) {
        read_rule(item, at, event.key, item.place);
      } else {
        read_action(item, at, plain.actions);
      }
    }
    if (!plain.actions.empty()) set_.rules.push_back(std::move(plain));
  }

  /// `beside`: a key of the event that may stand among those of its only rule.
  void read_rule(const ConfigValue& value, const std::string& path, const std::string& event,
                 const Place& place, std::string_view beside = {}) {
    Rule rule{.event = event, .place = place};
    std::vector<std::string> known{"fields", "when",   "debounce",
                                   "batch",  "rewarm", std::string(kDo)};
    if (!beside.empty()) known.emplace_back(beside);
    targets_.report_unknown(value, path, known);
    if (const Member* fields = value.find("fields"))
      rule.fields = read_words(fields->value, path_to(path, "fields"), "a list of names of fields");
    const bool too_many = rule.fields && rule.fields->size() > kMaxTemplateFields;
    if (too_many)
      targets_.add(value, path_to(path, "fields"),
                   fmt::format("expected at most {} fields, found {}", kMaxTemplateFields,
                               rule.fields->size()));
    targets_.declare(rule.fields && !too_many ? &*rule.fields : nullptr);
    if (const Member* when = value.find("when"))
      read_conditions(when->value, path_to(path, "when"), rule.when);
    read_timing(value, path, rule);
    if (const Member* hot = value.find("rewarm"))
      rule.rewarm = read_count(hot->value, path_to(path, "rewarm"), kMaxRewarm).value_or(0);
    read_actions(value, path, rule.actions);
    targets_.declare(nullptr);
    set_.rules.push_back(std::move(rule));
  }

  void read_actions(const ConfigValue& rule, const std::string& path,
                    std::vector<Action>& actions) {
    const Member* list = rule.find(kDo);
    const std::string at = path_to(path, kDo);
    if (list == nullptr) return targets_.add(rule, at, "missing, expected a list of actions");
    if (!list->value.is_list() || list->value.items.empty())
      return targets_.add(
          list->value, at,
          fmt::format("expected a list of actions, found {}",
                      list->value.is_list() ? "an empty one" : describe(list->value)));
    for (std::size_t i = 0; i < list->value.items.size(); ++i)
      read_action(list->value.items[i], fmt::format("{}[{}]", at, i), actions);
  }

  /// Texts of a list, or one text.
  std::vector<std::string> read_words(const ConfigValue& value, const std::string& path,
                                      std::string_view what) {
    std::vector<std::string> words;
    const auto read = [&](const ConfigValue& item) {
      if (item.is_scalar()) return words.push_back(item.text);
      targets_.add(item, path, fmt::format("expected {}, found {}", what, describe(item)));
    };
    if (!value.is_list()) {
      read(value);
    } else {
      for (const ConfigValue& item : value.items) read(item);
    }
    return words;
  }

  void read_conditions(const ConfigValue& value, const std::string& path,
                       std::vector<Condition>& when) {
    if (!value.is_list()) return read_condition(value, path, when);
    for (std::size_t i = 0; i < value.items.size(); ++i)
      read_condition(value.items[i], fmt::format("{}[{}]", path, i), when);
  }

  void read_condition(const ConfigValue& value, const std::string& path,
                      std::vector<Condition>& when) {
    const Member* field = value.is_map() ? value.find("field") : nullptr;
    const Member* is = value.is_map() ? value.find("is") : nullptr;
    const Member* is_not = value.is_map() ? value.find("is_not") : nullptr;
    if (value.is_map()) targets_.report_unknown(value, path, {"field", "is", "is_not"});
    if (field == nullptr || !field->value.is_scalar() || (is == nullptr) == (is_not == nullptr))
      return targets_.add(
          value, path,
          fmt::format("expected {{field: …, is: …}} or {{field: …, is_not: …}}, found {}",
                      value.is_map() ? "other keys" : describe(value)));
    targets_.check_field(field->value.text, field->value.place, path_to(path, "field"));
    const Member& values = is != nullptr ? *is : *is_not;
    when.push_back(
        {field->value.text,
         read_words(values.value, path_to(path, values.key), "a value or a list of them"),
         is == nullptr});
  }

  void read_timing(const ConfigValue& value, const std::string& path, Rule& rule) {
    const Member* debounce = value.find("debounce");
    const Member* batch = value.find("batch");
    if (debounce != nullptr && batch != nullptr)
      targets_.add(batch->value, path_to(path, "batch"), "a rule has either debounce or batch");
    if (debounce != nullptr)
      rule.debounce = read_debounce(debounce->value, path_to(path, "debounce"));
    if (batch != nullptr) rule.batch = read_batch(batch->value, path_to(path, "batch"));
  }

  Debounce read_debounce(const ConfigValue& value, const std::string& path) {
    if (!value.is_map()) {
      const Duration quiet = read_span(value, path);
      return {quiet, quiet * kDebounceBound};
    }
    targets_.report_unknown(value, path, {"quiet", "at_most"});
    const Duration quiet = read_member_span(value, "quiet", path);
    const Member* bound = value.find("at_most");
    if (bound == nullptr) return {quiet, quiet * kDebounceBound};
    const Duration at_most = read_span(bound->value, path_to(path, "at_most"));
    if (at_most < quiet)
      targets_.add(bound->value, path_to(path, "at_most"), "expected at least as long as quiet");
    return {quiet, at_most};
  }

  Batch read_batch(const ConfigValue& value, const std::string& path) {
    const Member* at_most = value.is_map() ? value.find("at_most") : nullptr;
    if (at_most == nullptr || value.find("within") == nullptr) {
      targets_.add(value, path,
                   fmt::format("expected {{at_most: N, within: DURATION}}, found {}",
                               value.is_map() ? "a map without both" : describe(value)));
      return {};
    }
    targets_.report_unknown(value, path, {"at_most", "within"});
    const auto count = read_count(at_most->value, path_to(path, "at_most"), kMaxBatch);
    return {count.value_or(1), read_member_span(value, "within", path)};
  }

  /// From 1 to `most`.
  std::optional<std::uint64_t> read_count(const ConfigValue& value, const std::string& path,
                                          std::uint64_t most) {
    const Parsed<std::uint64_t> count = parse_count(value.text);
    if (value.is_scalar() && count.value && *count.value >= 1 && *count.value <= most)
      return count.value;
    targets_.add(value, path,
                 fmt::format("expected a count from 1 to {}, found {}", format_count(most),
                             describe(value)));
    return std::nullopt;
  }

  Duration read_member_span(const ConfigValue& map, std::string_view key, const std::string& path) {
    if (const Member* member = map.find(key)) return read_span(member->value, path_to(path, key));
    targets_.add(map, path_to(path, key), "missing, expected a duration such as 200ms");
    return {};
  }

  /// Longer than zero and at most an hour: what waits keeps stale data in service.
  Duration read_span(const ConfigValue& value, const std::string& path) {
    const Parsed<Duration> span = parse_duration(value.text);
    const bool good = value.is_scalar() && span.value && span.value->count() > 0 &&
                      *span.value <= std::chrono::hours{1};
    if (good) return *span.value;
    targets_.add(
        value, path,
        fmt::format("expected a duration over 0s and up to 1h, found {}{}", describe(value),
                    value.is_scalar() && !span.value ? ": " + span.problem : ""));
    return {};
  }

  void read_action(const ConfigValue& value, const std::string& path,
                   std::vector<Action>& actions) {
    const Member* mode = value.is_map() ? value.find(kModeKey) : nullptr;
    const std::size_t keys = value.members.size() - (mode != nullptr ? 1 : 0);
    if (!value.is_map() || keys != 1)
      return targets_.add(
          value, path,
          fmt::format("expected one action, such as {{invalidate_tag: …}}, found {}",
                      value.is_map() ? fmt::format("{} keys", keys) : describe(value)));
    const Member& member = value.members[&value.members.front() == mode ? 1 : 0];
    const auto kind = std::find_if(kActions.begin(), kActions.end(), [&member](ActionKind known) {
      return word_of(known) == member.key;
    });
    if (kind == kActions.end())
      return targets_.add(value, path_to(path, member.key),
                          "unknown action" + did_you_mean(member.key, action_words()));
    Action action;
    action.kind = *kind;
    read_what(member.value, path_to(path, member.key), action);
    if (mode != nullptr) read_mode(mode->value, path_to(path, kModeKey), action);
    action.place = member.place;
    actions.push_back(std::move(action));
  }

  void read_mode(const ConfigValue& value, const std::string& path, Action& action) {
    if (action.kind == ActionKind::refresh || action.kind == ActionKind::emit)
      return targets_.add(
          value, path, fmt::format("{} has no mode: it invalidates nothing", word_of(action.kind)));
    if (value.is_scalar() && value.text == "expire") {
      action.mode = Mode::expire;
    } else if (!value.is_scalar() || value.text != "remove") {
      targets_.add(value, path,
                   fmt::format("expected remove or expire, found {}", describe(value)));
    }
  }

  void read_what(const ConfigValue& value, const std::string& path, Action& action) {
    switch (action.kind) {
      case ActionKind::invalidate_all:
        if (!value.is_scalar() || value.text != "true")
          targets_.add(value, path, fmt::format("expected true, found {}", describe(value)));
        return;
      case ActionKind::invalidate_entity:
        return read_entity_use(value, path, action);
      case ActionKind::emit:
        return read_emit(value, path, action);
      case ActionKind::invalidate_key:
      case ActionKind::invalidate_tag:
      case ActionKind::invalidate_namespace:
      case ActionKind::invalidate_all_of:
      case ActionKind::invalidate_dependents:
      case ActionKind::invalidate_prefix:
      case ActionKind::invalidate_matching:
      case ActionKind::invalidate_version:
      case ActionKind::refresh:
        return read_target(value, path, action);
    }
  }

  void read_entity_use(const ConfigValue& value, const std::string& path, Action& action) {
    const Member* name = value.is_map() ? value.find("name") : nullptr;
    if (name == nullptr || !name->value.is_scalar())
      return targets_.add(value, path,
                          fmt::format("expected {{name: ENTITY, FIELD: …}}, found {}",
                                      value.is_map() ? "a map without a name" : describe(value)));
    const auto known =
        std::find_if(set_.entities.begin(), set_.entities.end(),
                     [name](const Entity& entity) { return entity.name == name->value.text; });
    if (known == set_.entities.end()) return report_entity(name->value, path_to(path, "name"));
    action.entity = static_cast<std::size_t>(known - set_.entities.begin());
    action.name = literal(name->value.text);
    const std::vector<std::string>& needed = entity_fields_[action.entity];
    std::vector<std::string> known_keys = needed;
    known_keys.emplace_back("name");
    targets_.report_unknown(value, path, known_keys);
    for (const std::string& field : needed) {
      if (const Member* given = value.find(field)) {
        action.fields.push_back(
            {field, targets_.read_template(given->value, path_to(path, field), "a value")});
      } else {
        targets_.add(value, path_to(path, field),
                     fmt::format("missing: the entity {} has it", in_quotes(known->name)));
      }
    }
  }

  void report_entity(const ConfigValue& name, const std::string& path) {
    std::vector<std::string> names;
    for (const Entity& entity : set_.entities) names.push_back(entity.name);
    targets_.add(name, path,
                 fmt::format("unknown entity {}{}", describe(name),
                             names.empty() ? ": there are none" : did_you_mean(name.text, names)));
  }

  void read_emit(const ConfigValue& value, const std::string& path, Action& action) {
    const Member* event = value.is_map() ? value.find("event") : nullptr;
    if (event == nullptr || !event->value.is_scalar() || event->value.text.empty())
      return targets_.add(value, path,
                          fmt::format("expected {{event: NAME, fields: {{…}}}}, found {}",
                                      value.is_map() ? "a map without an event" : describe(value)));
    targets_.report_unknown(value, path, {"event", "fields"});
    action.name = literal(event->value.text);
    const Member* fields = value.find("fields");
    if (fields == nullptr) return;
    const std::string at = path_to(path, "fields");
    if (!fields->value.is_map())
      return targets_.add(
          fields->value, at,
          fmt::format("expected a map of fields, found {}", describe(fields->value)));
    for (const Member& field : fields->value.members)
      action.fields.push_back(
          {field.key, targets_.read_template(field.value, path_to(at, field.key), "a value")});
  }

  /// Names of entities and events are no templates: braces in them stand for themselves.
  static FieldTemplate literal(const std::string& text) {
    std::string escaped;
    for (const char c : text) escaped.append(c == '{' || c == '}' ? 2 : 1, c);
    return *FieldTemplate::parse(escaped).value;
  }

  Findings& findings_;
  TargetReader targets_;
  RuleSet set_;
  std::vector<std::vector<std::string>> entity_fields_;  // of each of its entities
};

}  // namespace

RuleSet read_rules(const ConfigValue& root, Findings& findings) {
  return RuleReader(root, findings).read(root);
}

}  // namespace freshet::rules
