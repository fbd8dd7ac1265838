/* Built for a newer minor version. */
#include "bad_plugin.h"

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("newer_minor");
  table.abi_minor = FRESHET_ABI_MINOR + 1;
  return &table;
}
