#include "store/ghost_table.hpp"

#include <algorithm>
#include <new>

namespace freshet::detail {
namespace {

constexpr std::uint64_t kKeysPerBucket = 4;
constexpr std::uint64_t kFewestBuckets = 32;
constexpr std::uint64_t kMostBuckets = std::uint64_t{1} << 30;

// A shard's keys share some bits of their hash: spreads the others over all.
std::uint32_t fingerprint_of(std::uint64_t hash) noexcept {
  return static_cast<std::uint32_t>((hash * 0x9E3779B97F4A7C15U) >> 32);
}

}  // namespace

void GhostTable::fit(std::uint64_t window) noexcept {
  const std::uint64_t wanted =
      std::clamp(window / kKeysPerBucket + 1, kFewestBuckets, kMostBuckets);
  if (count_ * 2 > wanted) return;
  Bucket* made = new (std::nothrow) Bucket[wanted];
  if (made == nullptr) return;
  buckets_.reset(made);
  count_ = wanted;
}

GhostTable::Bucket& GhostTable::bucket_of(std::uint64_t hash) noexcept {
  return buckets_[(hash & UINT32_MAX) * count_ >> 32];
}

void GhostTable::add(std::uint64_t hash) noexcept {
  if (count_ == 0) return;
  if (++added_ == 0) ++added_;
  const std::uint32_t fingerprint = fingerprint_of(hash);
  Slot* place = nullptr;
  for (Slot& slot : bucket_of(hash).slots) {
    if (slot.added != 0 && slot.fingerprint == fingerprint) {
      place = &slot;
      break;
    }
    const bool better =
        place == nullptr || (place->added != 0 && (slot.added == 0 || age(slot) > age(*place)));
    if (better) place = &slot;
  }
  *place = {fingerprint, added_};
}

bool GhostTable::take(std::uint64_t hash, std::uint64_t window) noexcept {
  if (count_ == 0) return false;
  const std::uint32_t fingerprint = fingerprint_of(hash);
  for (Slot& slot : bucket_of(hash).slots) {
    if (slot.added == 0 || slot.fingerprint != fingerprint) continue;
    const bool remembered = age(slot) < window;
    slot = {};
    return remembered;
  }
  return false;
}

}  // namespace freshet::detail
