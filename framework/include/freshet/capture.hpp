// Capture: what a loader reads through Freshet becomes labels of the entry that it makes.
//
// On the loader's own thread this needs no word. A loader that reads on other threads hands them its Capture.
#pragma once

#include <memory>
#include <utility>

#include "freshet/detail/scopes.hpp"

namespace freshet {

/// While it lives, this thread reads for the load that the capture belongs to. Destroy it on the thread that made it, in
/// the reverse order of making.
class [[nodiscard]] CaptureScope {
 public:
  explicit CaptureScope(detail::Scopes scopes) noexcept : guard_(std::move(scopes)) {}

 private:
  detail::ScopesGuard guard_;
};

/// Belongs to one load. Freely copied and handed to other threads, with the request context, bypass and transaction that
/// the load stands in; reads after the load has ended count for nothing.
class Capture {
 public:
  /// With what else is open on this thread.
  explicit Capture(std::shared_ptr<detail::CaptureState> state) noexcept;

  CaptureScope enter() const noexcept { return CaptureScope(scopes_); }

  /// With what is open on this thread if it reads for the load; otherwise as it is.
  Capture here() const noexcept;

 private:
  explicit Capture(detail::Scopes scopes) noexcept : scopes_(std::move(scopes)) {}

  detail::Scopes scopes_;
};

}  // namespace freshet
