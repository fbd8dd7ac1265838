/* Ends the process from create. */
#include <stdlib.h>

#include "bad_plugin.h"

static void* create(const freshet_host_v1* host, const char* options, size_t size, char* err,
                    size_t cap) {
  (void)host, (void)options, (void)size, (void)err, (void)cap;
  _Exit(7);
}

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("exits_on_create");
  table.create = create;
  return &table;
}
