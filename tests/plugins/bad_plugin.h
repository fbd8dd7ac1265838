/* What the bad plugins share: a table that is good but for what each changes. Plain C, and C++. */
#ifndef FRESHET_TESTS_BAD_PLUGIN_H
#define FRESHET_TESTS_BAD_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#include "freshet/plugin_sdk/abi.h"

static char a_strategy;

static inline void* good_create(const freshet_host_v1* host, const char* options, size_t size,
                                char* err, size_t cap) {
  (void)host, (void)options, (void)size, (void)err, (void)cap;
  return &a_strategy;
}
static inline void good_destroy(void* self) { (void)self; }
static inline int32_t good_on_store(void* self, const freshet_entry_v1* entry, int64_t now,
                                    freshet_deadlines_v1* out) {
  (void)self;
  out->hard_ns = now + 60000000000;
  if (entry->requested_ttl_ns != FRESHET_NO_TTL) out->hard_ns = now;
  return FRESHET_OK;
}

/* The table of a plugin that has nothing wrong with it. */
static inline freshet_plugin_v1 good_table(const char* name) {
  freshet_plugin_v1 table;
  table.struct_size = sizeof table;
  table.abi_major = FRESHET_ABI_MAJOR;
  table.abi_minor = FRESHET_ABI_MINOR;
  table.name = name;
  table.options_schema = NULL;
  table.create = good_create;
  table.destroy = good_destroy;
  table.on_store = good_on_store;
  table.on_soft_expired = NULL;
  table.on_event = NULL;
  table.on_timer = NULL;
  return table;
}

#endif
