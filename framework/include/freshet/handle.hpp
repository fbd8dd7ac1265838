// Handle<T>: a value read from the cache, and where it came from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "freshet/clock.hpp"
#include "freshet/detail/entry_ref.hpp"

namespace freshet {

/// Where a value came from.
enum class Origin : std::uint8_t { none, l1, l2, loaded };

/// Whether a value was stale when it was served, and by which permission it was served all the same: a soft deadline, for the time
/// from there, or after an expiry, until the hard one; or stale_if_error, because a load had failed, or had not ended in time (load_timeout).
enum class Staleness : std::uint8_t { fresh, soft_deadline, expired, load_failed, load_late };

/// What a read says of the value that it serves.
struct Provenance {
  Origin origin{};
  Staleness staleness{};
  Duration age{};        // how long before the read the value was stored
  Duration remaining{};  // how long after the read the hard deadline was, as Handle::remaining

  bool stale() const noexcept { return staleness != Staleness::fresh; }
};

/// Shares ownership of a value, which never changes. Empty on a miss, and where the origin has nothing; then it shares what says so. May outlive the view, the entry's stay in the
/// cache and the invalidator. Different handles may be used on different threads; one handle is thread-compatible.
template <class T>
class Handle {
 public:
  Handle() noexcept = default;
  explicit Handle(detail::Reading reading) noexcept : reading_(std::move(reading)) {}

  explicit operator bool() const noexcept { return reading_.entry && !reading_.absent; }

  /// The value. Undefined on an empty handle.
  const T& operator*() const noexcept { return *static_cast<const T*>(reading_.entry->value()); }
  const T* operator->() const noexcept { return &**this; }
  const T* get() const noexcept { return *this ? &**this : nullptr; }

  /// Whether it is empty because a loader said that the origin has nothing under the key, just now or at most negative_ttl ago.
  bool absent() const noexcept { return reading_.absent; }

  Origin origin() const noexcept { return reading_.origin; }
  Staleness staleness() const noexcept { return reading_.staleness; }
  bool stale() const noexcept { return reading_.staleness != Staleness::fresh; }

  /// How long before the read the value was stored, or that there is none (absent). Zero for a miss or what was just loaded.
  Duration age() const noexcept {
    if (!reading_.entry) return Duration{};
    return std::max(reading_.read_at - reading_.entry->stored_at(), Duration{});
  }

  /// How long after the read the hard deadline was. Duration::max() if there is none; negative where stale_if_error served a
  /// value past it. Where the origin has nothing: for how long that is kept, zero without a negative_ttl. Zero for a miss.
  Duration remaining() const noexcept {
    if (!reading_.entry) return Duration{};
    const Instant hard = reading_.entry->hard();
    return hard == kNever ? Duration::max() : hard - reading_.read_at;
  }

  /// All of that.
  Provenance provenance() const noexcept { return {origin(), staleness(), age(), remaining()}; }

 private:
  detail::Reading reading_;
};

}  // namespace freshet
