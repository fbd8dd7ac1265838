// What an action hits, as written: keys, prefixes and patterns with their namespaces, tags, namespaces, resources, versions.
//
// Confined to one thread, for one document.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/block_resolver.hpp"
#include "freshet/config_value.hpp"
#include "freshet/findings.hpp"
#include "rules/rule_model.hpp"

namespace freshet::rules {

class TargetReader {
 public:
  TargetReader(const ConfigValue& root, Findings& findings);

  /// The fields that templates may name from here on; null: any.
  void declare(const std::vector<std::string>* fields) noexcept { declared_ = fields; }

  /// Each reads one kind of target into `action`. A finding where there is none.
  void read_key(const ConfigValue& value, const std::string& path, Action& action);
  void read_tag(const ConfigValue& value, const std::string& path, Action& action);
  void read_namespace(const ConfigValue& value, const std::string& path, Action& action);
  void read_prefix(const ConfigValue& value, const std::string& path, Action& action);
  void read_pattern(const ConfigValue& value, const std::string& path, Action& action);
  void read_all_of(const ConfigValue& value, const std::string& path, Action& action);
  void read_dependents(const ConfigValue& value, const std::string& path, Action& action);
  void read_version(const ConfigValue& value, const std::string& path, Action& action);

  /// A template, its fields judged. The empty one, with a finding, if the value is none.
  FieldTemplate read_template(const ConfigValue& value, const std::string& path,
                              std::string_view what);
  void check_field(const std::string& field, const Place& place, const std::string& path);

  /// Reports the keys of a map that are not in `known`.
  void report_unknown(const ConfigValue& map, const std::string& path,
                      const std::vector<std::string>& known);
  void add(const ConfigValue& at, const std::string& path, std::string message) {
    findings_.add(at.place, path, std::move(message));
  }

 private:
  /// `word`: what stands beside the namespace: "key", "prefix" or "pattern".
  void read_in_namespace(const ConfigValue& value, const std::string& path, std::string_view word,
                         Action& action);
  void read_slashed(const ConfigValue& value, const std::string& path, std::string_view word,
                    Action& action);
  void read_tags(const ConfigValue& value, const std::string& path, Action& action);
  /// A pattern is not too long, has an end, and its fields stand where a backslash can guard them.
  void check_pattern(const FieldTemplate& pattern, const Place& place, const std::string& path);
  /// A namespace is served by a block, or some value of its fields could make it so.
  void check_namespace(const FieldTemplate& space, const Place& place, const std::string& path);

  Findings& findings_;
  std::vector<std::string> blocks_;
  std::optional<config::BlockResolver>
      resolver_;  // none: the namespaces cannot be read, which has been said
  const std::vector<std::string>* declared_ = nullptr;
};

}  // namespace freshet::rules
