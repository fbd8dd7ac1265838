#include "rules/rule_model.hpp"

#include <unordered_set>

namespace freshet::rules {

std::string_view word_of(ActionKind kind) noexcept {
  switch (kind) {
    case ActionKind::invalidate_key:
      return "invalidate_key";
    case ActionKind::invalidate_tag:
      return "invalidate_tag";
    case ActionKind::invalidate_namespace:
      return "invalidate_namespace";
    case ActionKind::invalidate_all:
      return "invalidate_all";
    case ActionKind::invalidate_all_of:
      return "invalidate_all_of";
    case ActionKind::invalidate_dependents:
      return "invalidate_dependents";
    case ActionKind::invalidate_prefix:
      return "invalidate_prefix";
    case ActionKind::invalidate_matching:
      return "invalidate_matching";
    case ActionKind::invalidate_version:
      return "invalidate_version";
    case ActionKind::invalidate_entity:
      return "invalidate_entity";
    case ActionKind::refresh:
      return "refresh";
    case ActionKind::emit:
      return "emit";
  }
  return "";
}

std::vector<std::string> Entity::fields() const {
  std::vector<std::string> names;
  std::unordered_set<std::string> known;
  const auto add = [&names, &known](const FieldTemplate& part) {
    for (std::string& field : part.fields()) {
      if (known.insert(field).second) names.push_back(std::move(field));
    }
  };
  for (const Action& part : parts) {
    add(part.space);
    add(part.name);
    for (const FieldTemplate& more : part.more) add(more);
  }
  return names;
}

}  // namespace freshet::rules
