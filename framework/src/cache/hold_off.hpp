// HoldOff: after an invalidation, values whose load begins too soon are not kept, for sources that lag (read replicas).
//
// Freshness knows no time. A load in a block with a hold-off is judged as if it had been born that much earlier: this keeps
// which revision was the newest at which time, and when a key of each stripe was last written.
// Costs nothing where no block has a hold-off. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "config/policy_model.hpp"
#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/revision.hpp"

namespace freshet::detail {

/// Of all blocks; zero if none has one.
Duration longest_hold_off(const config::PolicyModel& policy);

class HoldOff {
 public:
  /// `longest` is the longest hold-off of any block; zero for none.
  explicit HoldOff(Duration longest);

  bool enabled() const noexcept { return longest() > Duration::zero(); }

  /// Remembers for so long from here on; never less than before. What was invalidated too long ago to be remembered until now
  /// counts as invalidated now.
  void remember(Duration longest, Instant now, Revision revision) FRESHET_EXCLUDES(mutex_);

  /// Something was invalidated; call after the raise.
  void note(Instant now, Revision revision) FRESHET_EXCLUDES(mutex_);
  /// A key was written or invalidated.
  void note_key(std::uint64_t key_hash, Instant now) noexcept;

  /// The newest revision that was surely in force at `when`, or an older one.
  Revision revision_at(Instant when) const FRESHET_EXCLUDES(mutex_);
  /// Whether a key of the same stripe was written later than `when`.
  bool key_written_after(std::uint64_t key_hash, Instant when) const noexcept;

 private:
  using Stripes = std::unique_ptr<rt::Atomic<std::int64_t>[]>;
  // Of the longest hold-off: what is nearer together than one step is one point.
  static constexpr int kSteps = 256;

  struct Point {
    Instant at;
    Revision revision;
  };

  /// As if every key had been written at `at`.
  Stripes make_stripes(std::int64_t at) const;
  Duration longest() const noexcept { return Duration(longest_.load(std::memory_order_acquire)); }

  const std::size_t stripes_ = rt::stripes();
  // Nanoseconds; only grows. release in remember(), acquire in longest(): who sees it sees written_.
  rt::Atomic<std::int64_t> longest_{0};
  mutable rt::Mutex mutex_;
  std::deque<Point> points_ FRESHET_GUARDED_BY(mutex_);  // oldest first
  // Nanoseconds. relaxed: a load that begins after the write has returned is ordered after it by whoever ordered the two.
  // Made once, with the first hold-off.
  Stripes written_;
};

}  // namespace freshet::detail
