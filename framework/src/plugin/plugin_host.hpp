// PluginHost: what a plugin may ask for, as the table of functions that it gets.
//
// A strategy is made before it has a StrategyHost. Timers that a plugin starts in create() are
// started when there is one; hot keys are none and refreshes nothing until then.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/plugin_sdk/abi.h"
#include "freshet/random_source.hpp"
#include "freshet/strategy.hpp"

namespace freshet::plugin {

/// Thread-safe. Calls the StrategyHost with no lock held.
class PluginHost {
 public:
  static constexpr std::size_t kMaxCounters = kMaxStrategyCounters;
  static constexpr std::size_t kMaxEarlyTimers = 64;

  /// `clock` and `random` outlive this.
  PluginHost(std::string name, Clock& clock, RandomSource& random);
  PluginHost(const PluginHost&) = delete;
  PluginHost& operator=(const PluginHost&) = delete;

  const freshet_host_v1& table() const noexcept { return table_; }

  /// `host` outlives this. Starts the timers that were asked for.
  void attach(StrategyHost& host);

  /// With the plugin's name in front; nowhere as long as there is no StrategyHost.
  void log(LogLevel level, std::string_view message) const noexcept;

  /// Ordered by name.
  std::vector<StrategyCounter> counters() const;

 private:
  static PluginHost& of(void* host) noexcept { return *static_cast<PluginHost*>(host); }
  StrategyHost* attached() const noexcept { return host_.load(std::memory_order_acquire); }
  void start_timer(TimerId timer, Duration delay);
  void count(std::string_view counter, std::uint64_t add);
  static freshet_host_v1 make_table(PluginHost* self) noexcept;

  const std::string name_;
  Clock& clock_;
  RandomSource& random_;
  const freshet_host_v1 table_;
  detail::rt::Atomic<StrategyHost*> host_{nullptr};  // release in attach(), acquire in attached()
  mutable detail::rt::Mutex mutex_;
  std::vector<std::pair<TimerId, Duration>> early_timers_ FRESHET_GUARDED_BY(mutex_);
  std::map<std::string, std::uint64_t, std::less<>> counters_ FRESHET_GUARDED_BY(mutex_);
};

}  // namespace freshet::plugin
