/* Nothing is wrong with it. Counts what it is asked, under names that are as many and as long as it likes; an entry
 * called "fails" fails. */
#include <string.h>

#include "bad_plugin.h"

static const freshet_host_v1* host_of(void* self) { return (const freshet_host_v1*)self; }

static void* create(const freshet_host_v1* host, const char* options, size_t size, char* err,
                    size_t cap) {
  (void)options, (void)size, (void)err, (void)cap;
  return (void*)host;
}

static int32_t on_store(void* self, const freshet_entry_v1* entry, int64_t now,
                        freshet_deadlines_v1* out) {
  const freshet_host_v1* host = host_of(self);
  char name[100];
  if (entry->key_len == 5 && memcmp(entry->key, "fails", 5) == 0) return FRESHET_FAILED;
  host->count(host->host, "stored", 6, 1);
  if (entry->key_len == 4 && memcmp(entry->key, "many", 4) == 0) {
    int i;
    for (i = 0; i < 1000; ++i) {
      memset(name, 'x', sizeof name);
      name[0] = (char)('a' + i % 26);
      name[1] = (char)('a' + i / 26 % 26);
      name[2] = (char)('a' + i / 676);
      host->count(host->host, name, sizeof name, 1);
    }
  }
  out->hard_ns = now + 60000000000;
  return FRESHET_OK;
}

const freshet_plugin_v1* freshet_plugin_entry(void) {
  static freshet_plugin_v1 table;
  table = good_table("counts");
  table.create = create;
  table.on_store = on_store;
  return &table;
}
