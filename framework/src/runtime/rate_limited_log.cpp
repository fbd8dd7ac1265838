#include "runtime/rate_limited_log.hpp"

#include <fmt/format.h>

namespace freshet::detail {

void RateLimitedLog::warn(std::string_view message) noexcept {
  std::uint64_t held_back = 0;
  {
    rt::Lock lock(mutex_);
    const Instant now = clock_->now();
    if (lines_ == 0 || now >= later(window_began_, kWindow)) {
      window_began_ = now;
      lines_ = 0;
      held_back = std::exchange(held_back_, 0);
    }
    if (++lines_ > kLines) {
      ++held_back_;
      return;
    }
  }
  logger_->log(LogLevel::warning, message);
  if (held_back == 0) return;
  fmt::basic_memory_buffer<char, 64> text;
  fmt::format_to(std::back_inserter(text), "{} more warnings were not shown", held_back);
  logger_->log(LogLevel::warning, {text.data(), text.size()});
}

}  // namespace freshet::detail
