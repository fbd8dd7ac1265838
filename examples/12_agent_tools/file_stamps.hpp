// FileStamps: which of the files and folders that were read look different now. Thread-safe.
//
// note() goes before the read. After it, a change that comes between the two would carry the new stamp and hide behind it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

class FileStamps {
 public:
  /// What is noted already stays: it is older, and so on the safe side.
  void note(const std::string& path) {
    const std::lock_guard lock(mutex_);
    stamps_.try_emplace(path, look(path));
  }

  /// Whoever calls it invalidates what was made of the path, then.
  void forget(const std::string& path) {
    const std::lock_guard lock(mutex_);
    stamps_.erase(path);
  }

  /// The paths that look different, which are forgotten.
  std::vector<std::string> take_changed() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> changed;
    for (auto it = stamps_.begin(); it != stamps_.end();) {
      if (look(it->first) == it->second) {
        ++it;
      } else {
        changed.push_back(it->first);
        it = stamps_.erase(it);
      }
    }
    return changed;
  }

 private:
  struct Stamp {
    std::uintmax_t size = 0;  // bytes of a file, entries of a folder
    std::filesystem::file_time_type written;
    bool operator==(const Stamp&) const = default;
  };

  static Stamp look(const std::filesystem::path& path) {
    std::error_code gone;  // what is not there has a stamp as well
    Stamp stamp;
    stamp.written = std::filesystem::last_write_time(path, gone);
    if (std::filesystem::is_directory(path, gone)) {
      const std::filesystem::directory_iterator entries(path, gone);
      stamp.size = static_cast<std::uintmax_t>(std::distance(begin(entries), end(entries)));
    } else {
      stamp.size = std::filesystem::file_size(path, gone);
    }
    return stamp;
  }

  std::mutex mutex_;
  std::map<std::string, Stamp> stamps_;
};
