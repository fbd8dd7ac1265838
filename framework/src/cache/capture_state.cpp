#include "cache/capture_state.hpp"

#include <algorithm>
#include <utility>

#include "freshet/handle.hpp"
#include "freshness/version_table.hpp"
#include "refresh/single_flight.hpp"
#include "store/entry.hpp"

namespace freshet {

CaptureScope::CaptureScope(std::shared_ptr<detail::CaptureState> state) noexcept
    : state_(std::move(state)),
      before_(std::exchange(detail::CaptureState::slot(), state_.get())) {}

CaptureScope::~CaptureScope() { detail::CaptureState::slot() = before_; }

namespace detail {

CaptureState*& CaptureState::slot() noexcept {
  return rt::thread_local_value<CaptureState*, CaptureState::Slot>();
}

void CaptureState::note_key(LabelRef key) {
  rt::Lock lock(mutex_);
  if (open_) unite(captured_.labels, {std::move(key)});
}

void CaptureState::note(const Reading& reading) {
  if (!reading.entry) return;
  const Entry& entry = entry_of(reading.entry);
  const Carrier& carrier = entry.carrier();
  rt::Lock lock(mutex_);
  if (!open_) return;
  for (const LabelRef& label : carrier.labels()) {
    // A policy version is between a namespace and who asks it; that its namespace moves on is for the namespace's label to say.
    if (!VersionTable::is_internal(*label)) unite(captured_.labels, {label});
  }
  for (const AttachedLabel* late = carrier.attached(); late != nullptr; late = late->next)
    unite(captured_.labels, {late->label});
  captured_.hard = std::min(captured_.hard, entry.deadlines().hard);
  captured_.stale =
      captured_.stale || reading.staleness != Staleness::fresh || entry.made_of_stale();
}

CaptureState::Captured CaptureState::take() {
  rt::Lock lock(mutex_);
  open_ = false;
  return std::exchange(captured_, {});
}

}  // namespace detail
}  // namespace freshet
