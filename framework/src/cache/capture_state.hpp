// CaptureState: what one load has read through Freshet so far.
//
// Belongs to the load; threads that read for it find it among their open scopes (runtime/open_scopes.hpp). The key's label is taken
// before an entry is read, its labels after, and the load keeps its own birth: whatever is invalidated from then on refuses it.
// Thread-safe.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "freshet/capture.hpp"
#include "freshet/clock.hpp"
#include "freshet/detail/entry_ref.hpp"
#include "freshness/label.hpp"
#include "refresh/load_link.hpp"

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

  /// Without labels it notes only what is dirty, for a load that captures nothing. `around`: the load that this one is made for.
  explicit CaptureState(bool notes_labels = true,
                        std::shared_ptr<const CaptureState> around = nullptr) noexcept
      : notes_labels_(notes_labels), around_(std::move(around)) {
    if (around_) link_.around = &around_->link_;
  }
  /// Of a load of `key` that is for its caller alone.
  CaptureState(bool notes_labels, std::shared_ptr<const CaptureState> around, const KeyRef& key)
      : CaptureState(notes_labels, std::move(around)) {
    link_.space = key.space;
    link_.key = key.key;
  }

  bool notes_labels() const noexcept { return notes_labels_; }
  /// Who waits for this load while it reads for it.
  const LoadLink& link() const noexcept { return link_; }
  void note_key(LabelRef key) FRESHET_EXCLUDES(mutex_);
  void note(const Reading& reading) FRESHET_EXCLUDES(mutex_);
  void note_dirty() FRESHET_EXCLUDES(mutex_);

  /// Ends the capture: what is read later counts for nothing.
  Captured take() FRESHET_EXCLUDES(mutex_);

 private:
  const bool notes_labels_;
  const std::shared_ptr<const CaptureState> around_;
  LoadLink link_;  // never changes
  rt::Mutex mutex_;
  Captured captured_ FRESHET_GUARDED_BY(mutex_);
  bool open_ FRESHET_GUARDED_BY(mutex_) = true;
};

/// The link of what is read for; null if nothing is.
inline const LoadLink* link_of(const std::shared_ptr<CaptureState>& capture) noexcept {
  return capture ? &capture->link() : nullptr;
}

}  // namespace freshet::detail
