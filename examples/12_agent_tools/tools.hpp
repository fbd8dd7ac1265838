// Tools of an agent in a folder of files, with their results kept per session: run again only when it could say something else.
#pragma once

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "file_stamps.hpp"
#include "freshet/freshet.hpp"

class Tools {
 public:
  Tools(freshet::CacheInvalidator invalidator, std::string folder)
      : invalidator_(std::move(invalidator)), folder_(std::move(folder)) {}

  // [reads]
  auto read_file(const std::string& session, const std::string& name) {
    const std::string path = folder_ + "/" + name;
    return results_.scoped(session).get_or_load("read_file:" + name, [&] { return read(path); },
                                                {.depends_on = {path}});
  }
  auto grep(const std::string& session, const std::string& word) {
    const auto run = [&](freshet::LoadContext& load) {
      std::set<std::string> found;
      stamps_.note(folder_);
      for (const auto& file : std::filesystem::directory_iterator(folder_)) {
        load.depends_on(file.path());
        if (read(file.path()).find(word) != std::string::npos) found.insert(file.path().filename());
      }
      return fmt::format("{}", fmt::join(found, " "));
    };
    return results_.scoped(session).get_or_load("grep:" + word, run, {.depends_on = {folder_}});
  }
  // [/reads]

  // [writes]
  std::uint64_t write_file(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    const bool created = !std::filesystem::exists(path);
    std::ofstream(path) << text;
    return changed(path) + (created ? changed(folder_) : 0);
  }
  std::uint64_t look_for_changes() {
    std::uint64_t stale = 0;
    for (const std::string& path : stamps_.take_changed()) stale += changed(path);
    return stale;
  }
  std::uint64_t end(const std::string& session) {
    return invalidator_.emit("session_ended", {{"session", session}}).invalidated.count;
  }
  // [/writes]

 private:
  // [private]
  std::string read(const std::string& path) {
    stamps_.note(path);  // before it is opened
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::uint64_t changed(const std::string& path) {
    stamps_.forget(path);  // whoever reads it from here on notes what it looks like now
    return invalidator_.emit("path_changed", {{"path", path}}).invalidated.count;
  }
  // [/private]

  freshet::CacheInvalidator invalidator_;
  std::string folder_;
  freshet::Cache<std::string> results_ = invalidator_.cache<std::string>("tools");
  FileStamps stamps_;
};
