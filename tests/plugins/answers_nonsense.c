/* Answers what no strategy may answer: by the key, an idle span below zero or too many accesses; and decisions that there
 * are not. */
#include <string.h>

#include "bad_plugin.h"

static int is(const freshet_entry_v1* entry, const char* key) {
  return entry->key_len == strlen(key) && memcmp(entry->key, key, entry->key_len) == 0;
}

static int32_t on_store(void* self, const freshet_entry_v1* entry, int64_t now,
                        freshet_deadlines_v1* out) {
  (void)self;
  out->hard_ns = now + 60000000000;
  if (is(entry, "idle")) out->idle_ns = -1;
  if (is(entry, "accesses")) out->refresh_from_accesses = 65536;
  return FRESHET_OK;
}

static int32_t on_soft_expired(void* self, const freshet_entry_v1* entry, int64_t now,
                               int32_t* decision) {
  (void)self, (void)now;
  *decision = is(entry, "below") ? -1 : is(entry, "above") ? FRESHET_MISS + 1 : FRESHET_SERVE;
  return FRESHET_OK;
}

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("answers_nonsense");
  table.on_store = on_store;
  table.on_soft_expired = on_soft_expired;
  return &table;
}
