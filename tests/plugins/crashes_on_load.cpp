// A static constructor throws: loading it ends the process.
#include <stdexcept>

#include "bad_plugin.h"

namespace {
struct Thrower {
  Thrower() { throw std::runtime_error("thrown while loading"); }
};
const Thrower thrower;
}  // namespace

extern "C" const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("crashes_on_load");

  return &table;
}
