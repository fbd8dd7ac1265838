#include "store/shard.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace freshet::detail {
namespace {

// How many entries are looked at, and freed, in one hold of the lock when many deadlines come at once.
constexpr std::size_t kExpiredByASweep = 256;
constexpr std::size_t kExpiredByAWrite = 16;

// Lowers a time to `at`. Writes only if that is nearer: with one lifetime for all it never is.
void lower(rt::Atomic<std::int64_t>& time, Instant at) noexcept {
  const std::int64_t nearer = at.time_since_epoch().count();
  std::int64_t known = time.load(std::memory_order_relaxed);
  while (nearer < known && !time.compare_exchange_weak(known, nearer, std::memory_order_relaxed)) {
  }
}

}  // namespace

Departures::~Departures() {
  while (first_ != nullptr) {
    Entry* entry = std::exchange(first_, first_->next_removed);
    observer_.on_removed(*entry, entry->removal_cause);
    if (found_ == Found::by_a_sweep) observer_.on_swept(entry->removal_cause);
    entry->release();
  }
}

void Departures::add(Entry& entry, RemovalCause cause) noexcept {
  entry.removal_cause = cause;
  entry.next_removed = first_;
  first_ = &entry;
  ++count_;
}

Shard::Shard(Eviction eviction, const Capacity& capacity, Freshness& freshness,
             RemovalObserver& observer, SettledHint& hint)
    : freshness_(freshness),
      observer_(observer),
      hint_(hint),
      capacity_(capacity),
      accesses_(eviction),
      policy_(make_eviction_policy(eviction, capacity, accesses_)),
      swept_(freshness.published()),
      next_deadline_(kNever.time_since_epoch().count()),
      next_refresh_(kNever.time_since_epoch().count()) {}

Shard::~Shard() { close(); }

Found Shard::find(const KeyRef& key, Instant now) {
  Departures departures(observer_);
  rt::Lock lock(mutex_);
  const auto [entry, expired] = find_resident(key, now, departures);
  if (entry == nullptr) return {};
  accesses_.note(*entry);
  entry->last_read = now;
  if (entry->reads < std::numeric_limits<std::uint16_t>::max()) ++entry->reads;
  const Deadlines& deadlines = entry->deadlines();
  return {EntryRef::share(entry),
          deadlines.refresh_at <= now && entry->reads >= deadlines.refresh_from_accesses, expired};
}

Found Shard::peek(const KeyRef& key, Instant now) {
  Departures departures(observer_);
  rt::Lock lock(mutex_);
  const auto [entry, expired] = find_resident(key, now, departures);
  return {EntryRef::share(entry), false, expired};
}

bool Shard::contains(const KeyRef& key, Instant now) { return static_cast<bool>(peek(key, now)); }

StoreOutcome Shard::fill(const EntryRef& ref, const KeyRef& key, std::uint64_t sequence,
                         Instant now) {
  Departures departures(observer_);
  rt::Lock lock(mutex_);
  Carrier& carrier = entry_of(ref).carrier();
  if (freshness_.keys().sequence(key.hash) != sequence) return StoreOutcome::refused_key_changed;
  if (freshness_.announces_old_version(carrier.labels())) return StoreOutcome::refused_version;
  // judge() reads `published` before it walks and leaves it in `checked`: a raise that comes between here and the
  // insertion has a higher one, so the first reader walks again and finds the entry dead.
  if (freshness_.judge(carrier, key.key) != Verdict::fresh ||
      freshness_.is_below_load_floor(carrier)) {
    return StoreOutcome::refused_invalidated;
  }
  FRESHET_PAUSE("fill_judged_before_insert");
  const Entry* resident = find_resident(key, now, departures).entry;
  if (resident != nullptr && resident->carrier().birth() > carrier.birth())
    return StoreOutcome::refused_older;
  if (resident != nullptr && !carrier.carries_inherited_of(resident->carrier()))
    freshness_.leave_dependencies(resident->carrier(), key.key);
  relate(entry_of(ref), key, carrier.birth());
  return insert(ref, key, now, departures);
}

StoreOutcome Shard::put(const EntryRef& ref, const KeyRef& key, Instant now) {
  Departures departures(observer_);
  rt::Lock lock(mutex_);
  freshness_.keys().bump(key.hash);
  freshness_.raise_key(*key.space, key.key, Mode::remove);
  // Born under the lock, so that births of one key follow the order of its puts, and after its own raise.
  Carrier& carrier = entry_of(ref).carrier();
  carrier.be_born(freshness_.revision());
  StoreOutcome outcome =
      StoreOutcome::refused_invalidated;  // a raise is under way: it comes after this put
  if (freshness_.announces_old_version(carrier.labels())) {
    outcome = StoreOutcome::refused_version;
  } else if (freshness_.judge(carrier, key.key) == Verdict::fresh) {
    relate(entry_of(ref), key, carrier.birth());
    outcome = insert(ref, key, now, departures);
  }
  if (!is_stored(outcome)) {  // whatever was there is overwritten all the same
    if (auto found = table_.find(key); found != table_.end())
      unlink(**found, RemovalCause::replaced, departures);
  }
  return outcome;
}

bool Shard::invalidate(const KeyRef& key, Mode mode, Instant now) {
  Departures departures(observer_);
  rt::Lock lock(mutex_);
  freshness_.keys().bump(key.hash);
  freshness_.raise_key(*key.space, key.key, mode);
  const auto [entry, expired] = find_resident(key, now, departures);
  return entry != nullptr &&
         invalidate_resident(*entry, expired, mode, RemovalCause::explicit_, departures);
}

bool Shard::invalidate(const EntryRef& ref, Mode mode, Instant now) {
  Departures departures(observer_);
  rt::Lock lock(mutex_);
  const KeyRef key = entry_of(ref).name();
  freshness_.raise_key(*key.space, key.key, mode);
  const auto [entry, expired] = find_resident(key, now, departures);
  if (entry != ref.get()) return false;  // it left, or another took its place
  return invalidate_resident(*entry, expired, mode, RemovalCause::ban, departures);
}

bool Shard::invalidate_resident(Entry& entry, bool was_expired, Mode mode, RemovalCause cause,
                                Departures& departures) {
  if (mode == Mode::expire && entry.serves_stale()) {
    entry.carrier().expire();
    freshness_.count_out(entry.carrier());
  } else {
    unlink(entry, cause, departures);
  }
  return !was_expired;
}

void Shard::relate(const Entry& entry, const KeyRef& key, Revision since) {
  const LabelRef label = freshness_.find_key(*key.space, key.key);
  if (!label) return;
  freshness_.relate(label, entry.carrier().all_labels(), since);
}

bool Shard::attach(const KeyRef& key, std::span<const LabelRef> labels, Instant now,
                   std::size_t most) {
  Departures departures(observer_);
  rt::Lock lock(mutex_);
  Entry* entry = find_resident(key, now, departures).entry;
  if (entry == nullptr) return false;
  const Carrier& carrier = entry->carrier();
  const bool tagged_before = carrier.carries_tag();
  const bool dependent_before = carrier.carries_dependency();
  const Revision joined =
      freshness_.revision();  // after the labels were pinned: older raises are ignored
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
  return true;
}

void Shard::count_kinds(const Carrier& carrier, bool tagged_before,
                        bool dependent_before) noexcept {
  if (!tagged_before && carrier.carries_tag()) ++holdings_.tagged;
  if (!dependent_before && carrier.carries_dependency()) ++holdings_.dependent;
}

bool Shard::relate_resident(const KeyRef& key, Instant now) {
  Departures departures(observer_);
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
    Departures departures(observer_, Departures::Found::by_a_sweep);
    rt::Lock lock(mutex_);
    more = expire_due(now, kExpiredByASweep, departures) == kExpiredByASweep;
    freed += departures.count();
  }
  return freed;
}

std::size_t Shard::sweep(Instant now, std::size_t& budget) {
  Departures departures(observer_, Departures::Found::by_a_sweep);
  rt::Lock lock(mutex_);
  if (freshness_.published() == swept_) return 0;  // nothing that anybody carries was raised since
  if (!std::exchange(pass_open_, true)) pass_began_at_ = freshness_.published();
  while (budget > 0 && !sweep_list_.empty() && sweep_list_.front().sweep_pass == sweep_pass_) {
    Entry& entry = sweep_list_.front();
    --budget;
    if (const auto cause = examine(entry, now).death) {
      unlink(entry, *cause, departures);
    } else {
      entry.sweep_pass = sweep_pass_ + 1;
      sweep_list_.splice(sweep_list_.end(), sweep_list_, sweep_list_.begin());
    }
  }
  if (sweep_list_.empty() || sweep_list_.front().sweep_pass != sweep_pass_) {
    ++sweep_pass_;
    pass_open_ = false;
    swept_ = pass_began_at_;
  }
  return departures.count();
}

void Shard::collect_refreshes(Instant now, const HotReads& hot,
                              std::vector<RefreshCandidate>& due) {
  if (!refresh_due(now)) return;
  rt::Lock lock(mutex_);
  while (Entry* entry = refreshes_.due(now)) {
    refreshes_.remove(*entry);
    const std::uint16_t enough = entry->deadlines().refresh_from_accesses;
    const bool read_enough = entry->reads >= enough;
    const bool wanted = read_enough || (entry->reads > 0 && hot.reads(entry->hash()) >= enough);
    if (wanted && !examine(*entry, now).death)
      due.push_back({EntryRef::share(entry), entry->reads, read_enough});
  }
  note_next_times();
}

void Shard::postpone_refresh(const EntryRef& ref, Instant at) {
  rt::Lock lock(mutex_);
  Entry& entry = entry_of(ref);
  // Still here, and not asked for already: an entry that left is in no list.
  if (!entry.SweepHook::is_linked() || entry.refresh_due != kNever) return;
  refreshes_.add(entry, at);
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
  Departures departures(observer_);
  rt::Lock lock(mutex_);
  closed_ = true;
  while (!sweep_list_.empty()) unlink(sweep_list_.front(), RemovalCause::explicit_, departures);
}

Instant Shard::deadline_of(const Entry& entry) const noexcept {
  const Deadlines& deadlines = entry.deadlines();
  if (deadlines.idle == Duration::zero()) return deadlines.hard;
  return std::min(deadlines.hard, later(entry.last_read, deadlines.idle));
}

Shard::Examined Shard::examine(Entry& entry, Instant now) noexcept {
  if (deadline_of(entry) <= now) return {RemovalCause::expired};
  Carrier& carrier = entry.carrier();
  const Verdict verdict = freshness_.judge(carrier, entry.key());
  if (verdict == Verdict::fresh) return {};
  if (verdict == Verdict::expired && entry.serves_stale()) {
    freshness_.count_out(carrier);
    return {.expired = true};
  }
  return {freshness_.is_stale_by_label(carrier) ? RemovalCause::label : RemovalCause::ban};
}

Shard::Resident Shard::find_resident(const KeyRef& key, Instant now, Departures& departures) {
  const auto found = table_.find(key);
  if (found == table_.end()) return {};
  Entry& entry = **found;
  const Examined examined = examine(entry, now);
  if (!examined.death) return {&entry, examined.expired};
  unlink(entry, *examined.death, departures);
  return {};
}

StoreOutcome Shard::insert(const EntryRef& ref, const KeyRef& key, Instant now,
                           Departures& departures) {
  Entry& entry = entry_of(ref);
  if (closed_) return StoreOutcome::closed;
  if (capacity_.bytes != 0 && entry.bytes() > capacity_.bytes) return StoreOutcome::too_large;
  if (const auto found = table_.find(key); found != table_.end()) {
    replace(found, entry, departures);
    entry.retain();
    link(entry);
    make_room(Holdings{}, now, departures);  // it may be larger than what it replaced
  } else {
    policy_->before_insert(entry);
    make_room(Holdings{1, entry.bytes(), 0}, now, departures);
    table_.insert(
        &entry);  // may throw; then the cache is as it was, but for what left to make room
    entry.retain();
    policy_->on_insert(entry);
    link(entry);
  }
  return StoreOutcome::stored;
}

void Shard::replace(Table::iterator place, Entry& entry, Departures& departures) {
  Entry& old = **place;
  auto node = table_.extract(place);  // the node is used again, so nothing can throw
  node.value() = &entry;
  table_.insert(std::move(node));
  policy_->on_replace(old, entry);
  forget(old, RemovalCause::replaced, departures);
}

void Shard::make_room(const Holdings& incoming, Instant now, Departures& departures) {
  const std::uint64_t max_entries = capacity_.entries - incoming.entries;
  const std::uint64_t max_bytes =
      capacity_.bytes == 0 ? UINT64_MAX : capacity_.bytes - incoming.bytes;
  bool dead_first = true;
  while (table_.size() > max_entries || holdings_.bytes > max_bytes) {
    if (dead_first) {  // as long as that gives room
      const std::size_t before = table_.size();
      expire_due(now, kExpiredByAWrite, departures);
      dead_first = table_.size() < before;
      continue;
    }
    Entry& victim =
        policy_->evict(table_.size() > max_entries ? Pressure::entries : Pressure::bytes);
    const auto cause = examine(victim, now).death;
    remove_from_table(victim);
    forget(victim, cause.value_or(RemovalCause::capacity), departures);
  }
}

std::size_t Shard::expire_due(Instant now, std::size_t most, Departures& departures) {
  std::size_t looked = 0;
  for (Entry* entry = deadlines_.due(now); entry != nullptr && looked < most;
       entry = deadlines_.due(now)) {
    ++looked;
    const Instant deadline = deadline_of(*entry);
    if (deadline <= now) {
      unlink(*entry, RemovalCause::expired, departures);
    } else {  // it was read since it was put here
      deadlines_.remove(*entry);
      deadlines_.add(*entry, deadline);
    }
  }
  note_next_times();
  return looked;
}

void Shard::remove_from_table(Entry& entry) noexcept {
  // Found by its own name: the namespace label is pinned by the entry.
  table_.erase(table_.find(&entry));
}

void Shard::unlink(Entry& entry, RemovalCause cause, Departures& departures) noexcept {
  remove_from_table(entry);
  policy_->on_remove(entry);
  forget(entry, cause, departures);
}

void Shard::link(Entry& entry) noexcept {
  entry.sweep_pass = pass_open_ ? sweep_pass_ + 1
                                : sweep_pass_;  // judged just now: an open pass need not look at it
  sweep_list_.push_back(entry);
  entry.last_read = entry.stored_at();
  deadlines_.add(entry, deadline_of(entry));
  refreshes_.add(entry, entry.deadlines().refresh_at);
  lower(hint_.due, entry.due);
  note_next_times();
  holdings_.bytes += entry.bytes();
  holdings_.tagged += entry.carrier().carries_tag() ? 1 : 0;
  holdings_.dependent += entry.carrier().carries_dependency() ? 1 : 0;
  freshness_.count_in(entry.carrier());
}

void Shard::forget(Entry& entry, RemovalCause cause, Departures& departures) noexcept {
  sweep_list_.erase(sweep_list_.iterator_to(entry));
  deadlines_.remove(entry);
  refreshes_.remove(entry);
  note_next_times();
  holdings_.bytes -= entry.bytes();
  holdings_.tagged -= entry.carrier().carries_tag() ? 1 : 0;
  holdings_.dependent -= entry.carrier().carries_dependency() ? 1 : 0;
  freshness_.count_out(entry.carrier());
  leave_traces(entry, cause);
  departures.add(entry, cause);
}

// Calls that name the key have raised its label themselves; a fill has seen to what it replaces.
void Shard::leave_traces(const Entry& entry, RemovalCause cause) noexcept {
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
