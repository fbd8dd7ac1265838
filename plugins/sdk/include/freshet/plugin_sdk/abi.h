/* The binary interface between Freshet and a strategy in a shared object. Plain C99: stdint and stddef only.
 *
 * A plugin exports one symbol, freshet_plugin_entry, which answers a table of functions. Freshet judges the table, then
 * calls create once per policy block, and the other functions from any of its threads, several at once. Nobody calls
 * across with a lock held. No C++ exception may cross: return a status. (One that does is caught and counted as a
 * failure, as far as both sides' compilers agree on exceptions. strategy_plugin.hpp catches for you.)
 *
 * Rules that hold throughout:
 *   - Time is in nanoseconds on Freshet's own time line. FRESHET_NEVER is the deadline of what does not expire.
 *   - Text is a pointer and a length, UTF-8, with no zero at its end, unless its comment says "zero-terminated".
 *   - A pointer that is passed into a call belongs to the caller and is good until that call returns, unless its
 *     comment says otherwise. Memory is freed by the side that made it.
 *   - Every struct begins with its size as its maker knew it. Read no member that lies beyond struct_size.
 *   - An array of structs comes with the size of one element: step by that, since the maker's struct may be longer.
 *
 * History (added means a new minor, changed or removed a new major):
 *   1.0   first version
 */
#ifndef FRESHET_PLUGIN_SDK_ABI_H
#define FRESHET_PLUGIN_SDK_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FRESHET_ABI_MAJOR 1
#define FRESHET_ABI_MINOR 0

#define FRESHET_NEVER INT64_MAX  /* the deadline of what does not expire */
#define FRESHET_NO_TTL INT64_MIN /* nobody asked for a lifetime */

/* What a function returns. Anything but FRESHET_OK is a failure: counted under the plugin's name, logged, and answered
 * safely (see each function). */
#define FRESHET_OK 0
#define FRESHET_FAILED 1

/* Decisions of on_soft_expired. */
#define FRESHET_SERVE 0
#define FRESHET_SERVE_AND_REFRESH 1
#define FRESHET_MISS 2

/* Levels of freshet_host_v1.log. */
#define FRESHET_LOG_DEBUG 0
#define FRESHET_LOG_INFO 1
#define FRESHET_LOG_WARNING 2
#define FRESHET_LOG_ERROR 3

/* A named text: a field of a key or of an event. */
typedef struct freshet_field_v1 {
  uint32_t struct_size;
  uint32_t is_integer; /* 1: the value was given as an integer; its text is decimal */
  const char* name;
  size_t name_len;
  const char* value;
  size_t value_len;
} freshet_field_v1;

/* When an entry stops being good, and when to load it again. The host sets all of them to "never" and "none" before
 * on_store, so a plugin writes only those that it means. */
typedef struct freshet_deadlines_v1 {
  uint32_t struct_size;
  uint32_t
      refresh_from_accesses; /* at refresh_at: refreshed if read this often, let go otherwise; at most 65,535 */
  int64_t soft_ns;       /* from here on refreshed while still served; FRESHET_NEVER: none */
  int64_t hard_ns;       /* from here on a miss; at or before now: do not keep */
  int64_t idle_ns;       /* a span: unread for so long it expires as well; 0: none */
  int64_t refresh_at_ns; /* loaded again in the background; FRESHET_NEVER: not */
} freshet_deadlines_v1;

/* What a strategy may know of an entry. */
typedef struct freshet_entry_v1 {
  uint32_t struct_size;
  uint32_t field_count;
  const char* name_space;
  size_t name_space_len;
  const char* key;
  size_t key_len;
  const freshet_field_v1* fields; /* of the block's key template, in its order */
  size_t field_size;              /* from one field to the next, in bytes */
  int64_t requested_ttl_ns; /* the caller's word, which replaces the policy's; or FRESHET_NO_TTL */
  int64_t
      loader_ttl_ns; /* how long the value itself is good, which only shortens; or FRESHET_NO_TTL */
  int64_t load_time_ns; /* how long the load took, or would have as the loader says; 0 for a put */
  int64_t stored_at_ns; /* on_soft_expired: when the value was stored */
  uint64_t bytes;       /* of key and value */
  /* on_store: what the strategies before this one in a composition answered, "never" without any;
   * on_soft_expired: what on_store answered then. Not NULL. */
  const freshet_deadlines_v1* deadlines;
} freshet_entry_v1;

/* A named domain occurrence: user_logout {user_id: 42}. */
typedef struct freshet_event_v1 {
  uint32_t struct_size;
  uint32_t field_count;
  const char* name;
  size_t name_len;
  const freshet_field_v1* fields;
  size_t field_size; /* from one field to the next, in bytes */
} freshet_event_v1;

/* What an event leads to. Call its functions with its `plan`, during on_event only. What is passed in is copied. Each
 * returns FRESHET_OK, or FRESHET_FAILED for a name that is empty or too long, which is then not added. Nothing of it
 * happens if on_event fails. */
typedef struct freshet_plan_v1 {
  uint32_t struct_size;
  uint32_t reserved;
  void* plan;
  int32_t (*invalidate_key)(void* plan, const char* name_space, size_t name_space_len,
                            const char* key, size_t key_len);
  int32_t (*invalidate_tag)(void* plan, const char* tag, size_t tag_len);
  int32_t (*invalidate_namespace)(void* plan, const char* name_space, size_t name_space_len);
  int32_t (*invalidate_all)(void* plan);
  int32_t (*refresh)(void* plan, const char* name_space, size_t name_space_len, const char* key,
                     size_t key_len);
  int32_t (*emit)(void* plan, const char* event, size_t event_len, const freshet_field_v1* fields,
                  size_t field_count, size_t field_size);
} freshet_plan_v1;

/* A key that is read often: at most `accesses` times, and at least `accesses - error`. */
typedef struct freshet_hot_key_v1 {
  uint32_t struct_size;
  uint32_t reserved;
  const char* name_space;
  size_t name_space_len;
  const char* key;
  size_t key_len;
  uint64_t accesses;
  uint64_t error;
} freshet_hot_key_v1;

/* What a strategy may ask for. Call its functions with its `host`, from any thread, until destroy returns. None blocks
 * or calls back into the plugin, but for hot_keys and its `each`. Text that is passed in is copied. */
typedef struct freshet_host_v1 {
  uint32_t struct_size;
  uint16_t abi_major; /* of the host */
  uint16_t abi_minor;
  void* host;
  /* Time, on the line that all of this uses. */
  int64_t (*now_ns)(void* host);
  /* 64 uniform bits, not for secrets. */
  uint64_t (*random_bits)(void* host);
  /* Calls on_timer(timer) once, after delay_ns. Starting it again before that moves it. */
  void (*start_timer)(void* host, uint32_t timer, int64_t delay_ns);
  /* Loads a key again in the background, if a loader is bound to its namespace and the budget allows it. */
  void (*request_refresh)(void* host, const char* name_space, size_t name_space_len,
                          const char* key, size_t key_len);
  /* Calls each(context, key) for the block's most-read keys, hottest first, at most `count`; returns how many. The
   * struct is good during that call of `each` only. */
  size_t (*hot_keys)(void* host, size_t count,
                     void (*each)(void* context, const freshet_hot_key_v1* key), void* context);
  /* Adds to a statistics counter of the plugin's own. At most 64 names, the rest is dropped. */
  void (*count)(void* host, const char* counter, size_t counter_len, uint64_t add);
  /* Writes to Freshet's log, with the plugin's name in front. */
  void (*log)(void* host, int32_t level, const char* message, size_t message_len);
} freshet_host_v1;

/* What freshet_plugin_entry answers. The host reads no further than struct_size, which must be that of the minor
 * version which the table claims. */
typedef struct freshet_plugin_v1 {
  uint32_t struct_size;
  uint16_t abi_major; /* accepted if equal to the host's */
  uint16_t abi_minor; /* accepted if not newer than the host's */

  /* Zero-terminated: lower-case letters, digits and '_'. The word after `strategy:` and of the section with the
   * options. The plugin's, good while it is loaded. */
  const char* name;

  /* Zero-terminated: JSON schema of the options, a documented subset (plugins/README.md); NULL: there are none. The
   * host checks what a policy says before create. The plugin's, good while it is loaded. */
  const char* options_schema;

  /* Makes a strategy. Required. `host` is good until destroy returns. `options_json` is one flat JSON object with
   * every option that was given or has a default; durations are nanoseconds, sizes bytes, percentages fractions.
   * Returns what the other functions get as `self`; NULL on failure, with a zero-terminated reason in `err`. */
  void* (*create)(const freshet_host_v1* host, const char* options_json, size_t options_json_len,
                  char* err, size_t err_cap);

  /* Ends a strategy: no other call is under way or follows. Required. */
  void (*destroy)(void* self);

  /* The deadlines of an entry about to be stored. Required. On failure the entry is not kept. */
  int32_t (*on_store)(void* self, const freshet_entry_v1* entry, int64_t now_ns,
                      freshet_deadlines_v1* out);

  /* Asked by a reader between soft and hard deadline: writes a decision. On failure the read is a miss. NULL: always
   * FRESHET_SERVE_AND_REFRESH. */
  int32_t (*on_soft_expired)(void* self, const freshet_entry_v1* entry, int64_t now_ns,
                             int32_t* decision);

  /* Adds to `plan` what the event makes stale. On failure nothing is added. NULL: events do not matter. */
  int32_t (*on_event)(void* self, const freshet_event_v1* event, const freshet_plan_v1* plan);

  /* A timer that the strategy asked its host for has come. NULL: there are none. */
  int32_t (*on_timer)(void* self, uint32_t timer);
} freshet_plugin_v1;

/* The one symbol that a plugin exports. The table is the plugin's, constant, good while it is loaded. */
#if defined(__GNUC__)
#define FRESHET_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define FRESHET_PLUGIN_EXPORT
#endif
FRESHET_PLUGIN_EXPORT const freshet_plugin_v1* freshet_plugin_entry(void);

#define FRESHET_PLUGIN_ENTRY_NAME "freshet_plugin_entry"

#ifdef __cplusplus
}
#endif

#endif
