/* Claims a table that has not even a version. */
#include "bad_plugin.h"

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("tiny_size");
  table.struct_size = 4;
  return &table;
}
