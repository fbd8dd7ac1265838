// ContextState and BypassState: what RequestContext and Bypass hand on. The labels never change; `ended` is for whoever enters
// late. Thread-safe.
#pragma once

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/request_context.hpp"

namespace freshet::detail {

class ContextState {
 public:
  explicit ContextState(ContextLabels labels) : labels_(std::move(labels)) {}

  /// Its own and those of the contexts around it.
  const ContextLabels& labels() const noexcept { return labels_; }

  // relaxed: who enters on another thread while it ends may or may not be told.
  void end() noexcept { ended_.store(true, std::memory_order_relaxed); }
  bool has_ended() const noexcept { return ended_.load(std::memory_order_relaxed); }

 private:
  const ContextLabels labels_;
  rt::Atomic<bool> ended_{false};
};

class BypassState {
 public:
  // relaxed: as above.
  void end() noexcept { ended_.store(true, std::memory_order_relaxed); }
  bool has_ended() const noexcept { return ended_.load(std::memory_order_relaxed); }

 private:
  rt::Atomic<bool> ended_{false};
};

}  // namespace freshet::detail
