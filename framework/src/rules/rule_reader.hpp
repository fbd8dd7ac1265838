// From `events:`, `entities:` and `schedules:` of a document to a RuleSet; everything that is wrong becomes a finding with its place.
//
//   events:
//     user_logout:                                        a list of actions
//       - invalidate_namespace: "user_{user_id}"
//       - invalidate_key: "profiles/user:{user_id}"       the namespace ends at the first slash of what is written here
//     product_updated:                                    or a rule with more to say
//       fields: [id, kind]                                what templates and conditions may name
//       when: {field: kind, is: [price, stock]}           or is_not; a list of these: all must hold
//       debounce: 200ms                                   or {quiet: 200ms, at_most: 2s}; at_most is ten times quiet
//       do: [{refresh: {namespace: catalog, key: "product:{id}"}}]
//     stock_changed:                                      or a list of rules, each with its own `do`
//       - {batch: {at_most: 100, within: 1s}, do: [{invalidate_tag: "product:{id}"}]}
//       - {do: [{emit: {event: shelf_changed, fields: {shelf: "{shelf}"}}}]}
//     price_changed:                                      or a map with more to say about the event
//       max_per_second: 100                               beyond it, events wait for the second's end; equal ones together
//       rules: [{invalidate_tag: "product:{id}"}]         such a list, in place of the `do` of a single rule
//   entities:
//     user: {keys: ["profiles/user:{id}"], tags: ["user:{id}"], namespaces: ["user_{id}"], prefixes: ["profiles/user:{id}"],
//            patterns: ["profiles/*:of:{id}"], dependents: ["table:users:{id}"]}
//   schedules:                                            events that come by themselves (freshet/schedule.hpp)
//     market_opens: "0 9 * * MON-FRI America/New_York"    or a list of such times
//
// Further actions:
//   invalidate_all: true
//   invalidate_all_of: ["user:{id}", draft]             or {tags: […], namespace: …}
//   invalidate_dependents: "/src/{path}"                or {namespace: …, key: …} for what depends on one key
//   invalidate_prefix: "profiles/user:{id}"             or {namespace: …, prefix: …}
//   invalidate_matching: "profiles/user:*:{kind}"       or {namespace: …, pattern: …}
//   invalidate_version: {dependency: prompt, hash: "{hash}"}      without a hash: a version never seen before
//   invalidate_entity: {name: user, id: "{user_id}"}    all keys but `name` are fields
// Beside each that invalidates may stand `mode: expire`: {invalidate_tag: users, mode: expire}.
#pragma once

#include "freshet/config_value.hpp"
#include "freshet/findings.hpp"
#include "rules/rule_model.hpp"

namespace freshet::rules {

inline constexpr std::string_view kEventsKey = "events";
inline constexpr std::string_view kEntitiesKey = "entities";
inline constexpr std::string_view kSchedulesKey = "schedules";
inline constexpr std::string_view kModeKey = "mode";
inline constexpr std::string_view kNamespacesKey = "namespaces";

/// `root` is the whole document: its `namespaces` say which names are served.
RuleSet read_rules(const ConfigValue& root, Findings& findings);

}  // namespace freshet::rules
