// The schema of a plugin's options, with options as a policy writes them.
//
// The input is the schema, a line of three dashes, and the options. Whatever the schema: it is read the same twice or
// refused in one line; its defaults are valid; and options that are accepted are printed as what reads back to them, and
// told to the plugin as JSON.
#include <nlohmann/json.hpp>

#include "config/document.hpp"
#include "fuzz/one_line.hpp"
#include "plugin/plugin_schema.hpp"

namespace freshet::fuzz {
namespace {

using plugin::OptionValues;
using plugin::PluginSchema;

std::string rows_of(const PluginSchema& schema) {
  std::string text;
  for (const OptionRow& row : schema.table.rows())
    text += row.name + '|' + row.type + '|' + row.range + '|' + row.default_text + '\n';
  return text;
}

/// The options, or nullopt and findings that are each one line.
std::optional<OptionValues> read(const PluginSchema& schema, std::string_view yaml) {
  Findings findings;
  const auto document = config::read_document(yaml, "p.yaml", findings);
  OptionValues options = schema.defaults;
  if (document) schema.table.list().read_section(*document, "p", &options, findings);
  schema.check_required(options, "p", findings);
  schema.table.validate(options, "p", findings);
  for (const Finding& finding : findings.all()) require_one_line(finding.text());
  return document && findings.empty() ? std::optional(options) : std::nullopt;
}

std::string printed(const PluginSchema& schema, const OptionValues& options) {
  std::string text;
  for (const auto& [name, value] : schema.table.list().texts(&options))
    text += format_text(name) + ": " + value + '\n';
  return text;
}

}  // namespace

void fuzz_plugin_schema(std::string_view input) {
  const auto [json, yaml] = split_at(input, "\n---\n");
  PluginSchema schema;
  try {
    schema = PluginSchema::parse(json);
  } catch (const Error& error) {
    return require_one_line(error.what());
  }
  require(rows_of(schema) == rows_of(PluginSchema::parse(json)), "a schema is read the same twice");
  Findings judged;
  schema.table.validate(schema.defaults, {}, judged);
  require(judged.empty(), "the defaults of a schema are valid");
  require(nlohmann::json::accept(schema.defaults.json()), "the defaults are told as JSON");

  const auto options = read(schema, yaml);
  if (!options) return;
  require(nlohmann::json::accept(options->json()), "options are told as JSON");
  const std::string text = printed(schema, *options);
  const auto back = read(schema, text);
  require(back && back->values == options->values, "options that are printed read back:\n" + text);
}

}  // namespace freshet::fuzz
