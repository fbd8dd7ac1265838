#include "cache/block_host.hpp"

#include <fmt/format.h>

#include "cache/engine.hpp"
#include "freshet/errors.hpp"

namespace freshet::detail {

void BlockHost::go_live(const std::shared_ptr<const BlockPolicy>& owner) {
  std::vector<std::pair<TimerId, Duration>> noted;
  {
    rt::Lock lock(mutex_);
    owner_ = owner;
    state_ = State::live;
    block_.budget().set_limits(limits_);
    noted.swap(noted_);
  }
  for (const auto& [timer, delay] : noted) start_timer(timer, delay);
}

void BlockHost::retire() {
  rt::Lock lock(mutex_);
  state_ = State::retired;
}

void BlockHost::start_timer(TimerId timer, Duration delay) {
  std::weak_ptr<const BlockPolicy> owner;
  std::uint64_t start = 0;
  {
    rt::Lock lock(mutex_);
    if (state_ == State::preparing) noted_.emplace_back(timer, delay);
    if (state_ != State::live) return;
    owner = owner_;
    start = ++starts_[timer];
  }
  // Weakly: a strategy that was replaced is not kept for a timer.
  work_.post_after(delay, [owner = std::move(owner), timer, start] {
    const auto policy = owner.lock();
    if (!policy || !policy->host->is_due(timer, start)) return;
    policy->strategies.whole->on_timer(timer, *policy->host);
  });
}

bool BlockHost::is_due(TimerId timer, std::uint64_t start) {
  rt::Lock lock(mutex_);
  return state_ == State::live && starts_[timer] == start;
}

void BlockHost::limit_refreshes(const RefreshLimits& limits) {
  rt::Lock lock(mutex_);
  limits_ = limits;
  if (state_ == State::live) block_.budget().set_limits(limits);
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
    logger_.log(level, fmt::format("{} ({}): {}", block_.name(), strategy_, message));
  } catch (...) {
    logger_.log(level, message);
  }
}

}  // namespace freshet::detail
