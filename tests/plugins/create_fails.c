/* Makes no strategy and says why. */
#include <string.h>

#include "bad_plugin.h"

static void* create(const freshet_host_v1* host, const char* options, size_t size, char* err,
                    size_t cap) {
  static const char reason[] = "the oracle is closed";
  (void)host, (void)options, (void)size;
  if (cap >= sizeof reason) memcpy(err, reason, sizeof reason);
  return NULL;
}

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("create_fails");
  table.create = create;
  return &table;
}
