/* Reading the options that create() gets. Plain C99, header only.
 *
 * The host has checked them by the plugin's schema and writes one flat JSON object, so this looks a member up and no
 * more: {"idle":300000000000,"beta":1.0,"by":"kind"}. Each function returns 1 and writes `out` if the option is there
 * and of that type, and 0, leaving `out` alone, if not. Cost: one pass over the text.
 */
#ifndef FRESHET_PLUGIN_SDK_OPTIONS_H
#define FRESHET_PLUGIN_SDK_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wold-style-cast"
#endif
#endif

/* Past the string that begins at `at`, quotes included; `end` if it does not end. */
static inline const char* freshet_option_skip_text(const char* at, const char* end) {
  for (++at; at < end; ++at) {
    if (*at == '\\') {
      ++at;
    } else if (*at == '"') {
      return at + 1;
    }
  }
  return end;
}

/* Where the value of a member begins, or NULL. `*value_end` is set behind it. */
static inline const char* freshet_option_find(const char* json, size_t len, const char* name,
                                              const char** value_end) {
  const char* const end = json + len;
  const size_t name_len = strlen(name);
  const char* at = json;
  while (at < end) {
    const char* key;
    const char* key_end;
    const char* value;
    while (at < end && *at != '"') ++at;
    if (at == end) return NULL;
    key = at + 1;
    at = freshet_option_skip_text(at, end);
    key_end = at - 1;
    while (at < end && (*at == ':' || *at == ' ')) ++at;
    value = at;
    if (at < end && *at == '"') {
      at = freshet_option_skip_text(at, end);
    } else {
      while (at < end && *at != ',' && *at != '}') ++at;
    }
    if (key_end - key == (ptrdiff_t)name_len && memcmp(key, name, name_len) == 0) {
      *value_end = at;
      return value;
    }
  }
  return NULL;
}

/* Copies a number's text, so that strtod and strtoll find its end. */
static inline int freshet_option_copy(const char* value, const char* value_end, char* copy,
                                      size_t cap) {
  const size_t len = (size_t)(value_end - value);
  if (len == 0 || len >= cap || (*value != '-' && (*value < '0' || *value > '9'))) return 0;
  memcpy(copy, value, len);
  copy[len] = '\0';
  return 1;
}

/* A duration in nanoseconds, a size in bytes, a whole number. */
static inline int freshet_option_integer(const char* json, size_t len, const char* name,
                                         int64_t* out) {
  char copy[32];
  const char* value_end = NULL;
  const char* const value = freshet_option_find(json, len, name, &value_end);
  if (value == NULL || !freshet_option_copy(value, value_end, copy, sizeof copy)) return 0;
  *out = (int64_t)strtoll(copy, NULL, 10);
  return 1;
}

/* A percentage as a fraction, or any number. */
static inline int freshet_option_number(const char* json, size_t len, const char* name,
                                        double* out) {
  char copy[64];
  const char* value_end = NULL;
  const char* const value = freshet_option_find(json, len, name, &value_end);
  if (value == NULL || !freshet_option_copy(value, value_end, copy, sizeof copy)) return 0;
  *out = strtod(copy, NULL);
  return 1;
}

/* 1 for true, 0 for false. */
static inline int freshet_option_boolean(const char* json, size_t len, const char* name, int* out) {
  const char* value_end = NULL;
  const char* const value = freshet_option_find(json, len, name, &value_end);
  if (value == NULL || (*value != 't' && *value != 'f')) return 0;
  *out = *value == 't';
  return 1;
}

/* A text as it stands in the JSON, without its quotes and with its escapes; it points into `json`. */
static inline int freshet_option_text(const char* json, size_t len, const char* name,
                                      const char** out, size_t* out_len) {
  const char* value_end = NULL;
  const char* const value = freshet_option_find(json, len, name, &value_end);
  if (value == NULL || *value != '"') return 0;
  *out = value + 1;
  *out_len = (size_t)(value_end - value) - 2;
  return 1;
}

#ifdef __cplusplus
#if defined(__clang__)
#pragma clang diagnostic pop
#endif
}
#endif

#endif
