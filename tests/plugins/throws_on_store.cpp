// Loads and makes strategies, whose every call throws.
#include <stdexcept>

#include "bad_plugin.h"

namespace {
int32_t on_store(void*, const freshet_entry_v1*, int64_t, freshet_deadlines_v1*) {
  throw std::runtime_error("thrown by on_store");
}
int32_t on_soft_expired(void*, const freshet_entry_v1*, int64_t, int32_t*) { throw 42; }
int32_t on_event(void*, const freshet_event_v1*, const freshet_plan_v1* plan) {
  plan->invalidate_all(plan->plan);
  throw std::runtime_error("thrown by on_event");
}
int32_t on_timer(void*, uint32_t) { throw std::runtime_error("thrown by on_timer"); }
}  // namespace

extern "C" const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("throws_on_store");
  table.on_store = on_store;
  table.on_soft_expired = on_soft_expired;
  table.on_event = on_event;
  table.on_timer = on_timer;
  return &table;
}
