#include "store/epochs.hpp"

#include <algorithm>
#include <utility>

namespace freshet::detail {

// What is reclaimed may retire more.
Epochs::~Epochs() {
  while (collect() != 0) {
  }
}

void Epochs::retire(Retired& one, void (*let_go)(Retired&) noexcept, std::uint64_t bytes) noexcept {
  Limbo& limbo = limbo_of_this_thread();
  one.reclaim = let_go;
  Retired* free_now = nullptr;
  {
    rt::Lock lock(limbo.mutex);
    add(limbo, one, bytes);
    if (limbo.count < limbo.collect_at && limbo.bytes < kBytesAtOnce) return;
    free_now = take(limbo);
    // Behind a reader that stays, the next attempt comes after as many again.
    limbo.collect_at = limbo.count + rt::kRetiredAtOnce;
    limbo.bytes = 0;
  }
  reclaim(free_now);
}

void Epochs::put_aside(Retired& one, void (*let_go)(Retired&) noexcept,
                       std::uint64_t bytes) noexcept {
  Limbo& limbo = limbo_of_this_thread();
  one.reclaim = let_go;
  rt::Lock lock(limbo.mutex);
  add(limbo, one, bytes);
}

Epochs::Limbo& Epochs::limbo_of_this_thread() noexcept {
  Limbo* const own = limbos_.mine();
  return own != nullptr ? *own : shared_limbo_;
}

void Epochs::add(Limbo& limbo, Retired& one, std::uint64_t bytes) noexcept {
  one.next_retired = limbo.gathered;
  limbo.gathered = &one;
  ++limbo.count;
  limbo.bytes += bytes;
}

std::size_t Epochs::collect() noexcept {
  std::size_t reclaimed = 0;
  const auto collect_from = [&](Limbo& limbo) {
    // The second time for what the first found waiting behind an older group. What is reclaimed may retire more.
    for (int pass = 0; pass < 2; ++pass) {
      Retired* free_now = nullptr;
      {
        rt::Lock lock(limbo.mutex);
        if (limbo.gathered == nullptr && limbo.numbered == nullptr) return;
        free_now = take(limbo);
      }
      reclaimed += reclaim(free_now);
    }
  };
  limbos_.for_each(collect_from);
  collect_from(shared_limbo_);
  return reclaimed;
}

Retired* Epochs::take(Limbo& limbo) noexcept {
  Retired* free_now = nullptr;
  if (limbo.numbered != nullptr && limbo.number <= oldest_reader())
    free_now = std::exchange(limbo.numbered, nullptr);
  if (limbo.numbered != nullptr || limbo.gathered == nullptr) return free_now;
  // The number first, then the fence, then the look at the readers: whoever is not seen then, or has the number or a later
  // one, began when everything gathered here could not be found any more.
  limbo.numbered = std::exchange(limbo.gathered, nullptr);
  limbo.number = now_.fetch_add(1, std::memory_order_acq_rel) + 1;
  limbo.count = 0;
  limbo.bytes = 0;
  FRESHET_PAUSE("retired_before_fence");
  rt::fence_all_threads();
  if (limbo.number > oldest_reader()) return free_now;
  Retired* const newer = std::exchange(limbo.numbered, nullptr);
  if (free_now == nullptr) return newer;
  Retired* last = free_now;
  while (last->next_retired != nullptr) last = last->next_retired;
  last->next_retired = newer;
  return free_now;
}

std::uint64_t Epochs::oldest_reader() const noexcept {
  std::uint64_t oldest = UINT64_MAX;
  readers_.for_each([&](const Reader& reader) {
    const std::uint64_t epoch = reader.epoch.load(std::memory_order_acquire);
    if (epoch != kOutside) oldest = std::min(oldest, epoch);
  });
  return oldest;
}

std::size_t Epochs::reclaim(Retired* first) noexcept {
  std::size_t count = 0;
  for (; first != nullptr; ++count) {
    Retired& one = *std::exchange(first, first->next_retired);
    one.reclaim(one);
  }
  return count;
}

}  // namespace freshet::detail
