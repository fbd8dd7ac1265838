#include "cache/capture_state.hpp"

#include <algorithm>
#include <utility>

#include "freshet/handle.hpp"
#include "freshness/version_table.hpp"
#include "refresh/single_flight.hpp"
#include "runtime/open_scopes.hpp"
#include "store/entry.hpp"

namespace freshet {

Capture::Capture(std::shared_ptr<detail::CaptureState> state) noexcept
    : scopes_(detail::scopes_of_load(std::move(state))) {}

Capture Capture::here() const noexcept {
  const detail::Scopes* const open = detail::open_scopes();
  const bool reads_for_it = open != nullptr && open->capture == scopes_.capture;
  return Capture(reads_for_it ? *open : scopes_);
}

namespace detail {

void CaptureState::note_key(LabelRef key) {
  rt::Lock lock(mutex_);
  if (open_ && notes_labels_) unite(captured_.labels, {std::move(key)});
}

void CaptureState::note(const Reading& reading) {
  if (!reading.entry) return;
  const Entry& entry = entry_of(reading.entry);
  const Carrier& carrier = entry.carrier();
  rt::Lock lock(mutex_);
  if (!open_) return;
  if (entry.made_of_dirty()) captured_.stale = captured_.dirty = true;
  if (!notes_labels_) return;
  for (const LabelRef& label : carrier.labels()) {
    // A policy version is between a namespace and who asks it; that its namespace moves on is for the namespace's label to say.
    if (!VersionTable::is_internal(*label)) unite(captured_.labels, {label});
  }
  for (const AttachedLabel* late = carrier.attached(); late != nullptr; late = late->next)
    unite(captured_.labels, {late->label});
  const bool stale = reading.staleness != Staleness::fresh || entry.made_of_stale();
  // What is made of something stale is not kept at all; a deadline that has passed is not the reason.
  if (!stale) captured_.hard = std::min(captured_.hard, entry.hard());
  captured_.stale = captured_.stale || stale;
}

void CaptureState::note_dirty() {
  rt::Lock lock(mutex_);
  captured_.stale = true;
  captured_.dirty = true;
}

CaptureState::Captured CaptureState::take() {
  rt::Lock lock(mutex_);
  open_ = false;
  return std::exchange(captured_, {});
}

}  // namespace detail
}  // namespace freshet
