/* sliding_ttl: an entry is good for as long as it is read now and then, and no longer than a maximum.
 *
 * In plain C, which proves that the interface is C. Thread-safe: nothing changes after create.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "freshet/plugin_sdk/abi.h"
#include "freshet/plugin_sdk/options.h"

typedef struct sliding_ttl {
  int64_t idle_ns; /* > 0: unread for so long it expires */
  int64_t max_ns;  /* > 0: read or not */
} sliding_ttl;

static const char schema[] =
    "{\"type\": \"object\", \"properties\": {"
    "\"idle\": {\"type\": \"string\", \"format\": \"duration\", \"exclusiveMinimum\": \"0s\","
    " \"default\": \"5m\", \"description\": \"an entry that nobody reads for so long expires\"},"
    "\"max\": {\"type\": \"string\", \"format\": \"duration\", \"exclusiveMinimum\": \"0s\","
    " \"default\": \"1h\", \"description\": \"an entry expires after so long, read or not\"}},"
    "\"additionalProperties\": false}";

static void* create(const freshet_host_v1* host, const char* options, size_t size, char* err,
                    size_t cap) {
  sliding_ttl* const self = malloc(sizeof *self);
  (void)host;
  if (self == NULL) {
    snprintf(err, cap, "out of memory");
    return NULL;
  }
  if (!freshet_option_integer(options, size, "idle", &self->idle_ns) ||
      !freshet_option_integer(options, size, "max", &self->max_ns)) {
    snprintf(err, cap, "idle or max is missing");
    free(self);
    return NULL;
  }
  if (self->idle_ns > self->max_ns) {
    snprintf(err, cap, "idle: expected no more than max");
    free(self);
    return NULL;
  }
  return self;
}

static void destroy(void* self) { free(self); }

/* The caller's lifetime replaces the maximum, the loader's shortens it. */
static int64_t lifetime(const sliding_ttl* self, const freshet_entry_v1* entry) {
  int64_t span = self->max_ns;
  if (entry->requested_ttl_ns != FRESHET_NO_TTL) span = entry->requested_ttl_ns;
  if (entry->loader_ttl_ns != FRESHET_NO_TTL && entry->loader_ttl_ns < span)
    span = entry->loader_ttl_ns;
  return span < 0 ? 0 : span;
}

static int32_t on_store(void* self, const freshet_entry_v1* entry, int64_t now,
                        freshet_deadlines_v1* out) {
  const sliding_ttl* const strategy = self;
  const int64_t span = lifetime(strategy, entry);
  out->hard_ns = now > 0 && span > FRESHET_NEVER - now ? FRESHET_NEVER : now + span;
  out->idle_ns = strategy->idle_ns;
  return FRESHET_OK;
}

static const freshet_plugin_v1 plugin = {sizeof(freshet_plugin_v1),
                                         FRESHET_ABI_MAJOR,
                                         FRESHET_ABI_MINOR,
                                         "sliding_ttl",
                                         schema,
                                         create,
                                         destroy,
                                         on_store,
                                         NULL,
                                         NULL,
                                         NULL};

const freshet_plugin_v1* freshet_plugin_entry(void) { return &plugin; }
