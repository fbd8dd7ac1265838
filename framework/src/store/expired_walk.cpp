// Finding what is expired and still served, a step at a time: for whoever loads it again (cache/refiller.hpp).
//
// Nothing is kept about which entries those are: a walk costs a look at each entry, once for an invalidation or for several
// together, and no memory.
#include <algorithm>

#include "store/store.hpp"

namespace freshet::detail {
namespace {

constexpr std::size_t kLooksAtOnce = 1024;  // in one hold of a shard's lock

}  // namespace

bool Shard::find_expired(std::optional<EntryTable::Scan>& scan, Instant now, std::size_t most,
                         std::size_t& looks, std::vector<EntryRef>& into) {
  rt::Lock lock(mutex_);
  std::size_t here = std::min(looks, kLooksAtOnce);
  looks -= here;
  while (here > 0 && into.size() < most) {
    --here;
    if (table_.is_moving()) {
      here -= std::min(here, table_.move_some(here + 1));
      continue;
    }
    if (!scan || !table_.is_current(*scan)) scan = table_.begin_scan();
    Entry* const entry = table_.at(*scan);
    if (entry == nullptr) return scan.reset(), looks += here, true;
    ++scan->slot;
    const bool claimed = entry->refreshing.load(std::memory_order_relaxed);
    if (!claimed && examine(*entry, now).expired) into.push_back(EntryRef::share(entry));
  }
  looks += here;
  return false;
}

bool Store::find_expired(ExpiredWalk& walk, Instant now, std::size_t most, std::size_t& looks,
                         std::vector<EntryRef>& into) {
  while (looks > 0 && into.size() < most) {
    if (!shards_[walk.shard]->find_expired(walk.scan, now, most, looks, into)) continue;
    if (++walk.shard < shards_.size()) continue;
    walk.shard = 0;
    return true;
  }
  return false;
}

}  // namespace freshet::detail
