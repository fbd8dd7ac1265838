// Store: the entries of one policy block, in memory, within a capacity.
//
// The seam to what is above: find, fill, put, remove, attach, expire, sweep. Inside, sharded and locked (README.md); what is
// outside this folder does not know that.
// Thread-safe. Calls nothing but the RemovalObserver, with no lock held. Is told the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "freshet/policy.hpp"
#include "store/shard.hpp"

namespace freshet::detail {

class Store {
 public:
  /// Neither `freshness` nor `observer` may go before the store does.
  Store(Eviction eviction, const Capacity& capacity, Freshness& freshness,
        RemovalObserver& observer, const RaiseTimes* times = nullptr);

  /// The fresh entry of that name, or null. An access for the eviction policy.
  Found find(const KeyRef& key, Instant now) { return shard_of(key).find(key, now); }

  /// For whoever would get the exception of a failed load: what may be served of that name now, stale for no longer than `at_most`; see
  /// Shard::find_on_error.
  Found find_on_error(const KeyRef& key, Instant now, Duration at_most) {
    return shard_of(key).find_on_error(key, now, at_most);
  }
  /// See Shard.
  bool supersede(const EntryRef& made, const KeyRef& key, std::uint64_t sequence, Instant now) {
    return shard_of(key).supersede(made, key, sequence, now);
  }

  /// The way of a hit, see Shard::read: calls `visitor` with the value of that name.
  [[gnu::always_inline]] Visited visit(const KeyRef& key, Instant now, std::size_t thread,
                                       FunctionRef<void(const void* value)> visitor) {
    return shard_of(key).read(key, now, thread,
                              [&](const Entry& entry) { visitor(entry.value()); });
  }
  /// The same for who keeps the entry.
  [[gnu::always_inline]] Visited share(const KeyRef& key, Instant now, std::size_t thread,
                                       EntryRef& into) {
    return shard_of(key).read(key, now, thread, [&](Entry& entry) {
      FRESHET_PAUSE("found_before_shared");
      into = EntryRef::share(&entry);
    });
  }

  /// Ask memory for what a look-up of the key reads first, and, once that has come, for the entry. No more than hints.
  void prefetch_place(const KeyRef& key) noexcept { shard_of(key).prefetch_place(key); }
  void prefetch_entry(const KeyRef& key) noexcept { shard_of(key).prefetch_entry(key); }

  /// The same, but no access.
  Found peek(const KeyRef& key, Instant now) { return shard_of(key).peek(key, now); }

  /// The value that a load of the key replaces, as far as it may be looked at for that: fresh, or stale by time or by an expiry.
  /// Never one that was removed. No access.
  EntryRef find_previous(const KeyRef& key, Instant now) {
    return shard_of(key).find_previous(key, now);
  }

  /// Whether find would find something. No access.
  bool contains(const KeyRef& key, Instant now) { return shard_of(key).contains(key, now); }

  /// Keeps the value of a load that noted `sequence` of the key's stripe when it began, unless the key was written since,
  /// a label of the entry was raised since, or a value of higher birth is there. `refreshed`: the entry that was loaded again, if it
  /// was one; labels that it was given meanwhile are on the new one if it takes its place.
  StoreOutcome fill(const EntryRef& entry, const KeyRef& key, std::uint64_t sequence, Instant now,
                    const Entry* refreshed = nullptr) {
    return shard_of(key).fill(entry, key, sequence, now, refreshed);
  }

  /// Keeps a value that is true now; overtakes the loads of its key under way. Gives the entry its birth. Whatever was
  /// there leaves in any case. With `since`: unless the key was written or a label of the entry raised since then, when it is born.
  StoreOutcome put(const EntryRef& entry, const KeyRef& key, Instant now,
                   const CallStart* since = nullptr) {
    return shard_of(key).put(entry, key, now, since);
  }

  /// Removes or expires the key and overtakes the loads of it under way. What expires stays, to be served stale, if it has
  /// a soft deadline. Says whether something fresh was there.
  bool invalidate(const KeyRef& key, Mode mode, Instant now) {
    return shard_of(key).invalidate(key, mode, now);
  }
  /// The same for one entry that a predicate named, if it is still here; loads under way are not concerned.
  bool invalidate(const EntryRef& entry, Mode mode, Instant now) {
    return shard_of(entry_of(entry).hash()).invalidate(entry, mode, now);
  }

  /// For who begins to depend on a key: what its entry depends on comes along. Says whether there is an entry.
  bool relate_resident(const KeyRef& key, Instant now) {
    return shard_of(key).relate_resident(key, now);
  }

  /// Adds labels to a fresh entry; raises before this call do not count for them. Says whether it was there. Once the entry
  /// carries `most` labels, what stands for the rest is added in their place.
  bool attach(const KeyRef& key, std::span<const LabelRef> labels, Instant now,
              std::size_t most = SIZE_MAX) {
    return shard_of(key).attach(key, labels, now, most);
  }

  /// Frees every entry whose deadline has come. O(shards) when none has. Returns how many it freed.
  std::size_t expire(Instant now);

  /// Whether some entry's refresh point has come. O(shards), without a lock.
  bool refresh_due(Instant now) const noexcept;

  /// The entries whose refresh point has come and that were read often enough by then: by their own count, or, if they
  /// were read at all, by that of `hot`. The others are let go: each entry comes up once, unless it is postponed.
  std::vector<RefreshCandidate> due_refreshes(Instant now, const HotReads& hot);

  /// Lets a candidate come up again at `at`.
  void postpone_refresh(const EntryRef& entry, Instant at);

  /// Looks at up to `budget` entries and frees the dead among them; goes on where the last call stopped. Costs O(shards)
  /// when nothing was invalidated since a whole round. Returns how many it freed.
  std::size_t sweep(Instant now, std::size_t budget);

  /// A walk along all entries in steps, for those that are expired. Whoever was expired when it began and still is has been
  /// found at its end, or somebody is loading it again.
  struct ExpiredWalk {
    std::size_t shard = 0;
    std::optional<EntryTable::Scan> scan{};
    bool at_begin() const noexcept { return shard == 0 && !scan; }
  };
  /// Goes on with a walk: adds up to `most` entries to `into`, looking at up to `looks`, which it lowers. True once it has come to the
  /// end; then it stands at the beginning again.
  bool find_expired(ExpiredWalk& walk, Instant now, std::size_t most, std::size_t& looks,
                    std::vector<EntryRef>& into);
  /// How often an entry of this store was expired by itself; Freshness::expiries() counts what is raised.
  std::uint64_t expiries() const noexcept { return hint_.expiries.load(std::memory_order_acquire); }

  /// Whether no dead entry can be here: all were looked at since the last raise, and no deadline has come. O(1); a sweep that
  /// comes to an end says so.
  bool settled(Instant now) const noexcept;

  /// The `published` since which every entry was looked at, as the last sweep found it.
  Revision swept() const noexcept {
    return Revision{hint_.swept_at.load(std::memory_order_relaxed)};
  }

  /// The entries of a namespace that may be served, also those only on error; what is dead is taken out. O(entries).
  std::vector<EntryRef> collect(const Label* space, Instant now) {
    std::vector<EntryRef> found;
    for (const auto& shard : shards_) shard->collect(space, now, found);
    return found;
  }

  /// Calls `visitor(const Entry&)` for every fresh entry, under the lock of its shard: it must be quick and must not call
  /// the store. O(entries).
  template <class Visitor>
  void for_each_fresh(Instant now, Visitor&& visitor) {
    for (const auto& shard : shards_) shard->for_each_fresh(now, visitor);
  }

  /// The same for whatever may be served: `visitor(const Entry&, bool expired)`.
  template <class Visitor>
  void for_each_served(Instant now, Visitor&& visitor) {
    for (const auto& shard : shards_) shard->for_each_served(now, visitor);
  }

  /// A bounded look at each shard, one lock at a time.
  void survey(Instant now, const SurveyLimits& limits, Survey& into) {
    for (const auto& shard : shards_) shard->survey(now, limits, into);
  }

  /// Calls `visitor` for each entry, dead ones included, under the lock of its shard. For tests.
  template <class Visitor>
  Shard::IndexSizes for_each_resident(Visitor&& visitor) const {
    Shard::IndexSizes total;
    for (const auto& shard : shards_) {
      const Shard::IndexSizes part = shard->for_each_resident(visitor);
      total.with_deadline += part.with_deadline;
      total.with_refresh += part.with_refresh;
    }
    return total;
  }

  Holdings holdings() const;
  std::size_t shard_count() const noexcept { return shards_.size(); }

  /// Lets go of entries that have left and that no reader can hold any more. Returns how many.
  std::size_t reclaim() noexcept { return epochs_.collect(); }

  /// Empties the store for good.
  void close();

 private:
  Shard& shard_of(const KeyRef& key) noexcept { return shard_of(key.hash); }
  Shard& shard_of(std::uint64_t hash) noexcept {
    // The table has the bits below, the fingerprints have those above.
    return *shards_[((hash >> 16 & 0xFFFF'FFFFU) * shards_.size()) >> 32];
  }

  /// Notes how far the shards were swept, and their nearest deadline.
  void note_swept();

  Freshness& freshness_;
  Epochs epochs_;
  SettledHint hint_;
  std::vector<std::unique_ptr<Shard>> shards_;
  rt::Atomic<std::size_t> next_to_sweep_{0};  // relaxed: two sweeps at once only share the work
};

}  // namespace freshet::detail
