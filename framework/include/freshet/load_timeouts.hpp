// LoadTimeouts: how long a call of get_or_load waits for a load, its own or another call's.
#pragma once

#include <chrono>

#include "freshet/clock.hpp"

namespace freshet {

/// Counted from the start of the call, by the cache's clock. Zero, or less: it waits for as long as it takes. Where one is set the
/// loader runs on Components::load_executor, may outlive the call, and fills the cache when it ends.
struct LoadTimeouts {
  static constexpr Duration kMost = std::chrono::hours{1};  // of a policy

  /// From then on the call is answered with the old value, if there is one that stale_if_error allows.
  Duration soft{};
  /// From then on likewise, and where there is no such value the call throws LoadTimeout.
  Duration hard{};

  bool any() const noexcept { return soft > Duration::zero() || hard > Duration::zero(); }
  friend bool operator==(const LoadTimeouts&, const LoadTimeouts&) = default;
};

}  // namespace freshet
