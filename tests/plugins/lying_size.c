/* Claims this version and half of its table. */
#include "bad_plugin.h"

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("lying_size");
  table.struct_size = sizeof table / 2;
  return &table;
}
