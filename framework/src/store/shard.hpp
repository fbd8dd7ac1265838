// Shard: one lock's worth of a store: a table, an eviction order, the deadlines, the sweeper's round.
//
// Everything happens under mutex_. Entries that leave are chained up under the lock and let go after it (Departures), so
// that no destructor, counter or listener of anybody else runs with the lock held.
// Lock order: mutex_, then those of freshness (a write of a key that others depend on raises its label).
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "analytics/hot_reads.hpp"
#include "freshet/outcome.hpp"
#include "freshness/freshness.hpp"
#include "store/deadline_index.hpp"
#include "store/eviction_policy.hpp"
#include "store/survey.hpp"

namespace freshet::detail {

/// Entries that have just left a table. Reports and releases them when it goes out of scope: declare it before the lock.
class Departures {
 public:
  enum class Found : std::uint8_t { by_a_call, by_a_sweep };
  explicit Departures(RemovalObserver& observer, Found found = Found::by_a_call) noexcept
      : observer_(observer), found_(found) {}
  ~Departures();
  Departures(const Departures&) = delete;
  Departures& operator=(const Departures&) = delete;

  void add(Entry& entry, RemovalCause cause) noexcept;
  std::size_t count() const noexcept { return count_; }

 private:
  RemovalObserver& observer_;
  const Found found_;
  Entry* first_ = nullptr;
  std::size_t count_ = 0;
};

/// Totals of what a shard or store holds.
struct Holdings {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t tagged = 0;
  std::uint64_t dependent = 0;
};

/// An answered look-up.
struct Found {
  EntryRef entry{};
  bool refresh_due = false;  // its refresh point has passed, and it was read often enough
  bool expired = false;      // by an invalidation; policy lets it be served all the same

  explicit operator bool() const noexcept { return static_cast<bool>(entry); }
};

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
};

class alignas(64) Shard {
 public:
  Shard(Eviction eviction, const Capacity& capacity, Freshness& freshness,
        RemovalObserver& observer, SettledHint& hint);
  ~Shard();

  /// The fresh entry of that name, or null. A dead one found here leaves.
  Found find(const KeyRef& key, Instant now) FRESHET_EXCLUDES(mutex_);
  Found peek(const KeyRef& key, Instant now) FRESHET_EXCLUDES(mutex_);
  /// Whether find would find something; counts as no access.
  bool contains(const KeyRef& key, Instant now) FRESHET_EXCLUDES(mutex_);

  StoreOutcome fill(const EntryRef& entry, const KeyRef& key, std::uint64_t sequence, Instant now)
      FRESHET_EXCLUDES(mutex_);
  StoreOutcome put(const EntryRef& entry, const KeyRef& key, Instant now) FRESHET_EXCLUDES(mutex_);
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

  /// The `published` since which every entry was looked at. Lowers `due` to the nearest deadline.
  Revision swept(rt::Atomic<std::int64_t>& due) const FRESHET_EXCLUDES(mutex_);

  /// Calls `visitor` for each fresh entry, under the lock: it must be quick and call nothing of ours that locks.
  template <class Visitor>
  void for_each_served(Instant now, Visitor&& visitor) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    for (Entry* entry : table_) {
      const Examined examined = examine(*entry, now);
      if (!examined.death) visitor(*entry, examined.expired);
    }
  }
  template <class Visitor>
  void for_each_fresh(Instant now, Visitor&& visitor) FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    for (Entry* entry : table_) {
      const Examined examined = examine(*entry, now);
      if (!examined.death && !examined.expired) visitor(*entry);
    }
  }

  Holdings holdings() const FRESHET_EXCLUDES(mutex_);

  /// Adds a bounded look at what is here to `into` (survey.cpp).
  void survey(Instant now, const SurveyLimits& limits, Survey& into) FRESHET_EXCLUDES(mutex_);

  /// Calls `visitor` for each entry, dead ones included, under the lock; returns how many each index holds. For tests.
  struct IndexSizes {
    std::size_t swept = 0;
    std::size_t with_deadline = 0;
    std::size_t with_refresh = 0;
  };
  template <class Visitor>
  IndexSizes for_each_resident(Visitor&& visitor) const FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    for (const Entry* entry : table_) visitor(*entry);
    return {sweep_list_.size(), deadlines_.size(), refreshes_.size()};
  }

  /// Empties the shard and refuses everything from here on.
  void close() FRESHET_EXCLUDES(mutex_);

 private:
  struct HashName {
    using is_transparent = void;
    std::size_t operator()(const Entry* entry) const noexcept { return entry->hash(); }
    std::size_t operator()(const KeyRef& key) const noexcept { return key.hash; }
  };
  struct SameName {
    using is_transparent = void;
    bool operator()(const Entry* a, const Entry* b) const noexcept { return a == b; }
    bool operator()(const KeyRef& key, const Entry* entry) const noexcept {
      return entry->named(key);
    }
    bool operator()(const Entry* entry, const KeyRef& key) const noexcept {
      return entry->named(key);
    }
  };
  using Table = std::unordered_set<Entry*, HashName, SameName>;  // owns a reference to each entry
  using SweepList = boost::intrusive::list<Entry, boost::intrusive::base_hook<SweepHook>>;

  /// What there is to say of an entry: why it is dead, or that it is expired and may be served all the same.
  struct Examined {
    std::optional<RemovalCause> death{};
    bool expired = false;
  };
  /// An entry that expires here leaves the counts of its labels.
  Examined examine(Entry& entry, Instant now) noexcept FRESHET_REQUIRES(mutex_);
  Instant deadline_of(const Entry& entry) const noexcept;
  /// The entry of that name if it is not dead; one that is leaves.
  struct Resident {
    Entry* entry = nullptr;
    bool expired = false;
  };
  Resident find_resident(const KeyRef& key, Instant now, Departures& departures)
      FRESHET_REQUIRES(mutex_);
  /// Labels were added to an entry that is here.
  void count_kinds(const Carrier& carrier, bool tagged_before, bool dependent_before) noexcept
      FRESHET_REQUIRES(mutex_);
  /// An entry is about to be stored: what it depends on, those depend on who depend on its key.
  void relate(const Entry& entry, const KeyRef& key, Revision since) FRESHET_REQUIRES(mutex_);
  /// True if the entry was fresh.
  bool invalidate_resident(Entry& entry, bool was_expired, Mode mode, RemovalCause cause,
                           Departures& departures) FRESHET_REQUIRES(mutex_);
  StoreOutcome insert(const EntryRef& entry, const KeyRef& key, Instant now, Departures& departures)
      FRESHET_REQUIRES(mutex_);
  void replace(Table::iterator place, Entry& entry, Departures& departures)
      FRESHET_REQUIRES(mutex_);
  /// Evicts until `incoming` fits: what is due first.
  void make_room(const Holdings& incoming, Instant now, Departures& departures)
      FRESHET_REQUIRES(mutex_);
  /// Looks at up to `most` entries whose deadline seems to have come and frees those whose has. Returns how many it looked at.
  std::size_t expire_due(Instant now, std::size_t most, Departures& departures)
      FRESHET_REQUIRES(mutex_);
  void remove_from_table(Entry& entry) noexcept FRESHET_REQUIRES(mutex_);
  void unlink(Entry& entry, RemovalCause cause, Departures& departures) noexcept
      FRESHET_REQUIRES(mutex_);
  void link(Entry& entry) noexcept FRESHET_REQUIRES(mutex_);
  void forget(Entry& entry, RemovalCause cause, Departures& departures) noexcept
      FRESHET_REQUIRES(mutex_);
  void leave_traces(const Entry& entry, RemovalCause cause) noexcept FRESHET_REQUIRES(mutex_);
  void note_next_times() noexcept FRESHET_REQUIRES(mutex_);
  void sample(Instant now, const SurveyLimits& limits, Survey& into) FRESHET_REQUIRES(mutex_);
  void find_next_to_expire(Instant now, const SurveyLimits& limits, Survey& into)
      FRESHET_REQUIRES(mutex_);

  mutable rt::Mutex mutex_;
  Freshness& freshness_;
  RemovalObserver& observer_;
  SettledHint& hint_;
  const Capacity capacity_;
  AccessRecorder accesses_;
  Table table_ FRESHET_GUARDED_BY(mutex_);
  std::unique_ptr<EvictionPolicy> policy_ FRESHET_GUARDED_BY(mutex_) FRESHET_PT_GUARDED_BY(mutex_);
  DeadlineIndex deadlines_ FRESHET_GUARDED_BY(mutex_);
  RefreshIndex refreshes_ FRESHET_GUARDED_BY(mutex_);
  SweepList sweep_list_ FRESHET_GUARDED_BY(mutex_);  // next to be looked at first
  std::uint32_t sweep_pass_ FRESHET_GUARDED_BY(mutex_) = 1;
  bool pass_open_ FRESHET_GUARDED_BY(mutex_) = false;
  Revision pass_began_at_ FRESHET_GUARDED_BY(mutex_);  // `published` when the present pass began
  Revision swept_
      FRESHET_GUARDED_BY(mutex_);  // every entry has been looked at since this was published
  Holdings holdings_ FRESHET_GUARDED_BY(mutex_);
  bool closed_ FRESHET_GUARDED_BY(mutex_) = false;
  // Nanoseconds of the nearest deadline, so that expire() need not lock for nothing. relaxed both ways: a hint, written
  // under mutex_; whoever reads an old one comes again.
  rt::Atomic<std::int64_t> next_deadline_;
  rt::Atomic<std::int64_t> next_refresh_;  // the same of the nearest refresh
};

}  // namespace freshet::detail
