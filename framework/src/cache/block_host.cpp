#include "cache/block_host.hpp"

#include <fmt/format.h>

#include "cache/engine.hpp"
#include "freshet/errors.hpp"

namespace freshet::detail {

void BlockHost::start_timer(TimerId timer, Duration delay) {
  std::uint64_t start = 0;
  {
    rt::Lock lock(mutex_);
    start = ++starts_[timer];
  }
  work_.post_after(delay, [this, timer, start] {
    {
      rt::Lock lock(mutex_);
      if (starts_[timer] != start) return;
    }
    block_.strategy().on_timer(timer, *this);
  });
}

void BlockHost::request_refresh(std::string_view name_space, std::string_view key) {
  try {
    engine_.refresh(key, name_space);
  } catch (const Error& error) {  // a name that no block serves: the strategy's mistake
    log(LogLevel::warning, error.what());
  }
}

std::vector<HotKey> BlockHost::hot_keys(std::size_t count) { return block_.hot_keys().top(count); }

void BlockHost::log(LogLevel level, std::string_view message) noexcept {
  try {
    logger_.log(level, fmt::format("{} ({}): {}", block_.name(), block_.strategy_name(), message));
  } catch (...) {
    logger_.log(level, message);
  }
}

}  // namespace freshet::detail
