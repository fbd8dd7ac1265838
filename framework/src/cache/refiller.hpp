// Refiller: loads in the background that no read asked for: what an invalidation expired, keys that one is to load again, keys
// that are to be warm.
//
// Each block has its own budget (RecomputeOptions), which all three share, and so do readers who start the load of an expired
// entry themselves: whichever second is looked at, no more loads of these kinds are handed to the executor in it than the budget
// says. A tick spends a tenth of it, so that the origin sees a stream and no burst; a load that ends lets the next one begin.
// Behind an executor that is busy with something else they gather, up to max_at_once, and begin together once it is free.
//
// Order within a block: keys to be loaded again; the hottest keys among what was expired; what a walk along all entries finds
// expired; keys to be warm. Until the hottest are through, readers leave the budget to them; then they may start the load of what
// they read, with what the walk has left.
//
// Nothing is kept about which entries were expired: that something was is counted, and a walk looks. Entries whose load failed
// are found by another walk, after a pause that grows from kFirstPause to kLongestPause.
// Thread-safe. Loaders run on the executor, with no lock held; every load is one of the Refresher's, born when it begins.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cache/policy_block.hpp"
#include "cache/refresher.hpp"
#include "freshness/freshness.hpp"

namespace freshet::detail {

class Refiller {
 public:
  static constexpr std::size_t kHotFirst = 1'000;
  static constexpr std::uint64_t kTicksPerSecond = 10;
  static constexpr Duration kFirstPause = std::chrono::seconds{10};
  static constexpr Duration kLongestPause = std::chrono::minutes{10};

  /// All of them outlive this.
  Refiller(const LoadServices& services, const std::vector<std::unique_ptr<PolicyBlock>>& blocks,
           Refresher& refresher) noexcept
      : services_(services), blocks_(blocks), refresher_(refresher) {}

  /// Starts what a tenth of a second allows. For the sweeper's step, ten times a second.
  void tick();

  /// A key of a block, by names that are alive.
  struct Named {
    PolicyBlock* block;
    RefillQueue::Key key;
  };
  /// Whether something fresh is cached under it.
  bool is_fresh(const Named& named) const;
  /// Loads it again; counts it as dropped if too many wait.
  void rewarm(Named named);
  /// Has the keys loaded, each once a loader is bound. Throws Error, and adds none, if too many would wait.
  void warm(std::vector<Named> keys) FRESHET_EXCLUDES(warm_mutex_);
  WarmProgress warming() const;

 private:
  using Turn = RefillQueue::Turn;
  using Purpose = Refresher::Purpose;

  /// Sees whether something was expired since the last look, or failed to be loaded.
  void look(PolicyBlock& block, Turn& turn);
  void list_hottest(PolicyBlock& block, Turn& turn);
  /// Starts loads until the turn's quota, the budget, or what there is to load is at its end.
  void run(PolicyBlock& block, Turn& turn);
  /// One of them. False if there was none.
  bool start_one(PolicyBlock& block, Turn& turn);
  bool start_hot(PolicyBlock& block, Turn& turn);
  bool walk_on(PolicyBlock& block, Turn& turn);
  void start_named(PolicyBlock& block, RefillQueue::Key key, Purpose purpose, Turn& turn);
  void wait_again(PolicyBlock& block, RefillQueue::Key key);
  Refresher::Ended ended(PolicyBlock& block, Purpose purpose);
  /// Goes on with what is left of the quota.
  void go_on(PolicyBlock& block);

  const LoadServices& services_;
  const std::vector<std::unique_ptr<PolicyBlock>>& blocks_;
  Refresher& refresher_;
  rt::Mutex
      warm_mutex_;  // one call at a time, so that the bound on what waits holds; before those of the queues
};

}  // namespace freshet::detail
