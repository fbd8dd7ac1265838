// BlockHost: what the strategy of one block may ask for.
//
// A host serves one strategy and has three states. A strategy is attached before it is in force, and a reload may yet be
// refused: until go_live() its timers and limits are only noted. retire() ends its timers, and its word on limits.
//
//   preparing   go_live() -> live      live   retire() -> retired
//
// Thread-safe. Belongs to the strategy's BlockPolicy, and outlives the strategy.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/logger.hpp"
#include "freshet/strategy.hpp"
#include "refresh/background_work.hpp"

namespace freshet::detail {

class Engine;
class PolicyBlock;
struct BlockPolicy;

class BlockHost final : public StrategyHost {
 public:
  /// `strategy` is what log lines call it.
  BlockHost(PolicyBlock& block, std::string strategy, Engine& engine, BackgroundWork& work,
            Logger& logger) noexcept
      : block_(block),
        strategy_(std::move(strategy)),
        engine_(engine),
        work_(work),
        logger_(logger) {}

  /// `owner` is the policy that this belongs to; what the strategy asked for so far comes into force.
  void go_live(const std::shared_ptr<const BlockPolicy>& owner) FRESHET_EXCLUDES(mutex_);
  void retire() FRESHET_EXCLUDES(mutex_);

  void start_timer(TimerId timer, Duration delay) override FRESHET_EXCLUDES(mutex_);
  void request_refresh(std::string_view name_space, std::string_view key) override;
  std::vector<HotKey> hot_keys(std::size_t count) override;
  void limit_refreshes(const RefreshLimits& limits) override FRESHET_EXCLUDES(mutex_);
  void log(LogLevel level, std::string_view message) noexcept override;

 private:
  enum class State : std::uint8_t { preparing, live, retired };

  /// Whether this start of the timer still counts.
  bool is_due(TimerId timer, std::uint64_t start) FRESHET_EXCLUDES(mutex_);

  PolicyBlock& block_;
  const std::string strategy_;
  Engine& engine_;
  BackgroundWork& work_;
  Logger& logger_;
  rt::Mutex mutex_;
  State state_ FRESHET_GUARDED_BY(mutex_) = State::preparing;
  std::weak_ptr<const BlockPolicy> owner_ FRESHET_GUARDED_BY(mutex_);
  RefreshLimits limits_ FRESHET_GUARDED_BY(mutex_){};
  std::vector<std::pair<TimerId, Duration>> noted_ FRESHET_GUARDED_BY(mutex_);  // while preparing
  // The newest start of each timer; an older one that comes is void.
  std::unordered_map<TimerId, std::uint64_t> starts_ FRESHET_GUARDED_BY(mutex_);
};

}  // namespace freshet::detail
