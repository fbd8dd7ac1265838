// LogRecorder: a logger that keeps its lines.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/logger.hpp"

namespace freshet::testing {

/// Keeps every line, whatever its level. Thread-safe.
class LogRecorder final : public Logger {
 public:
  void log(LogLevel, std::string_view message) noexcept override {
    detail::rt::Lock lock(mutex_);
    lines_.emplace_back(message);
  }

  std::vector<std::string> lines() const {
    detail::rt::Lock lock(mutex_);
    return lines_;
  }

  /// How many lines have `part` in them.
  std::size_t count(std::string_view part) const {
    const std::vector<std::string> all = lines();
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(),
        [part](const std::string& line) { return line.find(part) != std::string::npos; }));
  }

  void clear() {
    detail::rt::Lock lock(mutex_);
    lines_.clear();
  }

 private:
  mutable detail::rt::Mutex mutex_;
  std::vector<std::string> lines_ FRESHET_GUARDED_BY(mutex_);
};

}  // namespace freshet::testing
