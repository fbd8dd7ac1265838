// BlockPolicy: what a reload may replace of a policy block: its strategy, its templates, its options.
//
// Made whole, then attached, then put in place (PolicyBlock::install); never changed afterwards. Whoever uses it shares it, so
// that a strategy that was replaced goes with the last call that is in it. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/block_host.hpp"
#include "cache/guarded_strategy.hpp"
#include "config/policy_model.hpp"
#include "freshet/policy.hpp"
#include "strategy/key_template.hpp"

namespace freshet::detail {

struct BlockPolicy {
  /// Throws what a strategy throws when it is made.
  BlockPolicy(const config::BlockModel& model, const StrategyCollaborators& collaborators,
              std::unique_ptr<BlockHost> block_host);

  const std::string strategy_name;
  const BlockOptions options;
  const std::optional<KeyTemplate> key;
  const std::vector<TagTemplate> tags;
  const std::unique_ptr<BlockHost> host;  // before the strategies, which may use it until they go
  const BlockStrategies strategies;
};

}  // namespace freshet::detail
