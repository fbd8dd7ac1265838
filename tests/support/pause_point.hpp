// PausePoint: runs a test's own code at a named pause point of the library, on the thread that reached it.
//
// Needs FRESHET_PAUSE_POINTS (the presets that build tests define it). One at a time; the library must be quiet while it is
// set and reset.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "freshet/detail/runtime/runtime.hpp"

#ifndef FRESHET_PAUSE_POINTS
#error "staged races need a build with FRESHET_PAUSE_POINTS"
#endif

namespace freshet::testing {

class PausePoint {
 public:
  /// Runs `action` the first time that `point` is reached. What it does may reach the point again: it is not run twice.
  PausePoint(std::string_view point, std::function<void()> action) {
    active() = this;
    point_ = point;
    action_ = std::move(action);
    detail::rt::pause_hook.store(
        [](const char* reached) {
          PausePoint* self = active();
          if (self->point_ == reached && !self->reached_.exchange(true)) self->action_();
        },
        std::memory_order_release);
  }
  ~PausePoint() { detail::rt::pause_hook.store(nullptr, std::memory_order_release); }
  PausePoint(const PausePoint&) = delete;
  PausePoint& operator=(const PausePoint&) = delete;

  bool reached() const { return reached_; }

 private:
  static PausePoint*& active() {
    static PausePoint* point = nullptr;
    return point;
  }

  std::string_view point_;
  std::function<void()> action_;
  std::atomic<bool> reached_{false};
};

}  // namespace freshet::testing
