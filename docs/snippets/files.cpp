// What docs/guides/results-made-of-files.md calls the wrong way. It runs and judges itself: the race is there.
#include <fmt/core.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

struct File {
  std::string text;
  int written = 0;
};

/// `meanwhile` runs once, between a read and its answer.
struct Files {
  std::string read(const std::string& path) {
    const std::string text = files[path].text;
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return text;
  }
  int last_write(const std::string& path) { return files[path].written; }
  void write(const std::string& path, const std::string& text) {
    files[path] = {text, files[path].written + 1};
  }
  std::map<std::string, File> files;
  std::function<void()> meanwhile;
};

struct Result {
  std::string text;
  int made_of = 0;
};

}  // namespace

int main() {
  Files disk;
  std::map<std::string, Result> cache;
  // [by_hand]
  const auto read_file = [&](const std::string& path) {
    const auto cached = cache.find(path);
    if (cached != cache.end() && cached->second.made_of == disk.last_write(path))
      return cached->second.text;  // the file is as it was
    std::string text = disk.read(path);
    cache[path] = {text, disk.last_write(path)};
    return text;
  };
  // [/by_hand]
  disk.write("main.py", "import ducks");
  disk.meanwhile = [&] { disk.write("main.py", "import geese"); };
  read_file("main.py");
  require(read_file("main.py") == "import ducks", "by hand, old text has the new stamp");
  return 0;
}
