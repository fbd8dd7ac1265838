// RefillQueue: what waits, in one block, to be loaded in the background: keys that an invalidation is to load again, keys that
// are to be warm, and how far the walk along expired entries has come.
//
// Bounded: kMaxRewarm keys to be loaded again, kMaxWarmKeys to be warm over all blocks (Refiller sees to that), as many hot keys
// as kHotFirst; of expired entries nothing is kept but the place of a walk. A key waits once in each of the two queues: its hash
// says whether it does, so one in 2^64 is taken for another, and is loaded when somebody reads it.
// Whose turn it is: one thread at a time has the Turn, and starts loads with no lock held. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "freshet/policy.hpp"
#include "freshet/warming.hpp"
#include "refresh/paced_budget.hpp"
#include "store/store.hpp"

namespace freshet::detail {

class RefillQueue {
 public:
  static constexpr std::size_t kMaxRewarm = 10'000;

  struct Key {
    LabelRef space;
    std::string key;
  };

  /// How far the loading of expired entries has come: first the hottest keys by name, then a walk along all entries.
  struct Turn {
    std::uint64_t quota = 0;     // loads that may yet begin before the next tick
    std::size_t looks = 0;       // at entries, likewise
    std::uint64_t seen = 0;      // expiries that the walk knows of
    std::vector<KeyName> hot{};  // at most Refiller::kHotFirst
    std::size_t next_hot = 0;
    Instant hot_at{};  // when they were listed
    Store::ExpiredWalk walk{};
    int rounds = 0;                             // ends that the walk has yet to come to
    Instant not_before{};                       // no load for expired entries until then
    bool holds_off = false;                     // because loads before that would not be kept
    Duration pause = std::chrono::seconds{10};  // before a round again, after one with failures
  };

  PacedBudget& budget() noexcept { return budget_; }
  void set_options(const RecomputeOptions& options) noexcept;
  /// Whether expired entries of the block are loaded again; as the policy in force says.
  bool recomputes() const noexcept { return recomputes_.load(std::memory_order_relaxed); }

  /// Has the turn while it lives, unless somebody else has it.
  class TurnHolder {
   public:
    explicit TurnHolder(RefillQueue& queue) : queue_(queue), turn_(queue.begin_turn()) {}
    ~TurnHolder() {
      if (turn_) queue_.end_turn(std::move(turn_));
    }
    TurnHolder(const TurnHolder&) = delete;
    TurnHolder& operator=(const TurnHolder&) = delete;
    Turn* get() const noexcept { return turn_.get(); }

   private:
    RefillQueue& queue_;
    std::unique_ptr<Turn> turn_;
  };

  /// Whether the hottest of what was expired wait yet: readers of other keys leave the budget to them.
  bool is_hot_pending() const noexcept { return hot_pending_.load(std::memory_order_relaxed); }
  void set_hot_pending(bool pending) noexcept {
    hot_pending_.store(pending, std::memory_order_relaxed);
  }
  /// An expired entry was to be loaded and is as it was.
  void note_missed() noexcept { missed_.store(true, std::memory_order_relaxed); }
  bool take_missed() noexcept { return missed_.exchange(false, std::memory_order_relaxed); }

  /// False if too many wait. One that waits already is not added again.
  bool add_rewarm(Key key, Instant not_before) FRESHET_EXCLUDES(mutex_);
  std::optional<Key> next_rewarm(Instant now) FRESHET_EXCLUDES(mutex_);

  /// A key that is to be warm waits for a loader; who adds one looks afterwards whether there is one. False if it waits already.
  bool add_warm(Key key) FRESHET_EXCLUDES(mutex_);
  /// A loader was bound: what waited for it waits for its turn.
  void note_loader(const LabelRef& space) FRESHET_EXCLUDES(mutex_);
  /// The next one, which is under way from here on; one of the two below must follow.
  std::optional<Key> next_warm() FRESHET_EXCLUDES(mutex_);
  void end_warm(std::uint64_t WarmProgress::*outcome) FRESHET_EXCLUDES(mutex_);
  /// It waits again, for a loader or for room; as add_warm().
  void put_back(Key key) FRESHET_EXCLUDES(mutex_);

  /// How far warming has come in this block.
  WarmProgress warming() const FRESHET_EXCLUDES(mutex_);
  /// Named keys that wait, of both kinds.
  std::size_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

 private:
  struct Rewarming {
    Key key;
    Instant not_before;
  };
  static std::uint64_t hash_of(const Key& key) noexcept { return KeyRef(*key.space, key.key).hash; }
  std::unique_ptr<Turn> begin_turn() noexcept FRESHET_EXCLUDES(mutex_);
  void end_turn(std::unique_ptr<Turn> turn) noexcept FRESHET_EXCLUDES(mutex_);
  bool park(Key key) FRESHET_REQUIRES(mutex_);
  void note_waiting() noexcept FRESHET_REQUIRES(mutex_);

  PacedBudget budget_;
  rt::Atomic<bool> recomputes_{
      false};  // relaxed: a call beside a reload goes by the old or the new
  rt::Atomic<bool> hot_pending_{false};  // relaxed: only an order of precedence
  rt::Atomic<bool> missed_{false};       // relaxed: seen by a later tick
  rt::Atomic<std::size_t> waiting_{0};   // relaxed: a statistic, and a hint; written under the lock
  mutable rt::Mutex mutex_;
  std::unique_ptr<Turn> turn_ FRESHET_GUARDED_BY(mutex_) = std::make_unique<Turn>();
  std::deque<Rewarming> rewarm_ FRESHET_GUARDED_BY(mutex_);
  std::unordered_set<std::uint64_t> rewarm_names_ FRESHET_GUARDED_BY(mutex_);
  std::deque<Key> warm_ FRESHET_GUARDED_BY(mutex_);
  std::unordered_map<const Label*, std::deque<Key>> without_loader_ FRESHET_GUARDED_BY(mutex_);
  std::unordered_set<std::uint64_t> warm_names_ FRESHET_GUARDED_BY(mutex_);
  std::size_t parked_ FRESHET_GUARDED_BY(mutex_) = 0;  // in without_loader_
  WarmProgress warming_ FRESHET_GUARDED_BY(mutex_);    // but for what waits
};

}  // namespace freshet::detail
