// TimerSlots: nodes in slots of time that widen with the distance; what a TimerWheel is made of.
//
// Varghese & Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 7. Time is counted in
// ticks of 2^17 ns; a tick is a number of eight digits of 6 bits, and each digit has a level. A node
// is in the level of the first digit in which its tick differs from the present one, and there in
// the slot of that digit. So whatever is in a level is nearer than all that is in the levels above,
// and the slots of a level stand in the order of time:
//
//   level        0        1         2       3      4        5      6          7
//   slot spans   131 us   8.4 ms    537 ms  34 s   37 min   39 h   104 days   18 years
//
// Beside the slots there are two lists. A node whose tick is the present one, or an earlier one,
// waits; the nearest time among those is known. And once the time of a slot, or of one who waits,
// has come, all of it stands in line for a look, which says of each whether it is due or belongs
// elsewhere. A node goes through the line once a level at most, and once for each time that comes
// within its last tick.
// Memory: two words a node; 4 KiB of slots from the first node on, until the end.
// Confined to the lock of whoever owns it. Allocates in reserve() alone.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "freshet/clock.hpp"

namespace freshet::detail {

/// The links of whatever stands in a TimerList.
struct TimerNode {
  std::uintptr_t next = 0;        // of the last: its list, with the lowest bit set
  TimerNode* previous = nullptr;  // of the first: the last; of whoever is in no list: null

  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;
};

/// Nodes in a row, with one word for a head. Its address is in its last node: it stays where it is.
class TimerList {
 public:
  TimerList() = default;
  TimerList(const TimerList&) = delete;
  TimerList& operator=(const TimerList&) = delete;

  bool empty() const noexcept { return first_ == nullptr; }
  TimerNode* first() const noexcept { return first_; }
  /// Null behind the last.
  static TimerNode* behind(const TimerNode& node) noexcept {
    return is_end(node.next) ? nullptr : node_of(node.next);
  }

  void push_front(TimerNode& node) noexcept;
  /// Moves all of `other` to the end. O(1).
  void take(TimerList& other) noexcept;
  /// Takes a node out of whichever list it is in. Returns that if nothing is left in it, or null.
  static TimerList* unlink(TimerNode& node) noexcept;

 private:
  static bool is_end(std::uintptr_t next) noexcept { return (next & 1) != 0; }
  static TimerNode* node_of(std::uintptr_t next) noexcept {
    return reinterpret_cast<TimerNode*>(next);
  }
  static TimerList* list_of(std::uintptr_t end) noexcept {
    return reinterpret_cast<TimerList*>(end - 1);
  }
  std::uintptr_t end() const noexcept { return reinterpret_cast<std::uintptr_t>(this) + 1; }

  TimerNode* first_ = nullptr;
};

class TimerSlots {
 public:
  /// Makes the slots, if there are none; throws std::bad_alloc. While they are empty they follow
  /// the time, `now`, in either direction.
  void reserve(Instant now);
  /// After a reserve(). The node is in no list; `at` is not kNever.
  void add(TimerNode& node, Instant at) noexcept;
  /// The node was added here.
  void remove(TimerNode& node) noexcept;
  std::size_t size() const noexcept { return size_; }

  /// No node has an earlier time. Instant::min() while somebody stands in line.
  Instant next() const noexcept;

  /// Puts in line whoever's time may have come. Costs O(slots whose time has come) list operations,
  /// whatever stands in them. A time well before the last one puts all in line.
  void advance(Instant now) noexcept;
  TimerNode* first_in_line() const noexcept { return wheel_->line.first(); }

  /// Calls `visitor(list, not_before)` for each list that has nodes, none of which has an earlier
  /// time than `not_before`, until it says false. The line first, then who waits, then the
  /// slots in order of time.
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    if (size_ == 0) return;
    const TimerList& line = wheel_->line;
    const TimerList& waiting = wheel_->waiting;
    if (!line.empty() && !visitor(line, Instant::min())) return;
    if (!waiting.empty() && !visitor(waiting, nearest_waiting_)) return;
    for (unsigned level = 0; level < kLevels; ++level) {
      for (std::uint64_t left = wheel_->occupied[level]; left != 0; left &= left - 1) {
        const auto slot = static_cast<unsigned>(std::countr_zero(left));
        if (!visitor(wheel_->slots[level * kSlots + slot], start_of(level, slot))) return;
      }
    }
  }

 private:
  static constexpr unsigned kTickBits = 17;
  static constexpr unsigned kDigitBits = 6;
  static constexpr unsigned kSlots = 1U << kDigitBits;
  static constexpr unsigned kLevels = 8;  // 17 + 8 * 6 bits are enough for 64
  // A time that is earlier than the last one by less, 34 s, is that of a thread that waited for the
  // lock; beyond that the clock has been set.
  static constexpr std::uint64_t kDisorder = std::uint64_t{1} << 3 * kDigitBits;

  struct Wheel {
    std::array<TimerList, kLevels * kSlots> slots{};
    TimerList waiting{};  // their ticks are tick_ or earlier
    TimerList line{};
    std::array<std::uint64_t, kLevels> occupied{};  // a bit for each slot that is not empty
  };

  static std::uint64_t tick_of(Instant at) noexcept;
  Instant start_of(unsigned level, unsigned slot) const noexcept;
  static unsigned digit(std::uint64_t tick, unsigned level) noexcept {
    return static_cast<unsigned>(tick >> level * kDigitBits) % kSlots;
  }
  void line_up(unsigned level, std::uint64_t slots) noexcept;

  std::unique_ptr<Wheel> wheel_;
  std::size_t size_ = 0;
  std::uint64_t tick_ = 0;            // the present one
  Instant nearest_waiting_{};         // or earlier; means nothing while nobody waits
  std::uint8_t occupied_levels_ = 0;  // a bit for each level that has an occupied slot
};

}  // namespace freshet::detail
