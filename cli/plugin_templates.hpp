// What `freshet plugin new` writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace freshet::cli {

enum class PluginLanguage : std::uint8_t { c, cpp };

struct TemplateFile {
  std::string path;  // below the plugin's folder
  std::string content;
};

/// The files of a plugin called `name`, a word of lower-case letters, digits and '_'.
std::vector<TemplateFile> plugin_template(const std::string& name, PluginLanguage language);

}  // namespace freshet::cli
