#include "store/shard.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/overtaking.hpp"

namespace freshet::detail {
namespace {

// How many entries are looked at, and freed, in one hold of the lock when many deadlines come at once.
constexpr std::size_t kExpiredByASweep = 256;
constexpr std::size_t kExpiredByAWrite = 16;
// How often a write that needs room looks on when none of those was dead: they were read since, or come from far.
constexpr int kVainLooksOfAWrite = 4;

}  // namespace

// Writes only if that is nearer: with one lifetime for all it never is.
void Shard::lower(rt::Atomic<std::int64_t>& time, Instant at) noexcept {
  const std::int64_t nearer = at.time_since_epoch().count();
  std::int64_t known = time.load(std::memory_order_relaxed);
  while (nearer < known && !time.compare_exchange_weak(known, nearer, std::memory_order_relaxed)) {
  }
}

Shard::Shard(Eviction eviction, const Capacity& capacity, Freshness& freshness,
             RemovalObserver& observer, Epochs& epochs, SettledHint& hint, const RaiseTimes* times)
    : freshness_(freshness),
      observer_(observer),
      epochs_(epochs),
      hint_(hint),
      times_(times),
      capacity_(capacity),
      accesses_(eviction),
      table_(epochs),
      policy_(make_eviction_policy(eviction, capacity, accesses_)),
      swept_(freshness.published()),
      next_deadline_(kNever.time_since_epoch().count()),
      next_refresh_(kNever.time_since_epoch().count()) {}

Shard::~Shard() { close(); }

Found Shard::find(const KeyRef& key, Instant now) {
  if (const Epochs::Section section(epochs_); section) {
    Entry* const entry = table_.find(key);
    if (entry == nullptr && is_missing(key)) return {};
    if (entry != nullptr && is_fresh(*entry, key, now)) {
      FRESHET_PAUSE("found_before_shared");
      accesses_.note(*entry);
      entry->note_read(now);
      return {EntryRef::share(entry), refresh_is_due(*entry, now), false};
    }
  }
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  const auto [entry, expired, only_on_error] = find_resident(key, now, departures);
  if (entry == nullptr || only_on_error) return {};
  accesses_.note(*entry);
  entry->note_read(now);
  return {EntryRef::share(entry), refresh_is_due(*entry, now), expired};
}

Found Shard::peek(const KeyRef& key, Instant now) {
  if (const Epochs::Section section(epochs_); section) {
    Entry* const entry = table_.find(key);
    if (entry == nullptr && is_missing(key)) return {};
    if (entry != nullptr && is_fresh(*entry, key, now))
      return {EntryRef::share(entry), false, false};
  }
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  const auto [entry, expired, only_on_error] = find_resident(key, now, departures);
  if (only_on_error) return {};
  return {EntryRef::share(entry), false, expired};
}

bool Shard::contains(const KeyRef& key, Instant now) {
  const Found found = peek(key, now);
  return found && !entry_of(found.entry).is_absent();
}

// judge() reads `published` before it walks and leaves it in `checked`: a raise that comes between here and the insertion has a
// higher one, so the first reader walks again and finds the entry dead.
StoreOutcome Shard::judge_fill(Carrier& carrier, const KeyRef& key, std::uint64_t sequence) const {
  if (freshness_.keys().sequence(key.hash) != sequence) return StoreOutcome::refused_key_changed;
  if (freshness_.announces_old_version(carrier.labels())) return StoreOutcome::refused_version;
  if (freshness_.judge(carrier, key.key) != Verdict::fresh ||
      freshness_.is_below_load_floor(carrier)) {
    return StoreOutcome::refused_invalidated;
  }
  return StoreOutcome::stored;
}

StoreOutcome Shard::fill(const EntryRef& ref, const KeyRef& key, std::uint64_t sequence,
                         Instant now, const Entry* refreshed) {
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  Carrier& carrier = entry_of(ref).carrier();
  if (const StoreOutcome judged = judge_fill(carrier, key, sequence); !is_stored(judged))
    return judged;
  FRESHET_PAUSE("fill_judged_before_insert");
  Entry* const resident = find_resident(key, now, departures).entry;
  if (resident != nullptr && resident->carrier().birth() > carrier.birth())
    return StoreOutcome::refused_older;
  const Overtaking overtaking(resident);
  if (resident != nullptr && resident == refreshed) inherit_late_labels(*resident, entry_of(ref));
  if (resident != nullptr && !carrier.carries_inherited_of(resident->carrier()))
    freshness_.leave_dependencies(resident->carrier(), key.key);
  relate(entry_of(ref), key, carrier.birth());
  return insert(ref, key, resident, now, departures);
}

// What was added to the one that is here while it was loaded again.
void Shard::inherit_late_labels(const Entry& resident, Entry& entry) {
  Carrier& carrier = entry.carrier();
  for (const AttachedLabel* late = resident.carrier().attached(); late != nullptr;
       late = late->next) {
    if (late->joined >= carrier.birth()) carrier.attach(late->label, late->joined);
  }
}

StoreOutcome Shard::put(const EntryRef& ref, const KeyRef& key, Instant now,
                        const CallStart* since) {
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  const bool is_overtaken =
      since != nullptr && freshness_.keys().sequence(key.hash) != since->sequence;
  freshness_.keys().bump(key.hash);
  Entry* const old = table_.find(key);
  const Overtaking overtaking(old);
  freshness_.raise_key(*key.space, key.key, Mode::remove);
  // Born under the lock, so that births of one key follow the order of its puts, and after its own raise. What was written through is
  // as old as its write: raises since then count, and the loads that began since then have been overtaken.
  Carrier& carrier = entry_of(ref).carrier();
  carrier.be_born(since == nullptr ? freshness_.revision() : since->revision);
  StoreOutcome outcome =
      StoreOutcome::refused_invalidated;  // a raise is under way: it comes after this put
  if (is_overtaken) {
    outcome = StoreOutcome::refused_key_changed;
  } else if (freshness_.announces_old_version(carrier.labels())) {
    outcome = StoreOutcome::refused_version;
  } else if (freshness_.judge(carrier, key.key) == Verdict::fresh &&
             (since == nullptr || !freshness_.is_below_load_floor(carrier))) {
    relate(entry_of(ref), key, carrier.birth());
    outcome = insert(ref, key, old, now, departures);
  }
  // Whatever was there is overwritten all the same.
  if (!is_stored(outcome) && old != nullptr) unlink(*old, RemovalCause::replaced, departures);
  return outcome;
}

bool Shard::invalidate(const KeyRef& key, Mode mode, Instant now) {
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  freshness_.keys().bump(key.hash);
  const Overtaking overtaking(table_.find(key));
  freshness_.raise_key(*key.space, key.key, mode);
  const Resident resident = find_resident(key, now, departures);
  return resident.entry != nullptr &&
         invalidate_resident(resident, mode, RemovalCause::explicit_, now, departures);
}

bool Shard::invalidate(const EntryRef& ref, Mode mode, Instant now) {
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  const KeyRef key = entry_of(ref).name();
  const Overtaking overtaking(table_.find(key));
  freshness_.raise_key(*key.space, key.key, mode);
  const Resident resident = find_resident(key, now, departures);
  if (resident.entry != ref.get()) return false;  // it left, or another took its place
  return invalidate_resident(resident, mode, RemovalCause::ban, now, departures);
}

bool Shard::invalidate_resident(const Resident& resident, Mode mode, RemovalCause cause,
                                Instant now, Departures& departures) {
  Entry& entry = *resident.entry;
  if (mode == Mode::expire && (entry.serves_stale() || entry.outlasts_its_time())) {
    if (EntryExtra* const extra = entry.extra())
      extra->expired_at = std::min(extra->expired_at, now);
    entry.carrier().expire();
    freshness_.count_out(entry.carrier());
    if (entry.outlasts_its_time() && !entry.serves_stale()) retime(entry);
    hint_.expiries.fetch_add(1, std::memory_order_release);
  } else {
    unlink(entry, cause, departures);
  }
  return !resident.expired && !resident.only_on_error;
}

void Shard::relate(const Entry& entry, const KeyRef& key, Revision since) {
  if (key.space->keys_used_since().value == 0) return;  // nobody depends on it
  const LabelRef label = freshness_.find_key(*key.space, key.key);
  if (!label) return;
  freshness_.relate(label, entry.carrier().all_labels(), since);
}

bool Shard::attach(const KeyRef& key, std::span<const LabelRef> labels, Instant now,
                   std::size_t most) {
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  const Resident resident = find_resident(key, now, departures);
  Entry* const entry = resident.entry;
  if (entry == nullptr) return false;
  const Carrier& carrier = entry->carrier();
  const bool tagged_before = carrier.carries_tag();
  const bool dependent_before = carrier.carries_dependency();
  // After the labels were pinned: older raises are ignored, also one that is published and has not moved the revision yet.
  const Revision joined = std::max(freshness_.revision(), freshness_.published());
  std::size_t carried = carrier.label_count();
  std::vector<LabelRef> added;
  for (const LabelRef& label : labels) {
    if (carrier.carries(label.get())) continue;
    added.push_back(carried < most ? label : freshness_.overflow_for(*label));
    ++carried;
  }
  // Edges first: where memory runs out, those who depend on the key go with too much rather than with too little.
  std::vector<LabelRef> all = carrier.all_labels();
  all.insert(all.end(), added.begin(), added.end());
  if (const LabelRef own = freshness_.find_key(*key.space, key.key))
    freshness_.relate(own, all, joined);
  try {
    for (LabelRef& label : added) entry->carrier().attach(std::move(label), joined);
  } catch (...) {  // no memory for one: those before it are carried
    count_kinds(carrier, tagged_before, dependent_before);
    throw;
  }
  count_kinds(carrier, tagged_before, dependent_before);
  return !resident.only_on_error;
}

void Shard::count_kinds(const Carrier& carrier, bool tagged_before,
                        bool dependent_before) noexcept {
  if (!tagged_before && carrier.carries_tag()) ++holdings_.tagged;
  if (!dependent_before && carrier.carries_dependency()) ++holdings_.dependent;
}

bool Shard::relate_resident(const KeyRef& key, Instant now) {
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  const Entry* entry = find_resident(key, now, departures).entry;
  if (entry == nullptr) return false;
  relate(*entry, key, entry->carrier().birth());
  return true;
}

std::size_t Shard::expire(Instant now) {
  if (next_deadline_.load(std::memory_order_relaxed) > now.time_since_epoch().count()) return 0;
  std::size_t freed = 0;
  bool more = true;
  while (more) {
    Departures departures(observer_, epochs_, Departures::Found::by_a_sweep);
    rt::Lock lock(mutex_);
    expire_due(now, kExpiredByASweep, departures);
    more = deadlines_.next() <= now;
    freed += departures.count();
  }
  return freed;
}

std::size_t Shard::sweep(Instant now, std::size_t& budget) {
  Departures departures(observer_, epochs_, Departures::Found::by_a_sweep);
  rt::Lock lock(mutex_);
  const Revision wanted = freshness_.published();
  if (wanted == swept_) return 0;  // nothing that anybody carries was raised since
  for (;;) {
    if (table_.is_moving()) {
      if (budget == 0) break;
      budget -= table_.move_some(budget);
      continue;
    }
    if (!pass_ || !table_.is_current(*pass_)) {  // the first, or the table has grown or shrunk
      pass_ = table_.begin_scan();
      pass_began_at_ = freshness_.published();
    }
    Entry* const entry = table_.at(*pass_);
    if (entry == nullptr) {
      pass_.reset();
      swept_ = pass_began_at_;
      if (swept_ >= wanted) break;
      continue;  // the round was open when something was raised: another
    }
    if (budget == 0) break;
    --budget;
    ++pass_->slot;  // what is put into it from here on is judged then
    const Examined examined = examine(*entry, now);
    if (examined.death) unlink(*entry, *examined.death, departures);
    if (examined.only_on_error) retime(*entry);
  }
  return departures.count();
}

void Shard::collect(const Label* space, Instant now, std::vector<EntryRef>& into) {
  std::vector<std::pair<Entry*, RemovalCause>> dead;
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  table_.for_each([&](Entry& entry) FRESHET_NO_THREAD_SAFETY_ANALYSIS {
    if (entry.carrier().name_space() != space) return;
    if (const auto cause = examine(entry, now).death) {
      dead.emplace_back(&entry, *cause);
    } else {
      into.push_back(EntryRef::share(&entry));
    }
  });
  for (const auto& [entry, cause] : dead) unlink(*entry, cause, departures);
}

void Shard::collect_refreshes(Instant now, const HotReads& hot,
                              std::vector<RefreshCandidate>& due) {
  if (!refresh_due(now)) return;
  rt::Lock lock(mutex_);
  std::size_t looks = SIZE_MAX;
  while (EntryExtra* extra = refreshes_.due(now, looks)) {
    refreshes_.remove(*extra);
    Entry& entry = extra->entry();
    const std::uint16_t enough = extra->refresh_from_accesses;
    const std::uint16_t reads = extra->reads.load(std::memory_order_relaxed);
    const bool read_enough = reads >= enough;
    const bool wanted = read_enough || (reads > 0 && hot.reads(entry.hash()) >= enough);
    if (wanted && examine(entry, now).is_served())
      due.push_back({EntryRef::share(&entry), reads, read_enough});
  }
  note_next_times();
}

void Shard::postpone_refresh(const EntryRef& ref, Instant at) {
  rt::Lock lock(mutex_);
  Entry& entry = entry_of(ref);
  // Still here, and not asked for already: an entry that left is in no list.
  EntryExtra* const extra = entry.extra();
  if (!entry.is_resident || extra == nullptr || RefreshIndex::is_linked(*extra)) return;
  extra->refresh_due = at;
  refreshes_.add(*extra, at);
  note_next_times();
}

Revision Shard::swept(rt::Atomic<std::int64_t>& due) const {
  rt::Lock lock(mutex_);
  lower(due, deadlines_.next());
  return swept_;
}

Holdings Shard::holdings() const {
  rt::Lock lock(mutex_);
  Holdings holdings = holdings_;
  holdings.entries = table_.size();
  return holdings;
}

void Shard::close() {
  Departures departures(observer_, epochs_);
  rt::Lock lock(mutex_);
  closed_ = true;
  while (table_.size() != 0) {
    table_.move_some(SIZE_MAX);
    EntryTable::Scan scan = table_.begin_scan();
    while (table_.is_current(scan)) {
      Entry* const entry = table_.at(scan);
      if (entry == nullptr) break;
      unlink(*entry, RemovalCause::explicit_, departures);
    }
  }
}

StoreOutcome Shard::insert(const EntryRef& ref, const KeyRef& key, Entry* old, Instant now,
                           Departures& departures) {
  Entry& entry = entry_of(ref);
  if (closed_) return StoreOutcome::closed;
  if (capacity_.bytes != 0 && entry.bytes() > capacity_.bytes) return StoreOutcome::too_large;
  if (entry.deadline() != kNever || entry.outlasts_its_time())
    deadlines_.reserve(now);  // may throw
  if (entry.refresh_at() != kNever) refreshes_.reserve(now);
  if (old != nullptr) {
    replace(*old, entry, key.hash, departures);
    entry.retain();
    link(entry);
    // It may be larger than what it replaced.
    if (capacity_.bytes != 0) make_room(Holdings{}, now, departures);
  } else {
    policy_->before_insert(entry, key.hash);
    make_room(Holdings{1, entry.bytes(), 0}, now, departures);
    table_.insert(
        entry, key.hash);  // may throw; then the cache is as it was, but for what left to make room
    entry.retain();
    policy_->on_insert(entry);
    link(entry);
  }
  note_next_times();
  return StoreOutcome::stored;
}

void Shard::replace(Entry& old, Entry& entry, std::uint64_t hash, Departures& departures) {
  Freshness::hand_on_counts(old.carrier(), entry.carrier());
  table_.replace(old, entry, hash);
  policy_->on_replace(old, entry);
  forget(old, RemovalCause::replaced, departures);
}

void Shard::make_room(const Holdings& incoming, Instant now, Departures& departures) {
  const std::uint64_t max_entries = capacity_.entries - incoming.entries;
  const std::uint64_t max_bytes =
      capacity_.bytes == 0 ? UINT64_MAX : capacity_.bytes - incoming.bytes;
  int vain_looks = 0;
  while (table_.size() > max_entries || holdings_.bytes > max_bytes) {
    if (deadlines_.next() <= now && vain_looks < kVainLooksOfAWrite) {  // the dead first
      const std::size_t before = table_.size();
      expire_due(now, kExpiredByAWrite, departures);
      if (table_.size() == before) ++vain_looks;
      continue;
    }
    Entry& victim =
        policy_->evict(table_.size() > max_entries ? Pressure::entries : Pressure::bytes);
    const auto cause = examine(victim, now).death;
    table_.erase(victim, victim.hash());
    forget(victim, cause.value_or(RemovalCause::capacity), departures);
  }
}

void Shard::expire_due(Instant now, std::size_t most, Departures& departures) {
  while (Entry* const entry = deadlines_.due(now, most)) {
    const Examined examined =
        entry->outlasts_its_time() ? examine(*entry, now) : Examined{RemovalCause::expired};
    if (examined.only_on_error) {
      retime(*entry);
    } else {
      unlink(*entry, examined.death.value_or(RemovalCause::expired), departures);
    }
  }
  note_next_times();
}

void Shard::unlink(Entry& entry, RemovalCause cause, Departures& departures) noexcept {
  table_.erase(entry, entry.hash());
  policy_->on_remove(entry);
  forget(entry, cause, departures);
  note_next_times();
}

void Shard::link(Entry& entry) noexcept {
  entry.is_resident = true;
  deadlines_.add(entry, entry.deadline());
  if (EntryExtra* const extra = entry.extra()) {
    extra->refresh_due = extra->refresh_at;
    refreshes_.add(*extra, extra->refresh_at);
  }
  lower(hint_.due, entry.deadline());
  holdings_.bytes += entry.bytes();
  holdings_.tagged += entry.carrier().carries_tag() ? 1 : 0;
  holdings_.dependent += entry.carrier().carries_dependency() ? 1 : 0;
  holdings_.absent += entry.is_absent() ? 1 : 0;
  freshness_.count_in(entry.carrier());
}

void Shard::forget(Entry& entry, RemovalCause cause, Departures& departures) noexcept {
  entry.is_resident = false;
  deadlines_.remove(entry);
  if (EntryExtra* const extra = entry.extra()) refreshes_.remove(*extra);
  holdings_.bytes -= entry.bytes();
  holdings_.tagged -= entry.carrier().carries_tag() ? 1 : 0;
  holdings_.dependent -= entry.carrier().carries_dependency() ? 1 : 0;
  holdings_.absent -= entry.is_absent() ? 1 : 0;
  freshness_.count_out(entry.carrier());
  // For readers who found it here and are still looking: what makes it stale may be forgotten once it has left, for a ban goes
  // when all that is here was tested on it.
  entry.carrier().remove();
  leave_traces(entry, cause);
  departures.add(entry, cause);
}

// Calls that name the key have raised its label themselves; a fill has seen to what it replaces.
void Shard::leave_traces(Entry& entry, RemovalCause cause) noexcept {
  switch (cause) {
    case RemovalCause::label:
    case RemovalCause::ban:
      return freshness_.leave_behind(entry.carrier(), entry.key());
    case RemovalCause::expired:
    case RemovalCause::capacity:
      return freshness_.leave_dependencies(entry.carrier(), entry.key());
    case RemovalCause::explicit_:
    case RemovalCause::replaced:
      return;
  }
}

void Shard::note_next_times() noexcept {
  next_deadline_.store(deadlines_.next().time_since_epoch().count(), std::memory_order_relaxed);
  next_refresh_.store(refreshes_.next().time_since_epoch().count(), std::memory_order_relaxed);
}

}  // namespace freshet::detail
