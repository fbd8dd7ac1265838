// RecentCount: how many of something happened in the last minute and in the last hour.
//
// Two rings: 60 seconds and 60 minutes, so its memory does not depend on how much happens. A count is exact to one slot:
// the slot that is under way counts, and 59 before it. Confined to one thread, or to whoever holds the lock.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "freshet/clock.hpp"
#include "freshet/rates.hpp"

namespace freshet::detail {

class RecentCount {
 public:
  void add(Instant now, std::uint64_t amount = 1) noexcept {
    minute_.add(now, amount);
    hour_.add(now, amount);
  }

  Rate rate(Instant now) const noexcept { return {minute_.sum(now), hour_.sum(now)}; }

 private:
  template <class Slot>
  class Ring {
   public:
    void add(Instant now, std::uint64_t amount) noexcept {
      const std::int64_t slot = slot_of(now);
      Cell& cell = cells_[static_cast<std::size_t>(slot) % kCells];
      if (cell.slot != slot) cell = {slot, 0};
      cell.count += amount;
    }
    std::uint64_t sum(Instant now) const noexcept {
      const std::int64_t slot = slot_of(now);
      std::uint64_t total = 0;
      for (const Cell& cell : cells_) {
        if (cell.slot > slot - static_cast<std::int64_t>(kCells) && cell.slot <= slot)
          total += cell.count;
      }
      return total;
    }

   private:
    static constexpr std::size_t kCells = 60;
    struct Cell {
      std::int64_t slot = 0;  // which second or minute since the clock began
      std::uint64_t count = 0;
    };
    static std::int64_t slot_of(Instant now) noexcept {
      return std::chrono::duration_cast<Slot>(now.time_since_epoch()).count();
    }
    std::array<Cell, kCells> cells_{};
  };

  Ring<std::chrono::seconds> minute_;
  Ring<std::chrono::minutes> hour_;
};

}  // namespace freshet::detail
