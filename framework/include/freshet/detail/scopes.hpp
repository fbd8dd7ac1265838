// Scopes: what the calls of a thread stand in: the load they read for, a request context, a bypass, a transaction.
//
// A thread has one word, which points to the innermost guard, or is null: that word is all that a hit looks at. A guard holds
// everything that is open, its own scope and those around it, so that one copy hands all of it on to another thread.
#pragma once

#include <memory>
#include <utility>

namespace freshet::detail {

class BypassState;
class CaptureState;
class ContextState;
class TransactionState;

struct Scopes {
  std::shared_ptr<CaptureState> capture{};
  std::shared_ptr<const ContextState> context{};
  std::shared_ptr<const BypassState> bypass{};
  std::shared_ptr<TransactionState> transaction{};  // the innermost
};

/// Makes scopes those of this thread, in place of what was open, until it goes. Destroy it on the thread that made it, in the
/// reverse order of making.
class ScopesGuard {
 public:
  explicit ScopesGuard(Scopes scopes) noexcept;
  ~ScopesGuard();
  ScopesGuard(const ScopesGuard&) = delete;
  ScopesGuard& operator=(const ScopesGuard&) = delete;

  const Scopes& scopes() const noexcept { return scopes_; }

 private:
  Scopes scopes_;
  ScopesGuard* before_;
};

}  // namespace freshet::detail
