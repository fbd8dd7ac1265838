// PluginSchema: the JSON schema of a plugin's options, turned into an option table; so that they are
// read, judged, suggested and documented like those of a built-in.
//
// The subset of JSON Schema, flat: {"type": "object", "properties": {NAME: PROPERTY…}, "required":
//   [NAME…], "additionalProperties": false}, "title", "description" and "$schema". Unknown keys of a
//   policy are always findings. A PROPERTY has "type" ("boolean", "integer", "number" or "string"),
//   "description", "default"; numbers "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum";
//   strings "enum", or "format": "duration", "bytes" or "percentage", whose bounds and default are
//   written as in a policy ("5m"). Anything else is refused: a check that is written and not made
//   would be believed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/option_table.hpp"

namespace freshet::plugin {

using PluginValue = std::variant<bool, std::int64_t, std::uint64_t, double, std::string, Duration>;

/// The options of a plugin: those that were given or have a default.
struct OptionValues {
  std::map<std::string, PluginValue, std::less<>> values{};

  /// As create() gets them: one flat JSON object, durations in nanoseconds.
  std::string json() const;
};

struct PluginSchema {
  OptionTable<OptionValues> table;
  OptionValues defaults;
  std::vector<std::string> required;  // and without a default

  /// Throws Error that says what is not understood.
  static PluginSchema parse(std::string_view json);

  /// A finding for each required option that is not there.
  void check_required(const OptionValues& options, const std::string& path,
                      Findings& findings) const;
};

}  // namespace freshet::plugin
