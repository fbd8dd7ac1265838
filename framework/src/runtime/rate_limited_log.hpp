// RateLimitedLog: warnings that a storm cannot turn into a flood: kLines per kWindow, the rest counted and told with the next
// line that is let through. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/logger.hpp"

namespace freshet::detail {

class RateLimitedLog {
 public:
  static constexpr std::uint64_t kLines = 20;
  static constexpr Duration kWindow = std::chrono::seconds{10};

  RateLimitedLog(std::shared_ptr<const Clock> clock, std::shared_ptr<Logger> logger) noexcept
      : clock_(std::move(clock)), logger_(std::move(logger)) {}

  void warn(std::string_view message) noexcept FRESHET_EXCLUDES(mutex_);

 private:
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Logger> logger_;
  rt::Mutex mutex_;
  Instant window_began_ FRESHET_GUARDED_BY(mutex_){};
  std::uint64_t lines_ FRESHET_GUARDED_BY(mutex_) = 0;  // in this window, let through or not
  std::uint64_t held_back_ FRESHET_GUARDED_BY(mutex_) = 0;
};

}  // namespace freshet::detail
