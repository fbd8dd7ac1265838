/* Has no destroy. */
#include "bad_plugin.h"

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("missing_destroy");
  table.destroy = NULL;
  return &table;
}
