// Throws from create, past the C interface.
#include <stdexcept>

#include "bad_plugin.h"

namespace {
void* create(const freshet_host_v1*, const char*, size_t, char*, size_t) {
  throw std::runtime_error("thrown by create");
}
}  // namespace

extern "C" const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("create_throws");
  table.create = create;
  return &table;
}
