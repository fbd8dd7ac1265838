// RedisServer: a redis-server of its own on a socket in a temporary folder, and a connection to it. For comparisons.
//
// Nothing is written to disk. Neither hiredis nor redis-server need be there: why() says what is missing.
#pragma once

#ifdef FRESHET_BENCH_HIREDIS
#include <hiredis/hiredis.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#endif

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::bench {

#ifdef FRESHET_BENCH_HIREDIS

class RedisServer {
 public:
  RedisServer() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "freshet-redis-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return;
    folder_ = pattern;
    const std::string socket = (folder_ / "socket").string();
    std::vector<std::string> words{"redis-server",
                                   "--port",
                                   "0",
                                   "--unixsocket",
                                   socket,
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no",
                                   "--dir",
                                   folder_.string(),
                                   "--logfile",
                                   "redis.log",
                                   "--daemonize",
                                   "no"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (::posix_spawnp(&process_, "redis-server", nullptr, nullptr, arguments.data(), environ) !=
        0) {
      process_ = 0;
      return;
    }
    for (int attempt = 0; attempt < 500 && !connect(socket); ++attempt)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  ~RedisServer() {
    if (connection_ != nullptr) ::redisFree(connection_);
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// Why there is none; empty if there is one.
  std::string why() const {
    if (process_ == 0) return "no redis-server here";
    return connection_ == nullptr ? "redis-server did not answer" : "";
  }

  /// A reply: its text, or the texts of its elements, those of elements in it included.
  std::vector<std::string> call(const std::vector<std::string>& words) {
    append(words);
    return reply();
  }

  /// Sends without waiting for the reply, which reply() then takes.
  void append(const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    ::redisAppendCommandArgv(connection_, static_cast<int>(words.size()), texts.data(),
                             sizes.data());
  }

  std::vector<std::string> reply() {
    void* answer = nullptr;
    std::vector<std::string> texts;
    if (::redisGetReply(connection_, &answer) != REDIS_OK || answer == nullptr) return texts;
    take(*static_cast<redisReply*>(answer), texts);
    ::freeReplyObject(answer);
    return texts;
  }

 private:
  static void take(const redisReply& reply, std::vector<std::string>& texts) {
    if (reply.str != nullptr) texts.emplace_back(reply.str, reply.len);
    for (std::size_t i = 0; i < reply.elements; ++i) take(*reply.element[i], texts);
  }

  bool connect(const std::string& socket) {
    connection_ = ::redisConnectUnix(socket.c_str());
    if (connection_ != nullptr && connection_->err == 0 && !call({"PING"}).empty()) return true;
    if (connection_ != nullptr) ::redisFree(connection_);
    connection_ = nullptr;
    return false;
  }

  std::filesystem::path folder_;
  pid_t process_ = 0;
  redisContext* connection_ = nullptr;
};

#else

class RedisServer {
 public:
  std::string why() const { return "built without hiredis (libhiredis-dev)"; }
  std::vector<std::string> call(const std::vector<std::string>&) { return {}; }
  void append(const std::vector<std::string>&) {}
  std::vector<std::string> reply() { return {}; }
};

#endif

}  // namespace freshet::bench
