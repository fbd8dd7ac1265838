// Caffeine: a Java program beside this one, which is given tasks line by line, so that it takes turns with the others.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "peers/makers.hpp"
#include "peers/stream.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): as POSIX has it

namespace freshet::bench {
namespace {

/// A folder of its own below that for temporary files, gone with this.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "freshet-peers-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// The Java program, which ends when its input does.
class JavaProgram {
 public:
  JavaProgram() {
    const TemporaryFolder streams;
    write_streams(streams.path());
    int to_it[2];
    int from_it[2];
    if (::pipe2(to_it, O_CLOEXEC) != 0 || ::pipe2(from_it, O_CLOEXEC) != 0)
      throw std::runtime_error("no pipes");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, to_it[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, from_it[1], STDOUT_FILENO);
    std::string java = FRESHET_PEER_JAVA;
    std::string memory = "-Xmx3g";
    std::string path_option = "-cp";
    std::string path = FRESHET_PEER_CLASSES;
    std::string name = "CaffeinePeer";
    std::string folder = streams.path().string();
    char* const arguments[] = {java.data(), memory.data(), path_option.data(),
                               path.data(), name.data(),   folder.data(),
                               nullptr};
    const int failed =
        ::posix_spawn(&process_, java.c_str(), &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(to_it[0]);
    ::close(from_it[1]);
    tasks_ = ::fdopen(to_it[1], "w");
    answers_ = ::fdopen(from_it[0], "r");
    if (failed != 0) throw std::runtime_error("cannot start " + java);
    ask("close");  // once it answers, it has read the streams
  }
  JavaProgram(const JavaProgram&) = delete;
  JavaProgram& operator=(const JavaProgram&) = delete;
  ~JavaProgram() {
    std::fclose(tasks_);
    std::fclose(answers_);
    while (process_ > 0 && ::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  std::string ask(const std::string& task) {
    std::fputs((task + '\n').c_str(), tasks_);
    std::fflush(tasks_);
    char line[512];
    if (std::fgets(line, sizeof line, answers_) == nullptr)
      throw std::runtime_error("the Java program did not answer: " + task);
    return line;
  }

 private:
  pid_t process_ = 0;
  std::FILE* tasks_ = nullptr;
  std::FILE* answers_ = nullptr;
};

class CaffeineSubject final : public Subject {
 public:
  std::string_view name() const override { return "Caffeine"; }

  bool takes(Workload workload, unsigned threads) const override {
    if (workload == Workload::get_many || workload == Workload::singles) return false;
    return workload != Workload::erase || threads == 1;
  }

  void open(Workload workload) override { java().ask(fmt::format("open {}", name_of(workload))); }
  void close() override { java().ask("close"); }

  Measured measure(const Task& task) override {
    std::istringstream answer(
        java().ask(fmt::format("run {} {} {} {}", name_of(task.workload), task.threads,
                               task.seconds, task.timed ? 1 : 0)));
    Measured measured;
    for (double* const figure :
         {&measured.nanoseconds, &measured.wall_nanoseconds, &measured.clean_share,
          &measured.hit_ratio, &measured.p50, &measured.p99, &measured.p999}) {
      std::string word;
      answer >> word;
      *figure = std::strtod(word.c_str(), nullptr);
    }
    return measured;
  }

  double bytes_per_entry() override { return std::strtod(java().ask("memory").c_str(), nullptr); }

 private:
  JavaProgram& java() {
    if (!java_) java_ = std::make_unique<JavaProgram>();
    return *java_;
  }

  std::unique_ptr<JavaProgram> java_;
};

}  // namespace

std::unique_ptr<Subject> make_caffeine() { return std::make_unique<CaffeineSubject>(); }

}  // namespace freshet::bench
