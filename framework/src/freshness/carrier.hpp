// Carrier: the part of an entry that carries labels.
//
// What it points at never changes once the entry is published; labels that are added later are attached in front of a
// list. References to labels are given up when the carrier is destroyed (a reader may be walking them), while the
// labels' resident counts go down when the entry leaves the table.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "freshness/label.hpp"

namespace freshet::detail {

/// A label added to a stored entry. It ignores raises up to the revision at which it was joined.
struct AttachedLabel {
  LabelRef label;
  Revision joined;
  AttachedLabel* next;
};

class Carrier {
 public:
  /// `labels`: the namespace first, then the tags, each once.
  Carrier(Revision birth, std::vector<LabelRef> labels) noexcept
      : birth_(birth), labels_(std::move(labels)) {}
  ~Carrier();
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  Revision birth() const noexcept { return birth_; }
  /// For a put, which is born when it takes its key's lock. Only before the entry is published.
  void be_born(Revision now) noexcept { birth_ = now; }
  const std::vector<LabelRef>& labels() const noexcept { return labels_; }
  const Label* name_space() const noexcept { return labels_.front().get(); }

  /// acquire: pairs with the release in attach(), so that an attached label is seen whole.
  const AttachedLabel* attached() const noexcept {
    return attached_.load(std::memory_order_acquire);
  }

  bool carries(const Label* label) const noexcept;
  bool carries_tag() const noexcept;

  /// Adds a label that ignores raises up to `joined`. Call with the lock of the entry's shard held; readers may walk
  /// meanwhile. Does nothing if the label is carried already.
  void attach(LabelRef label, Revision joined);

  /// Adds the entry to, or takes it from, the resident counts of its labels. Call with the lock of its shard held; a
  /// second call does nothing and says so by false.
  bool count_in() noexcept;
  bool count_out() noexcept;

  /// The `published` at which somebody last found this fresh. relaxed: it is a fact about immutable things, and carries
  /// nothing else with it.
  Revision checked() const noexcept { return Revision{checked_.load(std::memory_order_relaxed)}; }
  void set_checked(Revision published) noexcept {
    checked_.store(published.value, std::memory_order_relaxed);
  }

 private:
  Revision birth_;  // never changes once published
  const std::vector<LabelRef> labels_;
  rt::Atomic<AttachedLabel*> attached_{nullptr};
  rt::Atomic<std::uint64_t> checked_{0};
  bool counted_ = false;  // guarded by the lock of the entry's shard
};

}  // namespace freshet::detail
