// CaptureState: what one load has read through Freshet so far.
//
// Belongs to the load; threads that read for it find it among their open scopes (runtime/open_scopes.hpp). The key's label is taken
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
  /// What a load has read, for whoever makes its entry.
  struct Captured {
    std::vector<LabelRef> labels{};
    Instant hard = kNever;  // the nearest hard deadline
    bool stale = false;     // something stale was read
    bool dirty =
        false;  // something was read in a transaction: nobody else may have what is made of it
  };

  /// Without labels it notes only what is dirty, for a load that captures nothing.
  explicit CaptureState(bool notes_labels = true) noexcept : notes_labels_(notes_labels) {}

  bool notes_labels() const noexcept { return notes_labels_; }
  void note_key(LabelRef key) FRESHET_EXCLUDES(mutex_);
  void note(const Reading& reading) FRESHET_EXCLUDES(mutex_);
  void note_dirty() FRESHET_EXCLUDES(mutex_);

  /// Ends the capture: what is read later counts for nothing.
  Captured take() FRESHET_EXCLUDES(mutex_);

 private:
  const bool notes_labels_;
  rt::Mutex mutex_;
  Captured captured_ FRESHET_GUARDED_BY(mutex_);
  bool open_ FRESHET_GUARDED_BY(mutex_) = true;
};

}  // namespace freshet::detail
