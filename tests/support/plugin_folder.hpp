// PluginFolder: plugins where nobody else can write, whatever the build's folder is like.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "support/temp_folder.hpp"

namespace freshet::test {

/// The compilers that bad plugins were built by.
inline std::vector<std::string> bad_plugin_families() {
  std::vector<std::string> families;
  std::istringstream list(FRESHET_BAD_PLUGIN_FAMILIES);
  for (std::string family; std::getline(list, family, ',');) families.push_back(family);
  return families;
}

/// Ask for each once: to copy over a file that is loaded changes the code that runs.
class PluginFolder {
 public:
  /// A plugin of tests/plugins, copied here.
  std::filesystem::path bad(const std::string& family, const std::string& name) const {
    return copy(std::filesystem::path(FRESHET_BAD_PLUGINS) / family / (name + ".so"));
  }
  /// One that comes with Freshet, copied here.
  std::filesystem::path shipped(const std::string& name) const {
    return copy(std::filesystem::path(FRESHET_PLUGIN_DIR) / ("lib" + name + ".so"));
  }
  const TempFolder& folder() const { return folder_; }

 private:
  std::filesystem::path copy(const std::filesystem::path& from) const {
    const std::filesystem::path to = folder_.path() / from.filename();
    std::filesystem::copy_file(from, to);
    ::chmod(to.c_str(), 0755);
    return to;
  }
  TempFolder folder_;
};

}  // namespace freshet::test
