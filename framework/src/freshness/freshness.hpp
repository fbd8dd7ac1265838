// Freshness: the revision clock, the raise and the judgement. README.md in this folder draws them.
//
// Two words. `revision` is moved by every raise; births and the joining of loads read it. `published` is moved by a raise
// that touches a live label; `checked` and the hit test read it. One word cannot serve both: a raise of a label that
// nobody carries must order the loads that come later, and must not make every hit walk its labels.
//
// Thread-safe. Knows no time, no keys' values, no policy. Shared by everything that holds labels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "freshness/carrier.hpp"
#include "freshness/key_stripes.hpp"
#include "freshness/label_table.hpp"

namespace freshet::detail {

class Freshness {
 public:
  static constexpr std::size_t kStripes = 65'536;

  explicit Freshness(std::size_t stripes = kStripes);

  /// The birth of what begins to be loaded now. acquire, and always before the load that the value stands for.
  Revision revision() const noexcept { return Revision{revision_.load(std::memory_order_acquire)}; }

  /// What a carrier that is found fresh from here on is checked for. acquire, and always before the walk.
  Revision published() const noexcept {
    return Revision{published_.load(std::memory_order_acquire)};
  }

  /// Pins a label: alive from here, at its floor, until the reference goes.
  LabelRef pin(LabelKind kind, std::string_view text) {
    return labels_->pin(LabelName(kind, text));
  }

  /// The label if it is live, null otherwise.
  LabelRef find(const LabelName& name) const { return labels_->find(name); }

  /// Invalidates all `names` at one revision, which it returns: what began to be loaded before this call returns is not
  /// fresh under any of them, what begins after is fresh under all. O(names), whatever carries them.
  Revision raise(std::span<const LabelName> names, Mode mode) FRESHET_EXCLUDES(raise_mutex_);

  /// The hit test: what the rule says of a carrier now. O(1) unless something that anybody carries was raised since it
  /// was last found fresh; then O(labels), once.
  Verdict judge(Carrier& carrier) const noexcept;

  /// The same for labels that nothing carries yet: a waiter's, a lease's.
  Verdict judge(Revision birth, std::span<const LabelRef> labels) const noexcept;

  /// How many entries in memory carry the label, dead ones that nobody has found yet included. Root counts all.
  std::uint64_t resident(const LabelName& name) const;

  /// A carrier enters or leaves the table. Call with the lock of its shard held.
  void count_in(Carrier& carrier) noexcept;
  void count_out(Carrier& carrier) noexcept;

  std::size_t live_labels(LabelKind kind) const { return labels_->live(kind); }
  LabelSpread label_spread(LabelKind kind, std::size_t limit) const {
    return labels_->spread(kind, limit);
  }

  KeyStripes& keys() noexcept { return keys_; }
  const KeyStripes& keys() const noexcept { return keys_; }

 private:
  std::shared_ptr<LabelTable> labels_;
  LabelRef root_;  // carried by everything, so entries hold no reference to it
  KeyStripes keys_;
  rt::Mutex
      raise_mutex_;  // taken before the locks of label shards, never with a lock of the store held
  rt::Atomic<std::uint64_t> revision_{1};
  rt::Atomic<std::uint64_t> published_{1};
};

}  // namespace freshet::detail
