// Shard: what there is to say of an entry: served, served only to whoever would get the exception of a failed load, or dead.
//
//   its time is over, or it was expired
//     no soft deadline, no stale_for      dead
//     a soft deadline, before the hard    served as policy decides (expired)
//     stale_for, for so long from then    only on error: a miss for all others, not counted by its labels any more
//   removed, or not read for its idle time    dead
// An entry that outlasts its time comes up at its deadline, like any other, and is then put where its end is (retime).
#include "store/overtaking.hpp"
#include "store/raise_times.hpp"
#include "store/shard.hpp"

namespace freshet::detail {

Shard::Examined Shard::examine(Entry& entry, Instant now) noexcept {
  if (entry.outlasts_its_time()) return examine_lasting(entry, now);
  if (entry.deadline() <= now) return {RemovalCause::expired};
  Carrier& carrier = entry.carrier();
  const Verdict verdict = freshness_.judge(carrier, entry.key());
  if (verdict == Verdict::fresh) return {};
  if (verdict == Verdict::expired && entry.serves_stale()) {
    freshness_.count_out(carrier);
    return {.expired = true};
  }
  return {cause_by_freshness(carrier)};
}

Shard::Examined Shard::examine_lasting(Entry& entry, Instant now) noexcept {
  if (entry.idle_end() <= now) return {RemovalCause::expired};
  Carrier& carrier = entry.carrier();
  const Verdict verdict = freshness_.judge(carrier, entry.key());
  if (verdict == Verdict::removed) return {cause_by_freshness(carrier)};
  const bool is_over = entry.hard() <= now;
  if (verdict == Verdict::fresh && !is_over) return {};
  if (verdict == Verdict::expired) note_expiry(entry, now);
  freshness_.count_out(carrier);
  if (!is_over && entry.serves_stale()) return {.expired = true};
  if (now < entry.usable_until(Duration::max())) return {.only_on_error = true};
  return {is_over ? RemovalCause::expired : cause_by_freshness(carrier)};
}

RemovalCause Shard::cause_by_freshness(const Carrier& carrier) const noexcept {
  return freshness_.is_stale_by_label(carrier) ? RemovalCause::label : RemovalCause::ban;
}

// Once, by whoever finds it first: a watermark tells only of the last expiry of its label.
void Shard::note_expiry(Entry& entry, Instant now) noexcept {
  Instant& expired_at = entry.extra()->expired_at;
  if (expired_at != kNever) return;
  const Revision since = freshness_.expired_since(entry.carrier(), entry.key());
  expired_at = times_ == nullptr ? Instant::min() : times_->time_of(since, now);
}

void Shard::retime(Entry& entry) noexcept {
  EntryExtra& extra = *entry.extra();
  if (extra.outlasts) return;
  extra.outlasts = true;
  // To loads that began before and name the key late it is as if it had left.
  const bool expired = entry.carrier().verdict() == Verdict::expired;
  leave_traces(entry, expired ? RemovalCause::label : RemovalCause::expired);
  deadlines_.remove(entry);
  deadlines_.add(entry, entry.leaves_at());
  lower(hint_.due, entry.leaves_at());
  note_next_times();
}

Shard::Resident Shard::find_resident(const KeyRef& key, Instant now, Departures& departures) {
  Entry* const found = table_.find(key);
  if (found == nullptr) return {};
  Entry& entry = *found;
  const Examined examined = examine(entry, now);
  if (!examined.death) {
    if (examined.only_on_error) retime(entry);
    return {&entry, examined.expired, examined.only_on_error};
  }
  unlink(entry, *examined.death, departures);
  return {};
}

Found Shard::find_on_error(const KeyRef& key, Instant now, Duration at_most) {
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  const Resident resident = find_resident(key, now, departures);
  Entry* const entry = resident.entry;
  if (entry == nullptr || entry->is_absent()) return {};
  const bool stale = resident.expired || resident.only_on_error;
  if (stale && (!entry->outlasts_its_time() || now >= entry->usable_until(at_most))) return {};
  accesses_.note(*entry);
  return {EntryRef::share(entry), false, stale};
}

EntryRef Shard::find_previous(const KeyRef& key, Instant now) {
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  Entry* const entry = find_resident(key, now, departures).entry;
  return entry == nullptr || entry->is_absent() ? EntryRef() : EntryRef::share(entry);
}

bool Shard::supersede(const EntryRef& made, const KeyRef& key, std::uint64_t sequence,
                      Instant now) {
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  Carrier& carrier = entry_of(made).carrier();
  if (!is_stored(judge_fill(carrier, key, sequence))) return false;
  Entry* const entry = find_resident(key, now, departures).entry;
  if (entry == nullptr || entry->carrier().birth() > carrier.birth()) return false;
  const Overtaking overtaking(entry);
  freshness_.leave_dependencies(entry->carrier(), key.key);
  unlink(*entry, RemovalCause::replaced, departures);
  return true;
}

}  // namespace freshet::detail
