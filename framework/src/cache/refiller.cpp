#include "cache/refiller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "freshet/errors.hpp"

namespace freshet::detail {
namespace {

constexpr std::size_t kLooksOfATick = 65'536;  // at entries, in one tick, of all blocks together
constexpr std::size_t kLeastLooks = 1'024;     // of a block
constexpr Duration kHotAgain =
    std::chrono::seconds{10};  // between two lists of the hottest, while a walk is under way
constexpr std::size_t kTriesOfATurn = 4'096;  // at keys that turn out to need nothing, in one turn
constexpr std::size_t kFoundAtOnce = 64;  // expired entries that are held while their loads begin

std::uint64_t quota_of(const RecomputeOptions& options) noexcept {
  return (options.max_per_second + Refiller::kTicksPerSecond - 1) / Refiller::kTicksPerSecond;
}

}  // namespace

void Refiller::tick() {
  for (const auto& owned : blocks_) {
    PolicyBlock& block = *owned;
    RefillQueue& queue = block.refills();
    if (!queue.recomputes() && queue.waiting() == 0) continue;
    const RefillQueue::TurnHolder holder(queue);
    Turn* const turn = holder.get();
    if (turn == nullptr) continue;  // a load that ended goes on at this moment
    turn->quota = quota_of(block.policy()->options.recompute);
    turn->looks = std::max(kLeastLooks, kLooksOfATick / blocks_.size());
    look(block, *turn);
    run(block, *turn);
  }
}

void Refiller::go_on(PolicyBlock& block) {
  const RefillQueue::TurnHolder holder(block.refills());
  if (holder.get() != nullptr) run(block, *holder.get());
}

void Refiller::look(PolicyBlock& block, Turn& turn) {
  RefillQueue& queue = block.refills();
  if (!queue.recomputes() || !block.has_bound_loaders()) return;
  const Instant now = services_.clock.now();
  const std::uint64_t expiries = services_.freshness.expiries() + block.store().expiries();
  if (expiries != turn.seen) {
    // What is expired again and again must not keep the walk from its turn: it finds the hottest as well.
    const bool walks = turn.rounds > 0 && now < later(turn.hot_at, kHotAgain);
    if (turn.next_hot == turn.hot.size() && !walks) list_hottest(block, turn);
    turn.rounds = turn.walk.at_begin() ? 1 : 2;
    turn.seen = expiries;
    if (!turn.holds_off) {
      const Duration hold_off = block.policy()->options.hold_off;
      turn.not_before = later(now, hold_off);
      turn.holds_off = hold_off > Duration::zero();
    }
  }
  if (turn.rounds == 0) {
    if (queue.take_missed()) {
      turn.rounds = 1;
      turn.not_before = later(now, turn.pause);
      turn.pause = std::min(turn.pause * 2, kLongestPause);
    } else {
      turn.pause = kFirstPause;
    }
  }
  if (turn.not_before <= now) turn.holds_off = false;
}

void Refiller::list_hottest(PolicyBlock& block, Turn& turn) {
  std::vector<KeyName> hottest;
  for (HotKey& hot : block.hot_keys().top(kHotFirst))
    hottest.push_back({std::move(hot.key), std::move(hot.name_space)});
  turn.hot = std::move(hottest);
  turn.next_hot = 0;
  turn.hot_at = services_.clock.now();
  block.refills().set_hot_pending(!turn.hot.empty());
}

void Refiller::run(PolicyBlock& block, Turn& turn) {
  for (std::size_t tries = 0; tries < kTriesOfATurn && turn.quota > 0; ++tries) {
    if (block.refills().budget().left(services_.clock.now()) == 0) return;
    if (!start_one(block, turn)) return;
  }
}

bool Refiller::start_one(PolicyBlock& block, Turn& turn) {
  RefillQueue& queue = block.refills();
  const Instant now = services_.clock.now();
  if (auto key = queue.next_rewarm(now)) {
    start_named(block, std::move(*key), Purpose::rewarm, turn);
    return true;
  }
  if (queue.recomputes() && turn.not_before <= now) {
    if (start_hot(block, turn) || walk_on(block, turn)) return true;
  }
  if (auto key = queue.next_warm()) {
    start_named(block, std::move(*key), Purpose::warm, turn);
    return true;
  }
  return false;
}

bool Refiller::start_hot(PolicyBlock& block, Turn& turn) {
  if (turn.next_hot >= turn.hot.size()) {
    if (turn.hot.empty()) return false;
    turn.hot.clear();
    turn.next_hot = 0;
    block.refills().set_hot_pending(false);
    return false;
  }
  KeyName& next = turn.hot[turn.next_hot++];
  // Found, not pinned: a namespace that nobody uses is not to come alive.
  LabelRef space = services_.freshness.find(LabelName(LabelKind::name_space, next.name_space));
  if (space) start_named(block, {std::move(space), std::move(next.key)}, Purpose::recompute, turn);
  return true;
}

bool Refiller::walk_on(PolicyBlock& block, Turn& turn) {
  if (turn.rounds == 0 || turn.looks == 0) return false;
  const Instant now = services_.clock.now();
  const std::uint64_t left = std::min(turn.quota, block.refills().budget().left(now));
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left, kFoundAtOnce));
  std::vector<EntryRef> found;
  const bool ended_round = block.store().find_expired(turn.walk, now, most, turn.looks, found);
  if (ended_round) --turn.rounds;
  for (const EntryRef& ref : found) {
    const Entry& entry = entry_of(ref);
    start_named(block, {entry.carrier().labels().front(), std::string(entry.key())},
                Purpose::recompute, turn);
  }
  return !found.empty() || ended_round;
}

void Refiller::start_named(PolicyBlock& block, RefillQueue::Key key, Purpose purpose, Turn& turn) {
  switch (refresher_.refill(block, key.space, key.key, purpose, ended(block, purpose))) {
    case Refresher::Refill::started:
      --turn.quota;
      return;
    case Refresher::Refill::not_needed:
      if (purpose == Purpose::warm) block.refills().end_warm(&WarmProgress::already_there);
      return;
    case Refresher::Refill::no_loader:
      if (purpose == Purpose::rewarm) block.counters().add(Metric::rewarms_dropped);
      if (purpose == Purpose::warm) wait_again(block, std::move(key));
      return;
    case Refresher::Refill::no_room:  // readers were faster
      if (purpose == Purpose::recompute) {
        turn.rounds = 2;  // the walk will come by
      } else if (purpose == Purpose::rewarm) {
        rewarm({&block, std::move(key)});
      } else {
        wait_again(block, std::move(key));
      }
      return;
  }
}

void Refiller::wait_again(PolicyBlock& block, RefillQueue::Key key) {
  const LabelRef space = key.space;
  block.refills().put_back(std::move(key));
  if (block.bound_loader(space)) block.refills().note_loader(space);
}

Refresher::Ended Refiller::ended(PolicyBlock& block, Purpose purpose) {
  return [this, &block, purpose](bool loaded) {
    RefillQueue& queue = block.refills();
    queue.budget().done();
    if (purpose == Purpose::recompute && !loaded) queue.note_missed();
    if (purpose == Purpose::warm)
      queue.end_warm(loaded ? &WarmProgress::loaded : &WarmProgress::failed);
    go_on(block);
  };
}

bool Refiller::is_fresh(const Named& named) const {
  const Found found =
      named.block->store().peek(KeyRef(*named.key.space, named.key.key), services_.clock.now());
  return found && !found.expired;
}

// What is loaded sooner than a hold-off allows would not be kept.
void Refiller::rewarm(Named named) {
  const Duration hold_off = named.block->policy()->options.hold_off;
  const Instant not_before = later(services_.clock.now(), hold_off);
  if (!named.block->refills().add_rewarm(std::move(named.key), not_before))
    named.block->counters().add(Metric::rewarms_dropped);
}

void Refiller::warm(std::vector<Named> keys) {
  rt::Lock lock(warm_mutex_);
  const std::uint64_t waiting = warming().waiting;
  if (waiting + keys.size() > kMaxWarmKeys) {
    throw Error(fmt::format("{} keys to be warm: at most {} may wait, and {} do", keys.size(),
                            kMaxWarmKeys, waiting));
  }
  for (Named& named : keys) {
    RefillQueue& queue = named.block->refills();
    const LabelRef space = named.key.space;
    if (queue.add_warm(std::move(named.key)) && named.block->bound_loader(space))
      queue.note_loader(space);
  }
}

WarmProgress Refiller::warming() const {
  WarmProgress sum;
  for (const auto& block : blocks_) {
    const WarmProgress part = block->refills().warming();
    sum.asked += part.asked;
    sum.waiting += part.waiting;
    sum.without_loader += part.without_loader;
    sum.under_way += part.under_way;
    sum.loaded += part.loaded;
    sum.already_there += part.already_there;
    sum.failed += part.failed;
  }
  return sum;
}

}  // namespace freshet::detail
