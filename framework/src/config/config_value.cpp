// Looking things up in a ConfigValue, and naming what stands there.
#include "freshet/config_value.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "freshet/findings.hpp"

namespace freshet {
namespace {

/// A step of a path, taken off its front: `[2]`, or the key that it begins with as path_to() writes
/// it.
struct Step {
  const ConfigValue* to = nullptr;
  std::size_t length = 0;  // of the step in the path
};

bool ends_step(std::string_view path, std::size_t at) {
  return at == path.size() || (at < path.size() && (path[at] == '.' || path[at] == '['));
}

Step step_into_list(const ConfigValue& list, std::string_view path) {
  std::size_t index = 0;
  const char* const end = std::from_chars(path.data() + 1, path.data() + path.size(), index).ptr;
  if (index >= list.items.size()) return {};
  return {&list.items[index], static_cast<std::size_t>(end - path.data()) + 1};
}

Step step_into_map(const ConfigValue& map, std::string_view path) {
  const std::size_t end = std::min(path.find_first_of(".["), path.size());
  if (const ConfigValue::Member* member = map.find(path.substr(0, end)))
    return {&member->value, end};
  // A key with dots in it, or one that path_to() had to escape or to shorten.
  for (const ConfigValue::Member& member : map.members) {
    const std::string shown = path_to({}, member.key);
    if (path.starts_with(shown) && ends_step(path, shown.size()))
      return {&member.value, shown.size()};
  }
  return {};
}

}  // namespace

const ConfigValue::Member* ConfigValue::find(std::string_view key) const noexcept {
  for (const Member& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

std::string describe(const ConfigValue& value) {
  switch (value.kind) {
    case ConfigValue::Kind::null:
      return "nothing";
    case ConfigValue::Kind::scalar:
      return in_quotes(value.text);
    case ConfigValue::Kind::list:
      return "a list";
    case ConfigValue::Kind::map:
      return "a map";
  }
  return {};
}

Place place_of(const ConfigValue& map, std::string_view path) {
  const ConfigValue* at = &map;
  while (!path.empty()) {
    const Step step = path.front() == '[' ? step_into_list(*at, path) : step_into_map(*at, path);
    if (step.to == nullptr) return {};
    at = step.to;
    path.remove_prefix(std::min(step.length, path.size()));
    if (!path.empty() && path.front() == '.') path.remove_prefix(1);
  }
  return at->place;
}

}  // namespace freshet
