// SingleFlight: one load per key at a time, shared by everyone who may share it.
//
// A flight is one load under way. It notes, before its loader runs, the sequence of its key's stripe and its birth. A caller
// notes both words at its own start, and
//   joins a flight only if the sequences are equal (the key was not written in between) and none of the labels it asks for
//     was raised since the flight's birth, and if it announces the same versions;
//   takes the result only if that is fresh when it arrives, or if the revision had not moved between the flight's birth and
//     the caller's start; otherwise it starts over.
// A second load of a key runs beside the first only if the first could not be joined, and a third need waits for
// whichever of them ends first (guarantee G2). A caller that would wait, directly or through other loaders, for a load that its own thread
// is making, or that it reads for, gets RecursiveLoad instead.
// Who waits blocks (wait), or asks to be told (watch).
//
// States of a flight: loading -> sealed (seal: labels are fixed, the fill is under way) -> done (complete or fail).
// Thread-safe. Locks: a shard of the table, or the graph of waits; never both, never while a loader runs.
#pragma once

#include <array>
#include <exception>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "freshet/detail/stepped_read.hpp"
#include "freshness/freshness.hpp"
#include "refresh/load_link.hpp"
#include "store/entry.hpp"

namespace freshet::detail {

class SingleFlight {
 public:
  class Flight;

  /// How a caller stands to the loads of its key.
  enum class Role : std::uint8_t {
    lead,  // make the value, then complete() or fail() the flight
    join,  // wait, then judge the result
    wait,  // wait, then start over
  };
  struct Boarding {
    Role role;
    std::shared_ptr<Flight> flight;
  };

  /// Who runs the loader of a flight: the thread that boards, or a coroutine, which has none.
  enum class Leader : std::uint8_t { thread, coroutine };

  explicit SingleFlight(const Freshness& freshness) noexcept : freshness_(freshness) {}

  /// Finds a flight to join, or starts one. `labels` are what the caller asked for; they are pinned by it, and writes of the
  /// keys among them are seen since `proven_since`.
  Boarding board(const KeyRef& key, const CallStart& start, const std::vector<LabelRef>& labels,
                 Revision proven_since = {}, Leader leader = Leader::thread);

  /// A flight that nobody joins or waits for; its caller leads. What it makes must not be kept.
  std::shared_ptr<Flight> board_alone(const KeyRef& key, const std::vector<LabelRef>& labels,
                                      Leader leader = Leader::thread) const;

  /// Waits for a flight to end. Returns what it made; throws what its loader threw, or RecursiveLoad. `reader` is the load that
  /// the caller reads for; may be null.
  EntryRef wait(const KeyRef& key, Flight& flight, const LoadLink* reader = nullptr);
  /// Waits for a flight to end, however. Throws RecursiveLoad.
  void wait_for_end(const KeyRef& key, Flight& flight, const LoadLink* reader = nullptr);

  /// Has `wakeup` called when the flight has ended, on the thread that ends it, with no lock held. False: it has ended, and
  /// nothing will be called. Throws RecursiveLoad, or std::bad_alloc; then nothing will be called either.
  bool watch(const KeyRef& key, Flight& flight, const LoadLink* reader,
             const std::shared_ptr<Wakeup>& wakeup);
  /// Ends what watch() began if that returned true, once, whether or not the flight has ended. It may be called meanwhile.
  void unwatch(const KeyRef& key, Flight& flight, const LoadLink* reader,
               const std::shared_ptr<Wakeup>& wakeup) noexcept;
  /// Throws what abandon_all() was given if it ended the wait for this flight, and not its load. For who was woken by watch().
  void throw_if_abandoned(const KeyRef& key, const Flight& flight);
  /// What a flight that has ended made; throws what its loader threw. Null: those who waited start over.
  EntryRef result(const KeyRef& key, const Flight& flight);

  /// A load that waits for a thread to run it. Who is about to wait for its flight asks it to begin there, if that must not wait for
  /// another thread: a load may wait for it (`for_a_load`), or the load itself knows why.
  class Queued {
   public:
    virtual ~Queued() = default;
    virtual void run_if_needed(bool for_a_load) noexcept = 0;
  };
  /// The leader hands the loader to another thread: until take_over() nobody leads.
  void hand_over(const KeyRef& key, Flight& flight, std::shared_ptr<Queued> queued);
  /// The calling thread leads from here on.
  void take_over(Flight& flight) noexcept FRESHET_EXCLUDES(waits_mutex_);

  /// As wait_for_end(), until `until` at the latest. False if it has not ended by then.
  bool wait_until(const KeyRef& key, Flight& flight, const LoadLink* reader, const Clock& clock,
                  Instant until);

  /// Whether a caller that began at `start` may use what a flight made.
  bool usable(const KeyRef& key, const EntryRef& result, const CallStart& start) const noexcept;

  /// Ends the joining: returns the union of what was asked for. Only the leader.
  std::vector<LabelRef> seal(const KeyRef& key, Flight& flight);
  /// Hands the result, or the exception, to everyone who waits. Only the leader, once.
  void complete(const KeyRef& key, Flight& flight, EntryRef result);
  void fail(const KeyRef& key, Flight& flight, std::exception_ptr error);

  /// Ends every wait for a flight that is under way, with `error`; who comes later starts a flight of its own. What their leaders
  /// bring is for nobody else. O(flights).
  void abandon_all(const std::exception_ptr& error);

  /// The lowest birth of any flight under way; UINT64_MAX if there is none. A flight that begins meanwhile is born later than
  /// whatever was raised before this call. O(flights).
  Revision oldest_birth() const;

  /// Flights under way. For tests. O(shards).
  std::size_t size() const;
  /// Waits that are noted: a thread's, and those for each load that is held up. For tests. O(1).
  std::size_t waits() const FRESHET_EXCLUDES(waits_mutex_);

 private:
  static constexpr std::size_t kShards = rt::kLockShards;
  static constexpr std::size_t kMaxFlights = 2;

  struct Name {
    const Label* space;
    std::string key;
    std::uint64_t hash;
    friend bool operator==(const Name& a, const Name& b) noexcept {
      return a.space == b.space && a.key == b.key;
    }
  };
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(const Name& name) const noexcept { return name.hash; }
    std::size_t operator()(const KeyRef& key) const noexcept { return key.hash; }
  };
  struct SameName {
    using is_transparent = void;
    bool operator()(const Name& a, const Name& b) const noexcept { return a == b; }
    bool operator()(const KeyRef& a, const Name& b) const noexcept {
      return a.space == b.space && a.key == b.key;
    }
    bool operator()(const Name& a, const KeyRef& b) const noexcept { return (*this)(b, a); }
  };
  using Flights = std::vector<std::shared_ptr<Flight>>;  // oldest first, at most kMaxFlights
  struct alignas(64) Shard {
    mutable rt::Mutex mutex;
    std::unordered_map<Name, Flights, NameHash, SameName> flights FRESHET_GUARDED_BY(mutex);
  };

  /// What stands for the next end of a load of a key that has as many as it may. Under the lock of the shard.
  static std::shared_ptr<Flight> room_beside(const std::shared_ptr<Flight>& oldest);
  Shard& shard_of(const KeyRef& key) noexcept { return shards_[(key.hash >> 32) % kShards]; }
  /// Joins a flight of the caller's sequence that still loads, if its labels allow it.
  bool join(const KeyRef& key, Flight& flight, const CallStart& start,
            const std::vector<LabelRef>& labels) const;
  void end(const KeyRef& key, Flight& flight, EntryRef result, std::exception_ptr error);
  /// Who waits: a thread, or a coroutine; and the load that it reads for, or null.
  struct Waiter {
    std::optional<rt::ThreadId> thread{};
    const LoadLink* reader = nullptr;
    /// A coroutine that no load waits for cannot close a circle.
    bool counts() const noexcept { return thread || reader != nullptr; }
  };
  /// Has a load begin that this thread would otherwise keep from it.
  void help(const KeyRef& key, Flight& flight, const LoadLink* reader);
  /// Notes that somebody waits for `flight`, unless that would close a circle.
  void enter_wait(const KeyRef& key, const Flight& flight, const Waiter& waiter)
      FRESHET_EXCLUDES(waits_mutex_);
  void leave_wait(const Flight& flight, const Waiter& waiter) noexcept
      FRESHET_EXCLUDES(waits_mutex_);
  /// What enter_wait() has noted, for the loads before `up_to`.
  void forget_wait(const Flight& flight, const Waiter& waiter,
                   const LoadLink* up_to = nullptr) noexcept FRESHET_REQUIRES(waits_mutex_);
  /// Whether the end of `flight` waits for what `waiter` reads for.
  bool waits_for(const Flight& flight, const Waiter& waiter) const FRESHET_REQUIRES(waits_mutex_);

  const Freshness& freshness_;
  std::array<Shard, kShards> shards_;
  mutable rt::Mutex waits_mutex_;
  // Who waits for what: threads; and loads, of which each may have several readers.
  std::unordered_map<rt::ThreadId, const Flight*> waits_ FRESHET_GUARDED_BY(waits_mutex_);
  std::unordered_multimap<const LoadLink*, const Flight*> waits_of_loads_
      FRESHET_GUARDED_BY(waits_mutex_);
};

/// One load under way. Its constants are for everyone; the rest belongs to the lock of its shard.
class SingleFlight::Flight {
 public:
  Flight(const CallStart& noted, Leader leader, std::vector<LabelRef> labels)
      : noted_(noted), labels_(std::move(labels)) {
    if (leader == Leader::thread) leader_ = rt::current_thread();
  }

  /// No load: it ends with the first of a key's loads that does.
  explicit Flight(std::shared_ptr<const Flight> oldest) : noted_{}, beside_(std::move(oldest)) {}

  /// The birth of what this load makes.
  Revision birth() const noexcept { return noted_.revision; }
  /// The sequence of the key's stripe, noted before the load.
  std::uint64_t sequence() const noexcept { return noted_.sequence; }

  /// Says what its loader reads for. Only the leader, before the loader runs; `load` lives until the flight has ended.
  void made_by(const LoadLink& load) noexcept { load_.store(&load, std::memory_order_release); }

 private:
  friend class SingleFlight;
  enum class State : std::uint8_t { loading, sealed, done };

  bool holds_up() const noexcept { return state_ != State::done && !abandoned_; }

  const CallStart noted_;
  const std::shared_ptr<const Flight> beside_{};  // the oldest load, for what is none
  std::optional<rt::ThreadId> leader_;            // changes under the lock of the graph of waits
  // release in made_by(), acquire in waits_for(): compared with what is alive, not looked into.
  rt::Atomic<const LoadLink*> load_{nullptr};
  // Under the lock of the shard:
  State state_ = State::loading;
  bool abandoned_ = false;  // nobody waits any more
  std::vector<LabelRef> labels_;
  EntryRef result_;
  std::exception_ptr error_;
  std::vector<std::shared_ptr<Wakeup>> watchers_;
  std::shared_ptr<Queued> queued_{};  // from hand_over() on, until it has ended
  std::shared_ptr<Flight>
      room_{};  // of the oldest load of its key: what is waited for by those who find no room
  rt::CondVar ended_;
  // Whether state_ is done, for the graph of waits, which is under another lock. release in end(), acquire in enter_wait():
  // a thread that has ended its flight and waits for another's is never seen as still leading the first.
  rt::Atomic<bool> is_done_{false};
};

/// Whether two callers want values made with the same versions.
bool same_versions(std::span<const LabelRef> labels, std::span<const LabelRef> others);

/// Adds to `labels` those of `more` that it lacks.
void unite(std::vector<LabelRef>& labels, std::span<const LabelRef> more);
inline void unite(std::vector<LabelRef>& labels, std::initializer_list<LabelRef> more) {
  unite(labels, std::span(more.begin(), more.size()));
}

}  // namespace freshet::detail
