// Shard: one lock's worth of a store: a table, an eviction order, the deadlines, the sweeper's round.
//
// Whatever changes does so under mutex_. A hit, and a miss, take no lock: an entry that is found and is neither past a deadline
// nor stale is served from within a section of the store's epochs; with any other the reader comes back with the lock.
// Entries that leave are chained up under the lock and let go after it (departures.hpp).
// Lock order: mutex_, then those of freshness (a write of a key that others depend on raises its label).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "analytics/hot_reads.hpp"
#include "freshet/outcome.hpp"
#include "freshness/freshness.hpp"
#include "store/deadline_index.hpp"
#include "store/departures.hpp"
#include "store/entry_table.hpp"
#include "store/eviction_policy.hpp"
#include "store/survey.hpp"

namespace freshet::detail {

/// Totals of what a shard or store holds.
struct Holdings {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t tagged = 0;
  std::uint64_t dependent = 0;
  std::uint64_t absent = 0;
};

class RaiseTimes;

/// An answered look-up.
struct Found {
  EntryRef entry{};
  bool refresh_due = false;  // its refresh point has passed, and it was read often enough
  bool expired =
      false;  // by an invalidation; policy lets it be served all the same. On error: or its time is over

  explicit operator bool() const noexcept { return static_cast<bool>(entry); }
};

/// What became of a look without a lock: the entry was there and fresh, there was none, or the lock will tell.
enum class Visited : std::uint8_t { yes, no, unknown };

/// An entry that is due to be loaded again, and how often it was read.
struct RefreshCandidate {
  EntryRef entry;
  std::uint16_t reads;
  bool read_enough;  // itself; false: only its key was
};

/// What is known of a store without asking its shards: written by sweeps, read by counts.
struct SettledHint {
  // relaxed throughout: a count that misses a raise or an insertion on another thread was made at the same time as that.
  rt::Atomic<std::uint64_t> swept_at{0};  // every entry was looked at since this was published
  rt::Atomic<std::int64_t> due{0};        // no deadline is nearer than this, in nanoseconds
  // How often an entry was expired by its key or by a predicate. release and acquire: who sees it counted finds it expired.
  rt::Atomic<std::uint64_t> expiries{0};
};

class alignas(64) Shard {
 public:
  Shard(Eviction eviction, const Capacity& capacity, Freshness& freshness,
        RemovalObserver& observer, Epochs& epochs, SettledHint& hint,
        const RaiseTimes* times = nullptr);
  ~Shard();

  /// The way of a hit: calls `use(Entry&)` with the entry of that name if it is fresh and neither past its soft deadline nor due
  /// for a refresh. An access. No lock is held, nor taken; the entry is not reclaimed meanwhile. `thread`: the calling
  /// thread's number.
  template <class Use>
  Visited read(const KeyRef& key, Instant now, std::size_t thread, Use&& use);

  /// Hints to memory, see Store.
  void prefetch_place(const KeyRef& key) const noexcept { table_.prefetch_place(key.hash); }
  void prefetch_entry(const KeyRef& key) const noexcept {
    const Epochs::Section section(epochs_);
    if (section) table_.prefetch_entry(key.hash);
  }

  /// The fresh entry of that name, or null. A dead one found here leaves.
  Found find(const KeyRef& key, Instant now) FRESHET_EXCLUDES(mutex_);
  /// The same, but no access.
  Found peek(const KeyRef& key, Instant now) FRESHET_EXCLUDES(mutex_);
  /// Whether find would find something; counts as no access.
  bool contains(const KeyRef& key, Instant now) FRESHET_EXCLUDES(mutex_);

  /// For whoever would get the exception of a failed load: the entry of that name if it is fresh, or stale since no longer than its
  /// own allowance and `at_most`. Never one that was removed: it is judged here, with the lock. An access.
  Found find_on_error(const KeyRef& key, Instant now, Duration at_most) FRESHET_EXCLUDES(mutex_);
  /// As in Store.
  EntryRef find_previous(const KeyRef& key, Instant now) FRESHET_EXCLUDES(mutex_);
  /// A load that noted `sequence` found that there is nothing, and would have stored `made`: takes out what is not younger, if a fill
  /// of it would be stored. Says whether something was there.
  bool supersede(const EntryRef& made, const KeyRef& key, std::uint64_t sequence, Instant now)
      FRESHET_EXCLUDES(mutex_);

  StoreOutcome fill(const EntryRef& entry, const KeyRef& key, std::uint64_t sequence, Instant now,
                    const Entry* refreshed) FRESHET_EXCLUDES(mutex_);
  StoreOutcome put(const EntryRef& entry, const KeyRef& key, Instant now, const CallStart* since)
      FRESHET_EXCLUDES(mutex_);
  bool invalidate(const KeyRef& key, Mode mode, Instant now) FRESHET_EXCLUDES(mutex_);
  bool invalidate(const EntryRef& entry, Mode mode, Instant now) FRESHET_EXCLUDES(mutex_);
  bool attach(const KeyRef& key, std::span<const LabelRef> labels, Instant now, std::size_t most)
      FRESHET_EXCLUDES(mutex_);

  /// Lets those who depend on the key depend on what its entry depends on. Says whether it was there.
  bool relate_resident(const KeyRef& key, Instant now) FRESHET_EXCLUDES(mutex_);

  /// Frees what is due, a slice for each time that it holds the lock.
  std::size_t expire(Instant now) FRESHET_EXCLUDES(mutex_);

  /// Whether an entry's refresh is due. No lock.
  bool refresh_due(Instant now) const noexcept {
    return next_refresh_.load(std::memory_order_relaxed) <= now.time_since_epoch().count();
  }

  /// Takes out the entries whose refresh is due and adds to `due` those that were read often enough.
  void collect_refreshes(Instant now, const HotReads& hot, std::vector<RefreshCandidate>& due)
      FRESHET_EXCLUDES(mutex_);

  /// Asks for an entry's refresh to become due again at `at`, if it is still here.
  void postpone_refresh(const EntryRef& entry, Instant at) FRESHET_EXCLUDES(mutex_);

  /// Looks at up to `budget` entries, oldest look first, and frees the dead. Takes what it looked at from `budget`.
  /// Returns how many it freed.
  std::size_t sweep(Instant now, std::size_t& budget) FRESHET_EXCLUDES(mutex_);

  /// Adds to `into` entries that are expired and served stale, and that nobody has begun to load again, from where `scan` stands; up
  /// to `most`, looking at up to `looks`, which it lowers. True once the end is reached (store/expired_walk.cpp).
  bool find_expired(std::optional<EntryTable::Scan>& scan, Instant now, std::size_t most,
                    std::size_t& looks, std::vector<EntryRef>& into) FRESHET_EXCLUDES(mutex_);

  /// The `published` since which every entry was looked at. Lowers `due` to the nearest deadline.
  Revision swept(rt::Atomic<std::int64_t>& due) const FRESHET_EXCLUDES(mutex_);

  /// Adds to `into` the entries of a namespace that may be served, also those only on error, and takes out those that are dead:
  /// while the raise that makes one so is under way, readers who know nothing of it are still served it.
  void collect(const Label* space, Instant now, std::vector<EntryRef>& into)
      FRESHET_EXCLUDES(mutex_);

  /// Calls `visitor` for each fresh entry, under the lock: it must be quick and call nothing of ours that locks. What it is not
  /// called for may be a hit all the same, of a reader who does not know yet what it is dead by: good for counts, and not for
  /// deciding what is invalidated (collect).
  template <class Visitor>
  void for_each_served(Instant now, Visitor&& visitor) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    table_.for_each([&](Entry& entry) FRESHET_NO_THREAD_SAFETY_ANALYSIS {
      const Examined examined = examine(entry, now);
      if (examined.is_served()) visitor(entry, examined.expired);
    });
  }
  template <class Visitor>
  void for_each_fresh(Instant now, Visitor&& visitor) FRESHET_EXCLUDES(mutex_) {
    for_each_served(now, [&](Entry& entry, bool expired) {
      if (!expired) visitor(entry);
    });
  }

  Holdings holdings() const FRESHET_EXCLUDES(mutex_);

  /// Adds a bounded look at what is here to `into` (survey.cpp).
  void survey(Instant now, const SurveyLimits& limits, Survey& into) FRESHET_EXCLUDES(mutex_);

  /// Calls `visitor` for each entry, dead ones included, under the lock; returns how many each index holds. For tests.
  struct IndexSizes {
    std::size_t with_deadline = 0;
    std::size_t with_refresh = 0;
  };
  template <class Visitor>
  IndexSizes for_each_resident(Visitor&& visitor) const FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    table_.for_each([&](const Entry& entry) { visitor(entry); });
    return {deadlines_.size(), refreshes_.size()};
  }

  /// Empties the shard and refuses everything from here on.
  void close() FRESHET_EXCLUDES(mutex_);

 private:
  /// Whether an entry may be served as it is. Without the lock, from within a section of the epochs.
  bool is_fresh(Entry& entry, const KeyRef& key, Instant now) const noexcept {
    FRESHET_PAUSE("found_before_judged");
    return entry.deadline() > now && !entry.overtaken.load(std::memory_order_seq_cst) &&
           freshness_.judge(entry.carrier(), key.key) == Verdict::fresh;
  }
  /// Whether a miss may be told without the lock: not where a write under way may have raised its key's label already, for a load
  /// that began after that raise must not be made of what was there before the write.
  bool is_missing(const KeyRef& key) const noexcept {
    return !freshness_.raises_keys_of(*key.space);
  }
  static bool refresh_is_due(const Entry& entry, Instant now) noexcept {
    return entry.refresh_at() <= now && entry.read_enough();
  }

  /// What there is to say of an entry: why it is dead, or that it is expired and may be served all the same, or that only who
  /// would get the exception of a failed load may be served it (shard_judgement.cpp).
  struct Examined {
    std::optional<RemovalCause> death{};
    bool expired = false;
    bool only_on_error = false;
    bool is_served() const noexcept { return !death && !only_on_error; }
  };
  /// An entry that expires here leaves the counts of its labels.
  Examined examine(Entry& entry, Instant now) noexcept FRESHET_REQUIRES(mutex_);
  Examined examine_lasting(Entry& entry, Instant now) noexcept FRESHET_REQUIRES(mutex_);
  RemovalCause cause_by_freshness(const Carrier& carrier) const noexcept;
  void note_expiry(Entry& entry, Instant now) noexcept FRESHET_REQUIRES(mutex_);
  /// From its deadline to its end, among the deadlines. Not while those are walked.
  void retime(Entry& entry) noexcept FRESHET_REQUIRES(mutex_);
  /// The entry of that name if it is not dead; one that is leaves.
  struct Resident {
    Entry* entry = nullptr;
    bool expired = false;
    bool only_on_error = false;
  };
  Resident find_resident(const KeyRef& key, Instant now, Departures& departures)
      FRESHET_REQUIRES(mutex_);
  /// Labels were added to an entry that is here.
  void count_kinds(const Carrier& carrier, bool tagged_before, bool dependent_before) noexcept
      FRESHET_REQUIRES(mutex_);
  /// An entry is about to be stored: what it depends on, those depend on who depend on its key.
  void relate(const Entry& entry, const KeyRef& key, Revision since) FRESHET_REQUIRES(mutex_);
  /// True if the entry was fresh.
  bool invalidate_resident(const Resident& resident, Mode mode, RemovalCause cause, Instant now,
                           Departures& departures) FRESHET_REQUIRES(mutex_);
  void inherit_late_labels(const Entry& resident, Entry& entry) FRESHET_REQUIRES(mutex_);
  /// Whether what a load has made may take a place, as far as freshness goes.
  StoreOutcome judge_fill(Carrier& carrier, const KeyRef& key, std::uint64_t sequence) const
      FRESHET_REQUIRES(mutex_);
  /// `old`: the one of its name that is here.
  StoreOutcome insert(const EntryRef& entry, const KeyRef& key, Entry* old, Instant now,
                      Departures& departures) FRESHET_REQUIRES(mutex_);
  void replace(Entry& old, Entry& entry, std::uint64_t hash, Departures& departures)
      FRESHET_REQUIRES(mutex_);
  /// Evicts until `incoming` fits: what is due first.
  void make_room(const Holdings& incoming, Instant now, Departures& departures)
      FRESHET_REQUIRES(mutex_);
  /// Looks at up to `most` entries whose deadline seems to have come and frees those whose has.
  void expire_due(Instant now, std::size_t most, Departures& departures) FRESHET_REQUIRES(mutex_);
  void unlink(Entry& entry, RemovalCause cause, Departures& departures) noexcept
      FRESHET_REQUIRES(mutex_);
  void link(Entry& entry) noexcept FRESHET_REQUIRES(mutex_);
  void forget(Entry& entry, RemovalCause cause, Departures& departures) noexcept
      FRESHET_REQUIRES(mutex_);
  void leave_traces(Entry& entry, RemovalCause cause) noexcept FRESHET_REQUIRES(mutex_);
  void note_next_times() noexcept FRESHET_REQUIRES(mutex_);
  static void lower(rt::Atomic<std::int64_t>& time, Instant at) noexcept;
  void sample(Instant now, const SurveyLimits& limits, Survey& into) FRESHET_REQUIRES(mutex_);
  void find_next_to_expire(Instant now, const SurveyLimits& limits, Survey& into)
      FRESHET_REQUIRES(mutex_);

  mutable rt::Mutex mutex_;
  Freshness& freshness_;
  RemovalObserver& observer_;
  Epochs& epochs_;
  SettledHint& hint_;
  const RaiseTimes* const times_;  // null: how long ago something was expired is not known
  const Capacity capacity_;
  AccessRecorder accesses_;
  EntryTable table_;  // found in by anybody, changed under mutex_
  std::unique_ptr<EvictionPolicy> policy_ FRESHET_GUARDED_BY(mutex_) FRESHET_PT_GUARDED_BY(mutex_);
  DeadlineIndex deadlines_ FRESHET_GUARDED_BY(mutex_);
  RefreshIndex refreshes_ FRESHET_GUARDED_BY(mutex_);
  // The sweeper's round, if one is open, and `published` when it began.
  std::optional<EntryTable::Scan> pass_ FRESHET_GUARDED_BY(mutex_);
  Revision pass_began_at_ FRESHET_GUARDED_BY(mutex_);
  Revision swept_
      FRESHET_GUARDED_BY(mutex_);  // every entry has been looked at since this was published
  Holdings holdings_ FRESHET_GUARDED_BY(mutex_);
  bool closed_ FRESHET_GUARDED_BY(mutex_) = false;
  // Nanoseconds of the nearest deadline, so that expire() need not lock for nothing. relaxed both ways: a hint, written
  // under mutex_; whoever reads an old one comes again.
  rt::Atomic<std::int64_t> next_deadline_;
  rt::Atomic<std::int64_t> next_refresh_;  // the same of the nearest refresh
};

// In line, here and in whatever else a hit passes: a call would be a tenth of its instructions.
template <class Use>
[[gnu::always_inline]] inline Visited Shard::read(const KeyRef& key, Instant now,
                                                  std::size_t thread, Use&& use) {
  const Epochs::Section section(epochs_, thread);
  if (!section) return Visited::unknown;
  Entry* const entry = table_.find(key);
  if (entry == nullptr) return is_missing(key) ? Visited::no : Visited::unknown;
  if (std::min(entry->soft(), entry->refresh_at()) <= now || !is_fresh(*entry, key, now))
    return Visited::unknown;
  accesses_.note(*entry);
  entry->note_read(now);
  use(*entry);
  return Visited::yes;
}

}  // namespace freshet::detail
