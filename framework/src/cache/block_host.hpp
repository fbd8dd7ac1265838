// BlockHost: what the strategy of one block may ask for.
//
// Thread-safe. Belongs to the engine, and works until that is closed.
#pragma once

#include <string_view>
#include <vector>

#include "cache/policy_block.hpp"
#include "freshet/logger.hpp"
#include "refresh/background_work.hpp"

namespace freshet::detail {

class Engine;

class BlockHost final : public StrategyHost {
 public:
  BlockHost(PolicyBlock& block, Engine& engine, BackgroundWork& work, Logger& logger) noexcept
      : block_(block), engine_(engine), work_(work), logger_(logger) {}

  void start_timer(TimerId timer, Duration delay) override FRESHET_EXCLUDES(mutex_);
  void request_refresh(std::string_view name_space, std::string_view key) override;
  std::vector<HotKey> hot_keys(std::size_t count) override;
  void limit_refreshes(const RefreshLimits& limits) override { block_.budget().set_limits(limits); }
  void log(LogLevel level, std::string_view message) noexcept override;

 private:
  PolicyBlock& block_;
  Engine& engine_;
  BackgroundWork& work_;
  Logger& logger_;
  rt::Mutex mutex_;
  // The newest start of each timer; an older one that comes is void.
  std::unordered_map<TimerId, std::uint64_t> starts_ FRESHET_GUARDED_BY(mutex_);
};

}  // namespace freshet::detail
