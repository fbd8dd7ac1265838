// Closing: how CacheInvalidator::close() ends, and what it says was left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/invalidation.hpp"

namespace freshet {

struct CloseOptions {
  /// How long to wait for loads and background work under way, together; zero or less: not at all; Duration::max(): for as long as
  /// it takes. By the cache's clock.
  Duration wait{};
  /// Tells the loads under way that nobody needs them any more (LoadContext::cancelled()), before it waits.
  bool cancel_loads = false;
};

/// Events of one name.
struct DroppedEvents {
  std::string event;
  std::uint64_t count = 0;

  friend bool operator==(const DroppedEvents&, const DroppedEvents&) = default;
};

/// Whether `warm: {last_run: …}` of the policy was written.
enum class LastRun : std::uint8_t {
  not_asked,  // the policy names no file, or an earlier close() has dealt with it
  nothing,    // nobody has read anything: what the run before has left stays
  saved,
  failed,  // logged and counted (hot_key_file_failures)
};

/// What close() left. A close after another one says what is left then. Plain data.
struct CloseReport {
  static constexpr std::size_t kMostNamed = 100;

  std::uint64_t loads = 0;         // that have begun and not ended; nothing that they make is kept
  std::vector<KeyName> loading{};  // their keys with their scopes, at most kMostNamed
  std::uint64_t tasks = 0;         // in the background, that still run
  std::uint64_t loads_not_begun =
      0;  // refreshes and other loads in the background that the executor had not come to
  std::uint64_t keys_not_loaded = 0;  // that were to be warm, or to be loaded after an invalidation
  /// Events that waited for a debounce, a batch or the end of their second, and what they would have done, dropped; by name.
  std::vector<DroppedEvents> events{};
  std::uint64_t entries = 0;   // let go
  std::uint64_t handlers = 0;  // calls of posted handlers that the executor has yet to come to
  std::uint64_t removals = 0;  // likewise of removal listeners
  LastRun last_run = LastRun::not_asked;
  /// It was called by a loader, by something that reads for one, or by something in the background, and waited for nothing: it could have waited for itself.
  bool from_inside = false;

  /// Whether nothing runs any more that uses the cache, and no event was dropped.
  bool clean() const noexcept { return loads == 0 && tasks == 0 && events.empty(); }
};

}  // namespace freshet
