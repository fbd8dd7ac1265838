// CacheFixture: an invalidator on a hand-set clock, a stepped executor and a log that remembers. After every test its books are audited.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"
#include "support/audit.hpp"
#include "support/log_recorder.hpp"

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
    components.logger = log_;
    invalidator_.emplace(CacheInvalidator::from_yaml(yaml, components));
    return *invalidator_;
  }

  /// Moves time and runs what it made due.
  void pass(Duration span) {
    clock_->advance(span);
    executor_->run_ready();
  }
  /// The same in steps, so that the sweeper, and whatever it starts, has its turn at each of its intervals.
  void tick_through(Duration span) {
    const Instant end = clock_->now() + span;
    while (clock_->now() < end) pass(std::min<Duration>(100ms, end - clock_->now()));
  }
  /// A statistic over all namespaces.
  std::uint64_t total(std::uint64_t NamespaceStatistics::*metric) const {
    return invalidator_->stats().total.*metric;
  }

  std::shared_ptr<LogRecorder> log_ = std::make_shared<LogRecorder>();
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::shared_ptr<ManualExecutor> executor_ = std::make_shared<ManualExecutor>(clock_);
  std::optional<CacheInvalidator> invalidator_;
};

}  // namespace freshet::testing
