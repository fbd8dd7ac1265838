#include "runtime/open_scopes.hpp"

namespace freshet::detail {

ScopesGuard::ScopesGuard(Scopes scopes) noexcept
    : scopes_(std::move(scopes)), before_(std::exchange(innermost_scopes(), this)) {}

// Usually the innermost. One that goes out of order is taken out of the middle.
ScopesGuard::~ScopesGuard() {
  for (ScopesGuard** guard = &innermost_scopes(); *guard != nullptr; guard = &(*guard)->before_) {
    if (*guard != this) continue;
    *guard = before_;
    return;
  }
}

}  // namespace freshet::detail
