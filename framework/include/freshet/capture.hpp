// Capture: what a loader reads through Freshet becomes labels of the entry that it makes.
//
// On the loader's own thread this needs no word. A loader that reads on other threads hands them its Capture.
#pragma once

#include <memory>
#include <utility>

namespace freshet {

namespace detail {
class CaptureState;
}

/// While it lives, this thread reads for the load that the capture belongs to. Destroy it on the thread that made it, in
/// the reverse order of making.
class [[nodiscard]] CaptureScope {
 public:
  explicit CaptureScope(std::shared_ptr<detail::CaptureState> state) noexcept;
  ~CaptureScope();
  CaptureScope(const CaptureScope&) = delete;
  CaptureScope& operator=(const CaptureScope&) = delete;

 private:
  std::shared_ptr<detail::CaptureState> state_;
  detail::CaptureState* before_;
};

/// Belongs to one load. Freely copied and handed to other threads; reads after the load has ended count for nothing.
class Capture {
 public:
  explicit Capture(std::shared_ptr<detail::CaptureState> state) noexcept
      : state_(std::move(state)) {}

  CaptureScope enter() const noexcept { return CaptureScope(state_); }

 private:
  std::shared_ptr<detail::CaptureState> state_;
};

}  // namespace freshet
