// run_process: starts a program, waits for it, and keeps what it wrote.
//
// Both streams are read while the program runs, so that it never waits for a full pipe. One that
// takes longer than the time-out is killed, and the call throws.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace freshet::test {

struct ProcessResult {
  int exit_code = -1;  // 128 + the signal's number if a signal ended it
  std::string out;
  std::string err;
};

namespace process_detail {

inline void check(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

class Pipe {
 public:
  Pipe() { check(::pipe2(ends_.data(), O_CLOEXEC) == 0 ? 0 : errno, "pipe2"); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(ends_[0]);
    close_writer();
  }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

inline pid_t spawn(const std::vector<std::string>& command, const Pipe& out, const Pipe& err) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  check(posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init");
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.writer(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.writer(), STDERR_FILENO);
  pid_t child = 0;
  const int error =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  check(error, arguments[0]);
  return child;
}

/// Appends what there is; false at the end of the stream.
inline bool read_some(int descriptor, std::string& to) {
  std::array<char, 4096> bytes;
  const ssize_t count = ::read(descriptor, bytes.data(), bytes.size());
  if (count > 0) to.append(bytes.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

/// Reads both streams to their ends. False if that took longer than allowed.
inline bool drain(const Pipe& out, const Pipe& err, ProcessResult& result,
                  std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::array<pollfd, 2> polled{pollfd{out.reader(), POLLIN, 0}, pollfd{err.reader(), POLLIN, 0}};
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (::poll(polled.data(), polled.size(), static_cast<int>(left.count())) <= 0) continue;
    if (polled[0].revents != 0 && !read_some(polled[0].fd, result.out)) polled[0].fd = -1;
    if (polled[1].revents != 0 && !read_some(polled[1].fd, result.err)) polled[1].fd = -1;
  }
  return true;
}

inline int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) check(errno, "waitpid");
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace process_detail

/// `command`: the program, looked up in PATH, and its arguments.
inline ProcessResult run_process(const std::vector<std::string>& command,
                                 std::chrono::milliseconds timeout = std::chrono::minutes(2)) {
  process_detail::Pipe out;
  process_detail::Pipe err;
  const pid_t child = process_detail::spawn(command, out, err);
  out.close_writer();
  err.close_writer();
  ProcessResult result;
  const bool ended = process_detail::drain(out, err, result, timeout);
  if (!ended) ::kill(child, SIGKILL);
  result.exit_code = process_detail::wait_for(child);
  if (!ended)
    throw std::runtime_error(command[0] + " took too long; it wrote: " + result.out + result.err);
  return result;
}

}  // namespace freshet::test
