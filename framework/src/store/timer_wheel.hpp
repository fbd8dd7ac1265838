// TimerWheel: elements that have something due, each of which comes up once its time has come.
//
// A hierarchical timing wheel (timer_slots.hpp) through the elements themselves, which derive from
// TimerHook<Tag>. It keeps no times: `At` tells an element's, and that may move later while the
// element is in the wheel, but never earlier. What comes up too early goes where it belongs by then.
//   add, remove     O(1)
//   next            O(1)
//   due             amortised O(1) for each level that an element comes through, 8 at most
// A million elements may come up at once, so due() is given a number of looks, and stops when they
// are used up; besides it does up to 512 list operations when time has moved on.
// Confined to the lock of whoever owns it. Allocates in reserve(), once, and in visit_next().
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "store/timer_slots.hpp"

namespace freshet::detail {

/// What an element of a wheel derives from; once for each wheel that it can be in at a time.
template <class Tag>
struct TimerHook : TimerNode {};

/// `At` is default-constructible; `At{}(const Element&)` is the element's time, kNever if it has none
/// any more. It must not throw.
template <class Element, class Tag, class At>
class TimerWheel {
 public:
  TimerWheel() = default;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// For an add() of something whose time is not kNever; once is enough, but a wheel that is told the
  /// time while it is empty has less to do afterwards. Throws std::bad_alloc; then nothing has
  /// changed.
  void reserve(Instant now) { slots_.reserve(now); }

  /// Does nothing for kNever. The element is not in the wheel, and what At says is not before `at`.
  void add(Element& element, Instant at) noexcept {
    if (at != kNever) slots_.add(node_of(element), at);
  }
  /// Does nothing if the element is not there.
  void remove(Element& element) noexcept {
    if (is_linked(element)) slots_.remove(node_of(element));
  }
  static bool is_linked(const Element& element) noexcept {
    return static_cast<const TimerHook<Tag>&>(element).previous != nullptr;
  }
  std::size_t size() const noexcept { return slots_.size(); }

  /// No element is due before; kNever if there is none. It may be too early, by as much as the slot
  /// of the nearest spans. It is at most `now` while due(now) has not seen all that may be due: only
  /// when it is later, due(now) has returned every element that was.
  Instant next() const noexcept { return slots_.next(); }

  /// Some element whose time has come by `now`, or null: there is none, or `looks` ran out, from
  /// which this takes one for each element that it looks at. The element stays where it is, to be
  /// removed: the next call would return it again. Ones whose time is kNever by now leave.
  Element* due(Instant now, std::size_t& looks) noexcept {
    if (size() == 0 || next() > now) return nullptr;
    slots_.advance(now);
    while (looks > 0 && slots_.first_in_line() != nullptr) {
      --looks;
      Element& element = element_of(*slots_.first_in_line());
      const Instant at = At{}(element);
      if (at <= now) return &element;
      remove(element);
      add(element, at);
    }
    return nullptr;
  }

  /// Calls `visitor(element, at)` for the `most` that are due next of those `wanted`, nearest first:
  /// a predicate. Looks at slot after slot, and at `looks` elements altogether. Says whether that
  /// was enough; if not, nearer ones may have been missed. O(looks * log most) and `most` places of
  /// memory; throws std::bad_alloc.
  template <class Wanted, class Visitor>
  bool visit_next(std::size_t most, std::size_t looks, Wanted&& wanted, Visitor&& visitor) {
    if (most == 0) return true;
    struct Chosen {
      Instant at;
      Element* element;
    };
    const auto nearer = [](const Chosen& a, const Chosen& b) { return a.at < b.at; };
    std::vector<Chosen> chosen;  // a heap, the farthest on top
    bool enough = true;
    slots_.visit([&](const TimerList& list, Instant not_before) {
      if (chosen.size() == most && chosen.front().at <= not_before) return false;
      for (TimerNode* node = list.first(); node != nullptr; node = TimerList::behind(*node)) {
        if (looks == 0) return enough = false;
        --looks;
        Element& element = element_of(*node);
        const Instant at = At{}(element);
        if (chosen.size() == most && chosen.front().at <= at) continue;
        if (at == kNever || !wanted(element)) continue;
        if (chosen.size() == most) {
          std::pop_heap(chosen.begin(), chosen.end(), nearer);
          chosen.pop_back();
        }
        chosen.push_back({at, &element});
        std::push_heap(chosen.begin(), chosen.end(), nearer);
      }
      return true;
    });
    std::sort_heap(chosen.begin(), chosen.end(), nearer);
    for (const Chosen& next : chosen) visitor(*next.element, next.at);
    return enough;
  }

 private:
  static TimerNode& node_of(Element& element) noexcept {
    return static_cast<TimerHook<Tag>&>(element);
  }
  static Element& element_of(TimerNode& node) noexcept {
    return static_cast<Element&>(static_cast<TimerHook<Tag>&>(node));
  }

  TimerSlots slots_;
};

}  // namespace freshet::detail
