/* Never comes back from create. */
#include "bad_plugin.h"

static void* create(const freshet_host_v1* host, const char* options, size_t size, char* err,
                    size_t cap) {
  volatile int forever = 1;
  while (forever) {
  }
  return good_create(host, options, size, err, cap);
}

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("hangs_on_create");
  table.create = create;
  return &table;
}
