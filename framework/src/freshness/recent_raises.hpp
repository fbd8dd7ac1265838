// RecentRaises: when labels were raised last, roughly, so that a reader who is behind need not walk its labels.
//
// A table of revisions. A label has the slot that its address chooses, and a raise leaves its revision there before it stores
// `published`. A reader who has read `published` looks at the slots of the carrier's labels: is none above the revision it was
// last checked at? Then none of these labels was raised since, and it is as fresh as it was. Labels that share a slot cost a
// walk that was not needed, and never spare one that was. Neither a label nor what it points at is touched.
// What no comparison of labels answers (bans, the root) is one word for all.
// Thread-safe: one writer at a time, any number of readers, no lock. Revisions in a slot only grow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "freshness/carrier.hpp"

namespace freshet::detail {

class RecentRaises {
 public:
  /// Under the lock of raises, before `published` is stored. relaxed here and in spare(): that store and its load come
  /// between.
  void note(const Label* label, Revision at) noexcept {
    slots_[slot_of(label)].store(at.value, std::memory_order_relaxed);
  }
  /// The same for what any carrier may be hit by.
  void note_any(Revision at) noexcept { any_.store(at.value, std::memory_order_relaxed); }

  /// Whether no raise after `checked` can concern the carrier. Call after `published` was read.
  bool spare(const Carrier& carrier, Revision checked) const noexcept {
    if (any_.load(std::memory_order_relaxed) > checked.value) return false;
    if (carrier.attached() != nullptr) return false;  // keys may be among them, with ancestors
    for (const LabelRef& label : carrier.labels()) {
      if (slots_[slot_of(label.get())].load(std::memory_order_relaxed) > checked.value)
        return false;
    }
    return true;
  }

 private:
  static constexpr int kSlotBits = rt::kRecentRaiseBits;

  // From the address alone: the label that was raised may be gone.
  static std::size_t slot_of(const Label* label) noexcept {
    return (reinterpret_cast<std::uintptr_t>(label) * 0x9E37'79B9'7F4A'7C15U) >> (64 - kSlotBits);
  }

  std::array<rt::Atomic<std::uint64_t>, std::size_t{1} << kSlotBits> slots_{};
  rt::Atomic<std::uint64_t> any_{0};
};

}  // namespace freshet::detail
