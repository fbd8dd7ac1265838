// EngineAccess: what our own tests see of an invalidator's inside.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "cache/engine.hpp"
#include "freshet/cache_invalidator.hpp"

namespace freshet::testing {

struct EngineAccess {
  /// An invalidator without reading its policy again.
  static CacheInvalidator make(const config::PolicyModel& policy, Components components) {
    return CacheInvalidator(std::make_shared<detail::Engine>(policy, std::move(components)));
  }
  static detail::Engine& engine(CacheInvalidator& invalidator) { return *invalidator.engine_; }
  static std::vector<std::unique_ptr<detail::PolicyBlock>>& blocks(CacheInvalidator& invalidator) {
    return invalidator.engine_->blocks_;
  }
  static detail::Freshness& freshness(CacheInvalidator& invalidator) {
    return invalidator.engine_->freshness();
  }
};

}  // namespace freshet::testing
