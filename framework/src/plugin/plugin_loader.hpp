// PluginLibrary: a shared object with a strategy, judged and loaded.
//
// The order of judging, each refusal an Error with the file and the reason: the file (plugin_file),
// then, all in a forked child first and then here: it loads, has the entry symbol, the table is good
// (plugin_table), the schema is understood (plugin_schema); in the child only: a strategy with
// default options is made and ended, unless the schema requires an option that has no default.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "freshet/plugin_sdk/abi.h"
#include "plugin/plugin_schema.hpp"

namespace freshet::plugin {

/// How long a trial may take.
inline constexpr Duration kTrialLimit = std::chrono::seconds{5};

/// Unloaded when the last who holds it lets go: whatever calls into it holds it, as its first
/// member. Thread-safe: constant.
class PluginLibrary {
 public:
  static std::shared_ptr<const PluginLibrary> load(const std::filesystem::path& file,
                                                   Duration trial_limit = kTrialLimit);

  const std::string& file() const noexcept { return file_; }
  const std::string& name() const noexcept { return name_; }
  const freshet_plugin_v1& table() const noexcept { return *table_; }
  const PluginSchema& schema() const noexcept { return schema_; }

  /// Makes a strategy of the plugin's. `host` outlives it. Throws Error with the plugin's reason if
  /// it makes none.
  void* create(const freshet_host_v1& host, const OptionValues& options) const;

  /// Why the plugin makes no strategy of these options; empty if it does. Makes one and ends it.
  std::string refusal_of(const OptionValues& options) const;

 private:
  struct Close {
    void operator()(void* handle) const noexcept;
  };

  explicit PluginLibrary(const std::filesystem::path& file);

  std::unique_ptr<void, Close> handle_;  // first: the rest points into it
  std::string file_;
  const freshet_plugin_v1* table_ = nullptr;
  std::string name_;
  PluginSchema schema_;
};

}  // namespace freshet::plugin
