// 12: what an agent's tools have found, kept for its session until a file that it was made of changes. The
// tool that writes says so; what others write is found by the size and time of the files.
#include <fmt/core.h>
#include <stdlib.h>  // mkdtemp is POSIX, not C++

#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "freshet/freshet.hpp"
#include "tools.hpp"

namespace {

/// A folder with two files, which goes when this does.
struct Project {
  Project() {
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder " + folder);
    write("main.py", "import ducks");
    write("util.py", "def feed(ducks)");
  }
  ~Project() { std::filesystem::remove_all(folder); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder + "/" + name) << text;
  }
  std::string folder = std::filesystem::temp_directory_path() / "agent-XXXXXX";
};

void run(const char* policy) {
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy);
  const Project project;
  Tools tools(invalidator, project.folder);
  const auto show = [](const char* call, const freshet::Handle<std::string>& result) {
    fmt::print("  {:<23} {:<19}{}\n", call, *result,
               result.origin() == freshet::Origin::loaded ? "ran" : "known");
  };
  const auto look = [&] {
    show("s1: read_file main.py", tools.read_file("s1", "main.py"));
    show("s1: grep duck", tools.grep("s1", "duck"));
    show("s2: grep duck", tools.grep("s2", "duck"));
  };
  fmt::print("two sessions at work\n");
  look();
  look();
  fmt::print("write_file geese.py: {} stale\n", tools.write_file("geese.py", "no such bird"));
  look();
  fmt::print("write_file util.py: {} stale\n", tools.write_file("util.py", "def feed(geese)"));
  look();
  fmt::print("nobody has written: {} stale\n", tools.look_for_changes());
  project.write("main.py", "import many geese");
  fmt::print("an editor has saved main.py: {} stale\n", tools.look_for_changes());
  look();
  fmt::print("s1 ends: {} stale\n", tools.end("s1"));
  look();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : EXAMPLE_DIR "/policy.yaml");
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
