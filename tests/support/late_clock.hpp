// LateClock: a clock set by hand whose coarse reading is behind, as that of the system is by up to a tick of the kernel.
#pragma once

#include <chrono>
#include <memory>

#include "freshet/testing/manual_clock.hpp"

namespace freshet::testing {

class LateClock final : public Clock {
 public:
  explicit LateClock(std::shared_ptr<ManualClock> exact) noexcept : exact_(std::move(exact)) {}
  Instant now() const noexcept override { return exact_->now(); }
  Instant coarse_now() const noexcept override {
    return exact_->now() - std::chrono::milliseconds(4);
  }

 private:
  const std::shared_ptr<ManualClock> exact_;
};

}  // namespace freshet::testing
