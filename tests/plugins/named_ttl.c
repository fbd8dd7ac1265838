/* Nothing is wrong with it but its name, a word of every policy. */
#include "bad_plugin.h"

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("ttl");
  return &table;
}
