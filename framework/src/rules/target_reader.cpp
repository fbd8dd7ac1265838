#include "rules/target_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/block_check.hpp"
#include "config/glob.hpp"
#include "freshet/limits.hpp"
#include "freshness/key_glob.hpp"
#include "rules/rule_reader.hpp"

namespace freshet::rules {

using Member = ConfigValue::Member;

TargetReader::TargetReader(const ConfigValue& root, Findings& findings) : findings_(findings) {
  const Member* namespaces = root.find(kNamespacesKey);
  if (namespaces == nullptr || !namespaces->value.is_map()) return;
  const auto& blocks = namespaces->value.members;
  if (blocks.empty() || blocks.size() > config::kMaxBlocks) return;
  for (const Member& block : blocks) {
    if (block.key.size() <= kMaxNamespaceBytes) blocks_.push_back(block.key);
  }
  resolver_.emplace(blocks_);
}

void TargetReader::report_unknown(const ConfigValue& map, const std::string& path,
                                  const std::vector<std::string>& known) {
  for (const Member& member : map.members) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    findings_.add(member.place, path_to(path, member.key),
                  "unknown key" + did_you_mean(member.key, known));
  }
}

FieldTemplate TargetReader::read_template(const ConfigValue& value, const std::string& path,
                                          std::string_view what) {
  if (!value.is_scalar() || value.text.empty()) {
    add(value, path, fmt::format("expected {}, found {}", what, describe(value)));
    return {};
  }
  Parsed<FieldTemplate> parsed = FieldTemplate::parse(value.text);
  if (!parsed.value) {
    add(value, path, fmt::format("found {}: {}", describe(value), parsed.problem));
    return {};
  }
  for (const std::string& field : parsed.value->fields()) check_field(field, value.place, path);
  return std::move(*parsed.value);
}

void TargetReader::check_field(const std::string& field, const Place& place,
                               const std::string& path) {
  if (declared_ == nullptr) return;
  if (std::find(declared_->begin(), declared_->end(), field) != declared_->end()) return;
  findings_.add(place, path,
                declared_->empty()
                    ? fmt::format("{} is no field here: none is declared", in_quotes(field))
                    : fmt::format("{} is no declared field{}", in_quotes(field),
                                  did_you_mean(field, *declared_)));
}

void TargetReader::read_key(const ConfigValue& value, const std::string& path, Action& action) {
  read_in_namespace(value, path, "key", action);
}

void TargetReader::read_prefix(const ConfigValue& value, const std::string& path, Action& action) {
  read_in_namespace(value, path, "prefix", action);
}

void TargetReader::read_pattern(const ConfigValue& value, const std::string& path, Action& action) {
  read_in_namespace(value, path, "pattern", action);
  if (!action.name.text().empty()) check_pattern(action.name, value.place, path);
}

void TargetReader::read_in_namespace(const ConfigValue& value, const std::string& path,
                                     std::string_view word, Action& action) {
  action.place = value.place;
  if (value.is_scalar()) return read_slashed(value, path, word, action);
  const Member* space = value.is_map() ? value.find("namespace") : nullptr;
  const Member* name = value.is_map() ? value.find(word) : nullptr;
  if (value.is_map()) report_unknown(value, path, {"namespace", std::string(word)});
  if (space == nullptr || name == nullptr) {
    return add(value, path,
               fmt::format("expected \"namespace/{0}\" or {{namespace: …, {0}: …}}, found {1}",
                           word, value.is_map() ? "a map without both" : describe(value)));
  }
  read_namespace(space->value, path_to(path, "namespace"), action);
  action.name = read_template(name->value, path_to(path, word), fmt::format("a {}", word));
}

// The slash is sought before fields are filled in, and no name of a field has one: a value cannot move it.
void TargetReader::read_slashed(const ConfigValue& value, const std::string& path,
                                std::string_view word, Action& action) {
  const std::size_t slash = value.text.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == value.text.size()) {
    return add(value, path,
               fmt::format("expected \"namespace/{}\", found {}", word, describe(value)));
  }
  ConfigValue part = value;
  part.text = value.text.substr(0, slash);
  read_namespace(part, path, action);
  part.text = value.text.substr(slash + 1);
  action.name = read_template(part, path, fmt::format("a {}", word));
}

// A backslash in front of a value's special bytes means nothing in brackets, and is itself taken as it is after another.
void TargetReader::check_pattern(const FieldTemplate& pattern, const Place& place,
                                 const std::string& path) {
  if (const std::size_t bytes = pattern.outline("").size(); bytes > kMaxPatternBytes) {
    return findings_.add(
        place, path,
        fmt::format("expected a pattern of at most {} bytes, found {}", kMaxPatternBytes, bytes));
  }
  for (const std::string& text : pattern.before_fields()) {
    if (detail::KeyGlob::parse(text)) continue;
    return findings_.add(
        place, path,
        fmt::format("a field stands in brackets or after a backslash in the pattern {}",
                    in_quotes(pattern.text())));
  }
  if (detail::KeyGlob::parse(pattern.outline("x"))) return;
  findings_.add(place, path,
                fmt::format("the pattern {} does not end: a bracket is open or a backslash is last",
                            in_quotes(pattern.text())));
}

void TargetReader::read_all_of(const ConfigValue& value, const std::string& path, Action& action) {
  action.place = value.place;
  if (!value.is_map()) return read_tags(value, path, action);
  report_unknown(value, path, {"tags", "namespace"});
  if (const Member* space = value.find("namespace"))
    read_namespace(space->value, path_to(path, "namespace"), action);
  if (const Member* tags = value.find("tags"))
    return read_tags(tags->value, path_to(path, "tags"), action);
  add(value, path_to(path, "tags"), "missing, expected a list of tags");
}

void TargetReader::read_tags(const ConfigValue& value, const std::string& path, Action& action) {
  if (!value.is_list() || value.items.empty() || value.items.size() > kMaxAllOfTags) {
    return add(value, path,
               fmt::format("expected a list of 1 to {} tags, found {}", kMaxAllOfTags,
                           value.is_list() ? fmt::format("one of {}", value.items.size())
                                           : describe(value)));
  }
  for (std::size_t i = 0; i < value.items.size(); ++i)
    action.more.push_back(read_template(value.items[i], fmt::format("{}[{}]", path, i), "a tag"));
}

void TargetReader::read_dependents(const ConfigValue& value, const std::string& path,
                                   Action& action) {
  action.place = value.place;
  constexpr std::string_view kExpected = "a resource or {namespace: …, key: …}";
  if (!value.is_map()) {
    action.name = read_template(value, path, kExpected);
  } else if (value.find("namespace") != nullptr && value.find("key") != nullptr) {
    read_key(value, path, action);
  } else {
    report_unknown(value, path, {"namespace", "key"});
    add(value, path, fmt::format("expected {}, found a map without both", kExpected));
  }
}

void TargetReader::read_version(const ConfigValue& value, const std::string& path, Action& action) {
  action.place = value.place;
  const Member* dependency = value.is_map() ? value.find("dependency") : nullptr;
  if (value.is_map()) report_unknown(value, path, {"dependency", "hash"});
  if (dependency == nullptr) {
    return add(value, path,
               fmt::format("expected {{dependency: …, hash: …}}, found {}",
                           value.is_map() ? "a map without a dependency" : describe(value)));
  }
  action.name = read_template(dependency->value, path_to(path, "dependency"), "a dependency");
  if (const Member* hash = value.find("hash"))
    action.more.push_back(read_template(hash->value, path_to(path, "hash"), "a hash"));
}

void TargetReader::read_tag(const ConfigValue& value, const std::string& path, Action& action) {
  action.place = value.place;
  action.name = read_template(value, path, "a tag");
}

void TargetReader::read_namespace(const ConfigValue& value, const std::string& path,
                                  Action& action) {
  if (action.place.line == 0) action.place = value.place;
  action.space = read_template(value, path, "a namespace");
  if (!action.space.text().empty()) check_namespace(action.space, value.place, path);
}

void TargetReader::check_namespace(const FieldTemplate& space, const Place& place,
                                   const std::string& path) {
  if (config::is_glob(space.outline(""))) {
    return findings_.add(place, path,
                         fmt::format("expected the name of one namespace, found the pattern {}",
                                     in_quotes(space.text())));
  }
  const std::string outline = space.outline("*");
  if (outline.size() > kMaxNamespaceBytes) {
    return findings_.add(place, path,
                         fmt::format("expected a namespace of at most {} bytes, found {}",
                                     kMaxNamespaceBytes, outline.size()));
  }
  if (!resolver_) return;
  const bool served = space.is_literal() ? resolver_->find(outline).has_value()
                                         : std::any_of(blocks_.begin(), blocks_.end(),
                                                       [&outline](const std::string& block) {
                                                         return config::globs_meet(block, outline);
                                                       });
  if (served) return;
  findings_.add(place, path,
                fmt::format("no block serves the namespace {}{}", in_quotes(space.text()),
                            did_you_mean(space.text(), blocks_)));
}

}  // namespace freshet::rules
