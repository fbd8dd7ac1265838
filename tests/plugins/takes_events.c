/* Nothing is wrong with it: an event with a field becomes a tag, a refresh asked of the host, an event and a line of log. */
#include "bad_plugin.h"

static const freshet_host_v1* a_host;

static void* create(const freshet_host_v1* host, const char* options, size_t size, char* err,
                    size_t cap) {
  (void)options, (void)size, (void)err, (void)cap;
  a_host = host;
  return &a_strategy;
}

static int32_t on_event(void* self, const freshet_event_v1* event, const freshet_plan_v1* plan) {
  (void)self;
  if (event->field_count == 0) return FRESHET_OK;
  a_host->request_refresh(a_host->host, "profiles", 8, "asked-of-the-host", 17);
  a_host->log(a_host->host, FRESHET_LOG_WARNING, "said to the host", 16);
  plan->emit(plan->plan, "cleaned", 7, NULL, 0, sizeof(freshet_field_v1));
  return plan->invalidate_tag(plan->plan, event->fields[0].value, event->fields[0].value_len);
}

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("takes_events");
  table.create = create;
  table.on_event = on_event;
  return &table;
}
