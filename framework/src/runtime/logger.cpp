#include "freshet/logger.hpp"

#include <cstdio>

namespace freshet {
namespace {

class StderrLogger final : public Logger {
 public:
  void log(LogLevel level, std::string_view message) noexcept override {
    if (level < LogLevel::warning) return;
    const char* word = level == LogLevel::warning ? "warning" : "error";
    // One call, so that lines of several threads do not mix.
    std::fprintf(stderr, "freshet: %s: %.*s\n", word, static_cast<int>(message.size()),
                 message.data());
  }
};

class NullLogger final : public Logger {
 public:
  void log(LogLevel, std::string_view) noexcept override {}
};

}  // namespace

std::shared_ptr<Logger> make_stderr_logger() { return std::make_shared<StderrLogger>(); }
std::shared_ptr<Logger> make_null_logger() { return std::make_shared<NullLogger>(); }

}  // namespace freshet
