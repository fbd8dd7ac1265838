/* Answers no table. */
#include "bad_plugin.h"

const freshet_plugin_v1* freshet_plugin_entry(void) {
  return good_table("no_table").name == NULL ? (const freshet_plugin_v1*)&a_strategy : NULL;
}
