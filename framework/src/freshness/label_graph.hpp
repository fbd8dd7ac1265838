// LabelGraph: which labels depend on which.
//
// Only keys have parents: when an entry is stored under a key that others depend on, the key's label gets an edge to each
// dependency of the entry. What carries the key's label is then stale by whatever makes a parent stale. Cycles are harmless.
//
//   gain  a new edge, which ignores raises up to the birth of the entry that brought it
//   loss  the edge stays, no longer current, for those who carry the key's label from before; the caller expires the label
//   too many edges: the caller removes the label, after which the old edges may go (forget_lost)
//
// Walks are iterative, remember what they visited, and stop at kMaxWalk labels: what carries more is stale, and counted.
// Nothing in the middle of a walk is remembered, since inside a cycle it would depend on where the walk began.
// Thread-safe. Locks: mutex_, then a label shard's (to give up labels, always after mutex_ is released).
#pragma once

#include <cstddef>
#include <span>
#include <unordered_set>
#include <vector>

#include "freshet/detail/function_ref.hpp"
#include "freshness/label.hpp"

namespace freshet::detail {

class LabelGraph {
 public:
  static constexpr std::size_t kMaxWalk = 1000;
  static constexpr std::size_t kMaxLostEdges = 32;

  enum class Change : std::uint8_t { none, gained, lost, too_many_lost };

  /// Makes `parents` the current dependencies of `child`, which the caller holds. O(edges) of the child.
  Change relate(Label& child, std::span<const LabelRef> parents, Revision since)
      FRESHET_EXCLUDES(mutex_);

  /// Whether `child` has an edge, current or not, to each of `parents` but itself.
  bool has_edges(const Label& child, std::span<const LabelRef> parents) const
      FRESHET_EXCLUDES(mutex_);

  /// Drops the edges of `child` that are not current.
  void forget_lost(Label& child) FRESHET_EXCLUDES(mutex_);

  /// What the ancestors of `label` say of something that carries it and was born, or joined to it, at `birth`. The label
  /// itself is not asked; `judge_one` says what one label means for something born at a revision.
  using JudgeOne = FunctionRef<Verdict(const Label& label, Revision birth)>;
  Verdict judge(const Label& label, Revision birth, JudgeOne judge_one) const noexcept
      FRESHET_EXCLUDES(mutex_);

  /// `labels` and everything that depends on them. O(labels with parents × depth).
  std::unordered_set<const Label*> dependents_of(std::span<const LabelRef> labels) const
      FRESHET_EXCLUDES(mutex_);

  /// Breaks the cycles that nothing but themselves references. O(labels with parents). Returns how many labels it freed
  /// from their edges. Where one of them stands for an entry that has left, loads born below `next` that name it are refused from
  /// here on; `move_on` makes that the revision. With the lock of raises held.
  std::size_t collect(Revision next, FunctionRef<void()> move_on) FRESHET_EXCLUDES(mutex_);

  /// Gives up every edge, at the end of a cache: whoever still holds a label holds it alone, and no circle keeps itself.
  void clear() FRESHET_EXCLUDES(mutex_);

  /// The last reference to `label` has gone: from here on its edges are the caller's alone.
  void drop(Label& label) noexcept FRESHET_EXCLUDES(mutex_);

  /// Labels with parents.
  std::size_t size() const FRESHET_EXCLUDES(mutex_);
  /// Calls `visitor` for each edge, under the lock. For tests.
  void for_each_edge(FunctionRef<void(const Label& child, const Edge& edge)> visitor) const
      FRESHET_EXCLUDES(mutex_);
  /// Walks that were stopped at kMaxWalk.
  std::uint64_t walks_stopped() const noexcept {
    return walks_stopped_.load(std::memory_order_relaxed);
  }

 private:
  static std::vector<Edge> take_edges(Label& child) noexcept;  // under mutex_
  /// The labels with parents that something else than circles of them references, or that those depend on.
  std::unordered_set<const Label*> used() const FRESHET_REQUIRES(mutex_);

  mutable rt::SharedMutex mutex_;  // guards Label::parents_ of every label
  std::unordered_set<Label*> children_ FRESHET_GUARDED_BY(mutex_);  // labels with parents
  mutable rt::Atomic<std::uint64_t> walks_stopped_{0};              // relaxed: a statistic
};

}  // namespace freshet::detail
