#include "plugin/child_trial.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::plugin {
namespace {

// What goes through the pipe: records of a letter, a text and a zero.
constexpr char kStage = 'S';
constexpr char kResult = 'R';

/// As far as it goes: whoever reads it may be gone.
void write_record(int pipe, char kind, std::string_view text) {
  std::string record(1, kind);
  for (const char c : text.substr(0, 4096)) record += c == '\0' ? ' ' : c;
  record += '\0';
  for (std::size_t at = 0; at < record.size();) {
    const ssize_t count = ::write(pipe, record.data() + at, record.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    at += static_cast<std::size_t>(count);
  }
}

[[noreturn]] void run_child(int pipe, const std::function<std::string(const Stage&)>& trial) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(SIGPIPE, SIG_IGN);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (nowhere >= 0) ::dup2(nowhere, stream);
  }
  std::string problem;
  try {
    problem = trial([pipe](std::string_view stage) { write_record(pipe, kStage, stage); });
  } catch (const std::exception& error) {
    problem = error.what();
  } catch (...) {
    problem = "it threw something that is no std::exception";
  }
  write_record(pipe, kResult, problem);
  ::_exit(0);
}

/// What the parent has read so far.
struct Heard {
  std::string bytes{};
  std::string stage = "was tried";
  std::optional<std::string> result{};

  void take_records() {
    for (std::size_t end = bytes.find('\0'); end != std::string::npos; end = bytes.find('\0')) {
      const std::string text = bytes.substr(1, end - 1);
      if (bytes.front() == kStage) stage = text;
      if (bytes.front() == kResult) result = text;
      bytes.erase(0, end + 1);
    }
  }
};

/// Reads until the result, the end of the pipe or the limit. False for the limit.
bool listen(int pipe, Duration limit, Heard& heard) {
  const std::int64_t deadline = detail::rt::boot_time_ns() + limit.count();
  while (!heard.result) {
    const std::int64_t left = deadline - detail::rt::boot_time_ns();
    if (left <= 0) return false;
    pollfd polled{pipe, POLLIN, 0};
    const int ready = ::poll(&polled, 1, static_cast<int>(left / 1'000'000 + 1));
    if (ready < 0 && errno != EINTR) return true;
    if (ready <= 0) continue;
    std::array<char, 4096> bytes;
    const ssize_t count = ::read(pipe, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    heard.bytes.append(bytes.data(), static_cast<std::size_t>(count));
    heard.take_records();
  }
  return true;
}

std::string end_of(int status) {
  if (!WIFSIGNALED(status))
    return fmt::format("it ended the process with exit code {}", WEXITSTATUS(status));
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return fmt::format("it crashed with signal {} (SIG{})", WTERMSIG(status),
                     name == nullptr ? "?" : name);
}

}  // namespace

std::optional<std::string> try_in_child(Duration limit,
                                        const std::function<std::string(const Stage&)>& trial) {
  std::array<int, 2> pipe{-1, -1};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    return fmt::format("it could not be tried: pipe: {}", std::strerror(errno));
  const pid_t child = ::fork();
  if (child == 0) run_child(pipe[1], trial);
  const int fork_error = errno;
  ::close(pipe[1]);
  if (child < 0) {
    ::close(pipe[0]);
    return fmt::format("it could not be tried: fork: {}", std::strerror(fork_error));
  }
  Heard heard;
  const bool in_time = listen(pipe[0], limit, heard);
  ::close(pipe[0]);
  if (!heard.result) ::kill(child, SIGKILL);  // hung, or dead already
  int status = 0;
  pid_t waited = 0;
  while ((waited = ::waitpid(child, &status, 0)) < 0 && errno == EINTR) {
  }
  if (heard.result)
    return heard.result->empty() ? std::nullopt : std::optional<std::string>(heard.result);
  if (!in_time) {
    return fmt::format("it took longer than {} ms while it {}, in a trial in a process of its own",
                       limit.count() / 1'000'000, heard.stage);
  }
  return fmt::format("{} while it {}, in a trial in a process of its own",
                     waited < 0 ? "it ended the process" : end_of(status), heard.stage);
}

}  // namespace freshet::plugin
