// Order: when a write invalidates what it makes stale.
#pragma once

#include <cstdint>

namespace freshet {

/// Whichever it is, an invalidation after the write also follows a write that throws: what it had done by then counts.
enum class Order : std::uint8_t {
  /// Before the write, and again after it. Nothing loaded before or during the write is kept and served after its end.
  around,
  /// Only before. A load that begins during the write may read the old value, which then stays. For writes that make a second
  /// call of their own when they are done, such as one that only queues the change.
  before,
  /// Only after. Like `around` once the write has ended; while it runs, what was cached before is served.
  after
};

}  // namespace freshet
