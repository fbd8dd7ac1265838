#include "store/timer_slots.hpp"

#include <algorithm>

namespace freshet::detail {

void TimerList::push_front(TimerNode& node) noexcept {
  if (first_ == nullptr) {
    node.next = end();
    node.previous = &node;
  } else {
    node.next = reinterpret_cast<std::uintptr_t>(first_);
    node.previous = first_->previous;
    first_->previous = &node;
  }
  first_ = &node;
}

void TimerList::take(TimerList& other) noexcept {
  if (other.empty()) return;
  TimerNode* const first = other.first_;
  TimerNode* const last = first->previous;
  last->next = end();
  if (first_ == nullptr) {
    first_ = first;
  } else {
    first->previous = first_->previous;
    first->previous->next = reinterpret_cast<std::uintptr_t>(first);
    first_->previous = last;
  }
  other.first_ = nullptr;
}

TimerList* TimerList::unlink(TimerNode& node) noexcept {
  TimerNode* const previous = node.previous;
  TimerList* emptied = nullptr;
  if (is_end(previous->next)) {  // then that is the last, and the node the first
    TimerList* const list = list_of(previous->next);
    list->first_ = behind(node);
    if (list->first_ == nullptr) {
      emptied = list;
    } else {
      list->first_->previous = previous;
    }
  } else {
    previous->next = node.next;
    TimerNode* const next = is_end(node.next) ? list_of(node.next)->first_ : node_of(node.next);
    next->previous = previous;
  }
  node.next = 0;
  node.previous = nullptr;
  return emptied;
}

void TimerSlots::reserve(Instant now) {
  if (wheel_ == nullptr) wheel_ = std::make_unique<Wheel>();
  if (size_ == 0) tick_ = tick_of(now);
}

void TimerSlots::add(TimerNode& node, Instant at) noexcept {
  ++size_;
  const std::uint64_t tick = tick_of(at);
  if (tick <= tick_) {
    nearest_waiting_ = wheel_->waiting.empty() ? at : std::min(nearest_waiting_, at);
    wheel_->waiting.push_front(node);
    return;
  }
  const auto level = static_cast<unsigned>(std::bit_width(tick ^ tick_) - 1) / kDigitBits;
  const unsigned slot = digit(tick, level);
  wheel_->slots[level * kSlots + slot].push_front(node);
  wheel_->occupied[level] |= std::uint64_t{1} << slot;
  occupied_levels_ |= static_cast<std::uint8_t>(1U << level);
}

void TimerSlots::remove(TimerNode& node) noexcept {
  --size_;
  const TimerList* const emptied = TimerList::unlink(node);
  if (emptied == nullptr || emptied == &wheel_->waiting || emptied == &wheel_->line) return;
  const auto index = static_cast<unsigned>(emptied - wheel_->slots.data());
  const unsigned level = index / kSlots;
  wheel_->occupied[level] &= ~(std::uint64_t{1} << index % kSlots);
  if (wheel_->occupied[level] == 0) occupied_levels_ &= static_cast<std::uint8_t>(~(1U << level));
}

Instant TimerSlots::next() const noexcept {
  if (size_ == 0) return kNever;
  if (!wheel_->line.empty()) return Instant::min();
  if (!wheel_->waiting.empty()) return nearest_waiting_;
  const auto level = static_cast<unsigned>(std::countr_zero(occupied_levels_));
  return start_of(level, static_cast<unsigned>(std::countr_zero(wheel_->occupied[level])));
}

// A node that is in no slot of a level shares that level's digit with the present tick. So when time
// moves to `tick`, what has begun is all that is below the first digit that changes, and in the
// level of that digit what is not beyond it. The others are where they belong as before.
void TimerSlots::advance(Instant now) noexcept {
  if (size_ == 0) return;
  const std::uint64_t tick = tick_of(now);
  if (tick > tick_) {
    const auto level = static_cast<unsigned>(std::bit_width(tick ^ tick_) - 1) / kDigitBits;
    for (unsigned below = 0; below < level; ++below) line_up(below, UINT64_MAX);
    line_up(level, UINT64_MAX >> (kSlots - 1 - digit(tick, level)));
    tick_ = tick;
  } else if (tick_ - tick > kDisorder) {
    for (unsigned level = 0; level < kLevels; ++level) line_up(level, UINT64_MAX);
    wheel_->line.take(wheel_->waiting);
    tick_ = tick;
  }
  if (!wheel_->waiting.empty() && nearest_waiting_ <= now) wheel_->line.take(wheel_->waiting);
}

void TimerSlots::line_up(unsigned level, std::uint64_t slots) noexcept {
  std::uint64_t& occupied = wheel_->occupied[level];
  for (std::uint64_t left = occupied & slots; left != 0; left &= left - 1) {
    const auto slot = static_cast<unsigned>(std::countr_zero(left));
    wheel_->line.take(wheel_->slots[level * kSlots + slot]);
  }
  occupied &= ~slots;
  if (occupied == 0) occupied_levels_ &= static_cast<std::uint8_t>(~(1U << level));
}

// Ticks count from Instant::min(), so that an earlier time is a smaller number.
std::uint64_t TimerSlots::tick_of(Instant at) noexcept {
  return (static_cast<std::uint64_t>(at.time_since_epoch().count()) ^ std::uint64_t{1} << 63) >>
         kTickBits;
}

Instant TimerSlots::start_of(unsigned level, unsigned slot) const noexcept {
  const unsigned shift = level * kDigitBits;
  const std::uint64_t above = tick_ >> shift >> kDigitBits << kDigitBits;
  const std::uint64_t nanoseconds = (above | slot) << shift << kTickBits;
  return Instant(Duration(static_cast<std::int64_t>(nanoseconds ^ std::uint64_t{1} << 63)));
}

}  // namespace freshet::detail
