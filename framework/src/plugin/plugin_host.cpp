#include "plugin/plugin_host.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace freshet::plugin {
namespace {

constexpr std::size_t kMaxHotKeys = 10'000;
constexpr std::size_t kMaxLogBytes = 4096;

/// Nothing may throw into a plugin: what cannot be done for want of memory is left.
template <class Call>
void guarded(Call call) noexcept {
  try {
    call();
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

LogLevel level_of(std::int32_t level) noexcept {
  if (level <= FRESHET_LOG_DEBUG) return LogLevel::debug;
  if (level >= FRESHET_LOG_ERROR) return LogLevel::error;
  return level == FRESHET_LOG_INFO ? LogLevel::info : LogLevel::warning;
}

freshet_hot_key_v1 to_c(const HotKey& key) noexcept {
  return {sizeof(freshet_hot_key_v1),
          0,
          key.name_space.data(),
          key.name_space.size(),
          key.key.data(),
          key.key.size(),
          key.accesses,
          key.error};
}

}  // namespace

PluginHost::PluginHost(std::string name, Clock& clock, RandomSource& random)
    : name_(std::move(name)), clock_(clock), random_(random), table_(make_table(this)) {}

freshet_host_v1 PluginHost::make_table(PluginHost* self) noexcept {
  freshet_host_v1 table{};
  table.struct_size = sizeof table;
  table.abi_major = FRESHET_ABI_MAJOR;
  table.abi_minor = FRESHET_ABI_MINOR;
  table.host = self;
  table.now_ns = [](void* host) -> std::int64_t {
    return of(host).clock_.now().time_since_epoch().count();
  };
  table.random_bits = [](void* host) -> std::uint64_t { return of(host).random_.next(); };
  table.start_timer = [](void* host, std::uint32_t timer, std::int64_t delay) {
    guarded([&] { of(host).start_timer(timer, Duration(std::max<std::int64_t>(delay, 0))); });
  };
  table.request_refresh = [](void* host, const char* space, std::size_t space_size, const char* key,
                             std::size_t key_size) {
    guarded([&] {
      if (StrategyHost* strategy_host = of(host).attached())
        strategy_host->request_refresh({space, space_size}, {key, key_size});
    });
  };
  table.hot_keys = [](void* host, std::size_t count, void (*each)(void*, const freshet_hot_key_v1*),
                      void* context) {
    std::size_t told = 0;
    guarded([&] {
      StrategyHost* strategy_host = of(host).attached();
      if (strategy_host == nullptr || each == nullptr) return;
      for (const HotKey& key : strategy_host->hot_keys(std::min(count, kMaxHotKeys))) {
        const freshet_hot_key_v1 shown = to_c(key);
        each(context, &shown);
        ++told;
      }
    });
    return told;
  };
  table.count = [](void* host, const char* counter, std::size_t size, std::uint64_t add) {
    guarded([&] { of(host).count({counter, std::min(size, kMaxStrategyCounterBytes)}, add); });
  };
  table.log = [](void* host, std::int32_t level, const char* message, std::size_t size) {
    of(host).log(level_of(level), {message, std::min(size, kMaxLogBytes)});
  };
  return table;
}

void PluginHost::attach(StrategyHost& host) {
  std::vector<std::pair<TimerId, Duration>> timers;
  {
    detail::rt::Lock lock(mutex_);
    host_.store(&host, std::memory_order_release);
    timers.swap(early_timers_);
  }
  for (const auto& [timer, delay] : timers) host.start_timer(timer, delay);
}

void PluginHost::start_timer(TimerId timer, Duration delay) {
  {
    detail::rt::Lock lock(mutex_);
    if (attached() == nullptr) {
      const auto at = std::find_if(early_timers_.begin(), early_timers_.end(),
                                   [timer](const auto& early) { return early.first == timer; });
      if (at != early_timers_.end()) {
        at->second = delay;
      } else if (early_timers_.size() < kMaxEarlyTimers) {
        early_timers_.emplace_back(timer, delay);
      }
      return;
    }
  }
  attached()->start_timer(timer, delay);
}

void PluginHost::count(std::string_view counter, std::uint64_t add) {
  detail::rt::Lock lock(mutex_);
  const auto at = counters_.find(counter);
  if (at != counters_.end()) {
    at->second += add;
  } else if (counters_.size() < kMaxCounters) {
    counters_.emplace(counter, add);
  }
}

void PluginHost::log(LogLevel level, std::string_view message) const noexcept {
  guarded([&] {
    if (StrategyHost* host = attached())
      host->log(level, fmt::format("plugin {}: {}", name_, message));
  });
}

std::vector<StrategyCounter> PluginHost::counters() const {
  detail::rt::Lock lock(mutex_);
  std::vector<StrategyCounter> counters;
  for (const auto& [name, value] : counters_) counters.push_back({name, value});
  return counters;
}

}  // namespace freshet::plugin
