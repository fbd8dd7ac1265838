// Each template is the file as it comes, with @NAME@ for the plugin's name, @Type@ for the name of
// its class and @SOURCE@ for its source file.
#include "plugin_templates.hpp"

#include <string_view>

namespace freshet::cli {
namespace {

constexpr std::string_view kCmake = R"(cmake_minimum_required(VERSION 3.24)
project(@NAME@ LANGUAGES C CXX)

# Needs Freshet installed: cmake -DCMAKE_PREFIX_PATH=<where>.
find_package(freshet REQUIRED)

# lib@NAME@.so. It sees the plugin interface, and nothing of the library.
add_library(@NAME@ MODULE @SOURCE@)
target_link_libraries(@NAME@ PRIVATE freshet::plugin_sdk)
target_compile_features(@NAME@ PRIVATE c_std_99 cxx_std_17)
target_compile_options(@NAME@ PRIVATE -Wall -Wextra)
set_target_properties(@NAME@ PROPERTIES C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden)

# A plugin that others can write is refused, and so is one in a folder that others can write.
add_custom_command(TARGET @NAME@ POST_BUILD
  COMMAND chmod go-w "$<TARGET_FILE:@NAME@>" "$<TARGET_FILE_DIR:@NAME@>" VERBATIM)

enable_testing()
add_test(NAME contract COMMAND "${freshet_COMMAND}" plugin check "$<TARGET_FILE:@NAME@>")
add_test(NAME contract_with_options
  COMMAND "${freshet_COMMAND}" plugin check "$<TARGET_FILE:@NAME@>" --options "{ttl: 1h, spread: 20%}")
add_test(NAME bad_options
  COMMAND "${freshet_COMMAND}" plugin check "$<TARGET_FILE:@NAME@>" --options "{ttl: 0s}")
set_tests_properties(bad_options PROPERTIES WILL_FAIL TRUE)
)";

constexpr std::string_view kReadme = R"(# @NAME@

A strategy for Freshet, in a shared object.

```sh
cmake -B build -DCMAKE_PREFIX_PATH=PREFIX    # PREFIX: where Freshet is installed
cmake --build build
ctest --test-dir build                       # checks it against the contract of strategies
```

A policy uses it by its file and its name; a relative path starts at the policy file's folder:

```yaml
freshet: 1
plugins: [{path: build/lib@NAME@.so}]
namespaces:
  reports: {strategy: @NAME@, @NAME@: {ttl: 1h, spread: 20%}}
```

| option | default | |
| --- | --- | --- |
| `ttl` | `5m` | how long an entry is good for |
| `spread` | `10%` | share of it by which an entry may end early, drawn per entry |

What the functions are given and what they may answer stands in `freshet/plugin_sdk/abi.h`. The file and its folder must be
writable by their owner alone.
)";

constexpr std::string_view kCppSource =
    R"X(// @NAME@: an entry is good for a time, less a random share of it.
#include <cstdint>

#include <freshet/plugin_sdk/strategy_plugin.hpp>

namespace {

using namespace freshet::plugin;

// What a policy may say under `@NAME@:`. Checked before a @Type@ is made.
constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "ttl": {"type": "string", "format": "duration", "exclusiveMinimum": "0s", "default": "5m",
            "description": "how long an entry is good for"},
    "spread": {"type": "string", "format": "percentage", "exclusiveMaximum": "100%", "default": "10%",
               "description": "share of it by which an entry may end early, drawn per entry"}
  },
  "additionalProperties": false
})";

/// One per policy block; called by several threads at once. What it throws is caught: from the
/// constructor it refuses the policy, from elsewhere it fails that call.
class @Type@ final : public StrategyPlugin {
 public:
  @Type@(Host host, const Options& options)
      : host_(host), ttl_(*options.integer("ttl")), spread_(*options.number("spread")) {}

  Deadlines on_store(const Entry& entry, std::int64_t now) override {
    const auto lifetime = entry.lifetime(ttl_);  // the caller's word, if there is one
    const auto cut = static_cast<double>(lifetime) * spread_ * host_.uniform();
    Deadlines deadlines;
    deadlines.hard = later(now, lifetime - static_cast<std::int64_t>(cut));
    return deadlines;
  }

  // Also: on_soft_expired, on_event, on_timer.

 private:
  const Host host_;
  const std::int64_t ttl_;  // nanoseconds
  const double spread_;     // a fraction
};

}  // namespace

FRESHET_STRATEGY_PLUGIN(@Type@, "@NAME@", kSchema)
)X";

constexpr std::string_view kCSource =
    R"X(/* @NAME@: an entry is good for a time, less a random share of it. */
#include <freshet/plugin_sdk/abi.h>
#include <freshet/plugin_sdk/options.h>
#include <stdio.h>
#include <stdlib.h>

/* One per policy block; called by several threads at once. */
typedef struct strategy {
  const freshet_host_v1* host; /* good until destroy */
  int64_t ttl_ns;
  double spread; /* a fraction */
} strategy;

/* What a policy may say under `@NAME@:`. Checked before create. */
static const char schema[] =
    "{\"type\": \"object\", \"properties\": {"
    "\"ttl\": {\"type\": \"string\", \"format\": \"duration\", \"exclusiveMinimum\": \"0s\","
    " \"default\": \"5m\", \"description\": \"how long an entry is good for\"},"
    "\"spread\": {\"type\": \"string\", \"format\": \"percentage\", \"exclusiveMaximum\": \"100%\","
    " \"default\": \"10%\", \"description\": \"share of it by which an entry may end early\"}},"
    "\"additionalProperties\": false}";

static void* create(const freshet_host_v1* host, const char* options, size_t size, char* err,
                    size_t cap) {
  strategy* const self = malloc(sizeof *self);
  if (self == NULL) {
    snprintf(err, cap, "out of memory");
    return NULL;
  }
  self->host = host;
  if (!freshet_option_integer(options, size, "ttl", &self->ttl_ns) ||
      !freshet_option_number(options, size, "spread", &self->spread)) {
    snprintf(err, cap, "ttl or spread is missing");
    free(self);
    return NULL;
  }
  return self;
}

static void destroy(void* self) { free(self); }

/* The caller's lifetime replaces the policy's, the loader's shortens it. */
static int64_t lifetime(const strategy* self, const freshet_entry_v1* entry) {
  int64_t span = self->ttl_ns;
  if (entry->requested_ttl_ns != FRESHET_NO_TTL) span = entry->requested_ttl_ns;
  if (entry->loader_ttl_ns != FRESHET_NO_TTL && entry->loader_ttl_ns < span)
    span = entry->loader_ttl_ns;
  return span < 0 ? 0 : span;
}

static int32_t on_store(void* data, const freshet_entry_v1* entry, int64_t now,
                        freshet_deadlines_v1* out) {
  const strategy* const self = data;
  const double drawn = (double)(self->host->random_bits(self->host->host) >> 11) / 9007199254740992.0;
  int64_t span = lifetime(self, entry);
  span -= (int64_t)((double)span * self->spread * drawn);
  out->hard_ns = now > 0 && span > FRESHET_NEVER - now ? FRESHET_NEVER : now + span;
  return FRESHET_OK;
}

/* on_soft_expired, on_event, on_timer: none. */
static const freshet_plugin_v1 plugin = {
    sizeof(freshet_plugin_v1), FRESHET_ABI_MAJOR, FRESHET_ABI_MINOR, "@NAME@", schema,
    create, destroy, on_store, NULL, NULL, NULL};

const freshet_plugin_v1* freshet_plugin_entry(void) { return &plugin; }
)X";

constexpr std::string_view kIgnore = "build/\n";

std::string replaced(std::string text, std::string_view mark, const std::string& by) {
  for (std::size_t at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + by.size()))
    text.replace(at, mark.size(), by);
  return text;
}

/// adaptive_ttl: AdaptiveTtl. A name that begins with a digit gets a letter.
std::string type_name(const std::string& name) {
  std::string type = name.front() >= '0' && name.front() <= '9' ? "P" : "";
  bool upper = true;
  for (const char c : name) {
    if (c != '_') type += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '_';
  }
  return type.empty() ? "Plugin" : type;
}

}  // namespace

std::vector<TemplateFile> plugin_template(const std::string& name, PluginLanguage language) {
  const std::string source = name + (language == PluginLanguage::c ? ".c" : ".cpp");
  const auto filled = [&](std::string_view text) {
    std::string made = replaced(std::string(text), "@NAME@", name);
    made = replaced(std::move(made), "@Type@", type_name(name));
    return replaced(std::move(made), "@SOURCE@", source);
  };
  return {{"CMakeLists.txt", filled(kCmake)},
          {source, filled(language == PluginLanguage::c ? kCSource : kCppSource)},
          {"README.md", filled(kReadme)},
          {".gitignore", std::string(kIgnore)}};
}

}  // namespace freshet::cli
