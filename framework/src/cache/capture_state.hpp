// CaptureState: what one load has read through Freshet so far.
//
// Belongs to the load; threads that read for it find it through a thread-local word (CaptureScope). The key's label is taken
// before an entry is read, its labels after, and the load keeps its own birth: whatever is invalidated from then on refuses it.
// Thread-safe.
#pragma once

#include <vector>

#include "freshet/capture.hpp"
#include "freshet/clock.hpp"
#include "freshet/detail/entry_ref.hpp"
#include "freshness/label.hpp"

namespace freshet::detail {

class CaptureState {
 public:
  /// Of the load that this thread reads for; null if it reads for none.
  static CaptureState* current() noexcept { return slot(); }

  /// What a load has read, for whoever makes its entry.
  struct Captured {
    std::vector<LabelRef> labels{};
    Instant hard = kNever;  // the nearest hard deadline
    bool stale = false;     // something stale was read
  };

  void note_key(LabelRef key) FRESHET_EXCLUDES(mutex_);
  void note(const Reading& reading) FRESHET_EXCLUDES(mutex_);

  /// Ends the capture: what is read later counts for nothing.
  Captured take() FRESHET_EXCLUDES(mutex_);

 private:
  friend class freshet::CaptureScope;
  struct Slot;
  static CaptureState*& slot() noexcept;

  rt::Mutex mutex_;
  Captured captured_ FRESHET_GUARDED_BY(mutex_);
  bool open_ FRESHET_GUARDED_BY(mutex_) = true;
};

}  // namespace freshet::detail
