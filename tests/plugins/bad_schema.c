/* Has a schema with a check that nobody makes. */
#include "bad_plugin.h"

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("bad_schema");
  table.options_schema =
      "{\"type\": \"object\", \"properties\": {\"by\": {\"type\": \"string\", \"pattern\": "
      "\"^a\"}}}";
  return &table;
}
