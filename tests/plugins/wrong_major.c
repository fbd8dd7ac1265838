/* Built for another major version. */
#include "bad_plugin.h"

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("wrong_major");
  table.abi_major = FRESHET_ABI_MAJOR + 1;
  return &table;
}
