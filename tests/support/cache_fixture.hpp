// CacheFixture: an invalidator on a hand-set clock and a stepped executor. After every test its books are audited.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string_view>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"
#include "support/audit.hpp"

namespace freshet::testing {

using namespace std::chrono_literals;

class CacheFixture : public ::testing::Test {
 protected:
  void TearDown() override {
    if (invalidator_) audit(*invalidator_);
  }

  /// The policy of this test. Called once per fixture as a rule; a second call replaces the invalidator.
  CacheInvalidator& use(std::string_view yaml) {
    Components components;
    components.clock = clock_;
    components.executor = executor_;
    components.random = make_random_source(1);
    invalidator_.emplace(CacheInvalidator::from_yaml(yaml, components));
    return *invalidator_;
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::shared_ptr<ManualExecutor> executor_ = std::make_shared<ManualExecutor>(clock_);
  std::optional<CacheInvalidator> invalidator_;
};

}  // namespace freshet::testing
