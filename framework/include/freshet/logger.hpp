// Logger: where the library says what nobody is there to catch. Injected.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace freshet {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Implementations are thread-safe and must not throw or call the cache.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void log(LogLevel level, std::string_view message) noexcept = 0;
};

/// Writes warnings and errors to standard error, a line each.
std::shared_ptr<Logger> make_stderr_logger();

/// Writes nothing.
std::shared_ptr<Logger> make_null_logger();

}  // namespace freshet
