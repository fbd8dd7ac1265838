// EngineAccess: what our own tests see of an invalidator's inside.
#pragma once

#include <memory>
#include <vector>

#include "cache/engine.hpp"
#include "freshet/cache_invalidator.hpp"

namespace freshet::testing {

struct EngineAccess {
  static detail::Engine& engine(CacheInvalidator& invalidator) { return *invalidator.engine_; }
  static std::vector<std::unique_ptr<detail::PolicyBlock>>& blocks(CacheInvalidator& invalidator) {
    return invalidator.engine_->blocks_;
  }
  static detail::Freshness& freshness(CacheInvalidator& invalidator) {
    return invalidator.engine_->freshness();
  }
};

}  // namespace freshet::testing
