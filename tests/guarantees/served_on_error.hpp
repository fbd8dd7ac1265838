// ServedOnError: for how long something may be served that was expired, to whoever would get the exception of a failed load.
//
// An expiry took place before its call had ended, so whoever asks later than the allowance after that must not be served what
// the call surely hit. That what was removed is served to nobody, the floors of the checker say; and they say it for the moment
// at which the load had failed, where the reader made it itself: the old value is looked for after that.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "guarantees/history.hpp"

namespace freshet::testing::history {

/// Whether a read was served by the allowance for loads that failed, or were late.
inline bool is_on_error(const Operation& read) noexcept {
  return read.staleness == Staleness::load_failed || read.staleness == Staleness::load_late;
}

inline bool may_be_stale(const Terms& terms, const Operation& read) noexcept {
  if (read.staleness == Staleness::load_late && terms.soft_timeout == 0) return false;
  return is_on_error(read) ? terms.stale_if_error != 0 : terms.serves_stale;
}

class ServedOnError {
 public:
  /// A call has ended.
  void note_call(const History& history, const Operation& call, const Reach& reach) {
    if (call.mode == Mode::remove && history.terms.soft_timeout == 0) return;
    auto& calls = call.mode == Mode::expire ? expired_ : removed_;
    for (int key = 0; key < kKeys; ++key) {
      if (has(reach.surely, key)) calls[key].push_back({call.start, call.clock_end});
    }
  }

  /// Whether a value that was served because a load was late had been removed when the time-out came: the old value is looked for
  /// after that, so by a call that had ended before, and had begun after the value was read from the origin.
  bool removed_in_time(const History& history, const Operation& read, const Made& value) const {
    const std::vector<Expiry>& removed = removed_[read.key];
    return std::any_of(removed.begin(), removed.end(), [&](const Expiry& removal) {
      return value.read_at < removal.start &&
             removal.ended < read.clock + history.terms.soft_timeout;
    });
  }

  /// Whether a value was expired too long ago when a read of it began: by a call that had ended, and had begun after the value was
  /// read from the origin.
  bool expired_too_long(const History& history, const Operation& read, const Made& value) const {
    const std::vector<Expiry>& expired = expired_[read.key];
    return std::any_of(expired.begin(), expired.end(), [&](const Expiry& expiry) {
      return value.read_at < expiry.start &&
             read.clock >= expiry.ended + history.terms.stale_if_error;
    });
  }

  /// A load has ended without a value, when whatever is older than `floor` had been removed.
  void note_failure(const Operation& load, Stamp floor) {
    if (load.asked_at != 0) failed_[load.key].push_back({load.asked_at, floor});
  }
  /// Below which everything had been removed when the load of this reader failed; zero if it made none.
  Stamp floor_at_failure(const Operation& read) const {
    const std::vector<Failure>& failed = failed_[read.key];
    const auto own = std::find_if(failed.begin(), failed.end(), [&](const Failure& failure) {
      return failure.asked_at == read.start;
    });
    return own == failed.end() ? 0 : own->floor;
  }

 private:
  struct Failure {
    Stamp asked_at = 0;
    Stamp floor = 0;
  };
  struct Expiry {
    Stamp start = 0;
    std::int64_t ended = 0;  // nanoseconds of the clock
  };
  std::array<std::vector<Expiry>, kKeys> expired_{};
  std::array<std::vector<Expiry>, kKeys> removed_{};
  std::array<std::vector<Failure>, kKeys> failed_{};
};

}  // namespace freshet::testing::history
