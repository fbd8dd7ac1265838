// What is open on this thread. Null costs one test of a thread-local word.
#pragma once

#include <memory>
#include <utility>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/detail/scopes.hpp"

namespace freshet::detail {

struct ScopesTag;

/// The thread's word: its innermost guard.
inline ScopesGuard*& innermost_scopes() noexcept {
  return rt::thread_local_value<ScopesGuard*, ScopesTag>();
}

/// What the calls of this thread stand in; null if in nothing.
inline const Scopes* open_scopes() noexcept {
  const ScopesGuard* const innermost = innermost_scopes();
  return innermost == nullptr ? nullptr : &innermost->scopes();
}

/// The same, to be handed on or added to.
inline Scopes copy_open_scopes() {
  const Scopes* const open = open_scopes();
  return open == nullptr ? Scopes{} : *open;
}

/// For a load: it reads for `capture`, or for nobody if that is null; the rest stays as it is.
inline Scopes scopes_of_load(std::shared_ptr<CaptureState> capture) {
  Scopes scopes = copy_open_scopes();
  scopes.capture = std::move(capture);
  return scopes;
}

}  // namespace freshet::detail
