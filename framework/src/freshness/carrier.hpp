// Carrier: the part of an entry that carries labels.
//
// Its labels lie right behind it, in the memory of whoever it is part of. They never change once the entry is published; labels that
// are added later are attached in front of a list. References to labels are given up when the entry is destroyed (a reader may be walking them), while the labels'
// resident counts go down when the entry leaves the table.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_set>

#include "freshness/label.hpp"

namespace freshet::detail {

/// A label added to a stored entry. It ignores raises up to the revision at which it was joined.
struct AttachedLabel {
  LabelRef label;
  Revision joined;
  AttachedLabel* next;
};

/// Whether who depends on a key inherits this label from the key's entry: a dependency, or what stands for some. Not the
/// policy version: a change of that raises the namespace, and with it the key.
bool is_inherited(const Label& label) noexcept;

class Carrier {
 public:
  /// `labels`: the namespace first, each once. Whoever the carrier is part of puts them right behind it, where they stay while it is.
  Carrier(Revision birth, std::span<const LabelRef> labels) noexcept;
  ~Carrier();
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  Revision birth() const noexcept { return birth_; }
  /// For a put, which is born when it takes its key's lock. Only before the entry is published.
  void be_born(Revision now) noexcept { birth_ = now; }
  std::span<const LabelRef> labels() const noexcept { return {first_label(), label_count_}; }
  /// With those attached later.
  std::vector<LabelRef> all_labels() const;
  const Label* name_space() const noexcept { return first_label()->get(); }
  /// What lies behind the labels.
  const void* labels_end() const noexcept { return first_label() + label_count_; }

  /// acquire: pairs with the release in attach(), so that an attached label is seen whole.
  const AttachedLabel* attached() const noexcept {
    return attached_.load(std::memory_order_acquire);
  }

  bool carries(const Label* label) const noexcept;
  bool carries_any(const std::unordered_set<const Label*>& labels) const;
  /// How many it carries beside its namespace. O(labels attached).
  std::size_t label_count() const noexcept;
  bool carries_tag() const noexcept;
  bool carries_dependency() const noexcept;
  /// Something that is_inherited().
  bool carries_inherited() const noexcept;
  /// Whether it carries all that is inherited from `other`. O(labels of both).
  bool carries_inherited_of(const Carrier& other) const noexcept;

  /// Whether labels that it does not carry itself may make it stale: it depends on keys.
  bool may_have_ancestors() const noexcept { return (kinds_ & bit_of(LabelKind::key)) != 0; }

  /// Adds a label that ignores raises up to `joined`. Call with the lock of the entry's shard held; readers may walk
  /// meanwhile. Does nothing if the label is carried already.
  void attach(LabelRef label, Revision joined);

  /// Adds the entry to, or takes it from, the resident counts of its labels. Call with the lock of its shard held; a
  /// second call does nothing and says so by false.
  bool count_in() noexcept;
  bool count_out() noexcept;

  /// `other` leaves and this comes: where both carry the same labels, this is counted in its stead, and no count moves. Call with the
  /// lock of their shard held. Says whether it was so.
  bool take_counts_of(Carrier& other) noexcept;

  /// Whether it is counted in. With the lock of its shard held.
  bool is_counted() const noexcept { return counted_; }

  /// The `published` at which somebody last looked and found no removal. acquire: pairs with the release in set_checked(),
  /// so that verdict() is at least as old.
  Revision checked() const noexcept { return Revision{checked_.load(std::memory_order_acquire)}; }
  void set_checked(Revision published) noexcept {
    checked_.store(published.value, std::memory_order_release);
  }

  /// What was found for good: watermarks never sink, and what is forgotten of a ban must not be forgotten of its effect. relaxed:
  /// whoever finds a ban gone has seen it go (BanList::size()), and this was noted before.
  Verdict verdict() const noexcept { return verdict_.load(std::memory_order_relaxed); }
  void expire() noexcept {
    Verdict fresh = Verdict::fresh;
    verdict_.compare_exchange_strong(fresh, Verdict::expired, std::memory_order_relaxed);
  }
  void remove() noexcept { verdict_.store(Verdict::removed, std::memory_order_relaxed); }

 private:
  /// Whether it carries a label of one of the kinds that is `wanted`. Looks at none if it has none of those kinds.
  bool carries_any(LabelKinds kinds, bool (*wanted)(const Label&)) const noexcept;

  const LabelRef* first_label() const noexcept {
    return reinterpret_cast<const LabelRef*>(this + 1);
  }

  // In front what is looked at when something was raised, behind it what every hit looks at.
  Revision birth_;  // never changes once published
  rt::Atomic<AttachedLabel*> attached_{nullptr};
  rt::Atomic<std::uint64_t> checked_{0};
  const std::uint32_t label_count_;
  LabelKinds kinds_ = 0;  // of labels(); those attached are not among them
  bool counted_ = false;  // guarded by the lock of the entry's shard
  rt::Atomic<Verdict> verdict_{Verdict::fresh};
};

static_assert(sizeof(Carrier) % alignof(LabelRef) == 0);

}  // namespace freshet::detail
