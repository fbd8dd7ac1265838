// LabelTable: live labels by name, and the floors of those that are not live.
//
// Invariant: dropping a label never lowers what a later lookup sees. A dropped label leaves its watermarks in the floor of
//   its stripe, an absent label that is raised puts them there, and a label that comes alive starts there: a late fill is
//   refused rather than wrongly kept.
// Cost: an allocation per live label; two words per stripe. Nothing per (entry, label) pair.
// Not a reverse index: nobody can ask for the entries of a label (docs/decisions/0003).
// Thread-safe. One lock per shard; nothing is called with it held. Knows no time.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "freshness/label.hpp"
#include "freshness/label_graph.hpp"
#include "freshness/label_spread.hpp"

namespace freshet::detail {

class LabelTable : public std::enable_shared_from_this<LabelTable> {
 public:
  /// `stripes` is the number of floors: a power of two, at least 64.
  explicit LabelTable(std::size_t stripes);
  ~LabelTable();
  LabelTable(const LabelTable&) = delete;
  LabelTable& operator=(const LabelTable&) = delete;

  /// A reference to the label, which comes alive at its floor if it was absent, or at `at_least` if that is higher. `space`
  /// is kept by a label of a key. O(1).
  LabelRef pin(const LabelName& name, const LabelRef& space = {}, Revision at_least = {});

  /// A label that stood for an entry which has left was dropped or lost its edges: whether loads of the past that come to carry
  /// this name, or one of its stripe, are to be refused; see settle_floor(). O(1).
  bool owes_floor(const LabelName& name);
  /// Refuses them: those born below `at`, a revision that nothing is born at yet. O(1).
  void settle_floor(const LabelName& name, Revision at);

  /// A reference to the label if it is live, null otherwise. O(1).
  LabelRef find(const LabelName& name);

  /// Raises the label, or the floor it would start from. Returns the label if it was live, to be compared and not to be used:
  /// it may be gone. Only for Freshness, which serialises raises. O(1).
  const Label* raise(const LabelName& name, Mode mode, Revision to);

  /// What a label stands for was raised: loads that are older and come to carry it must not be kept. What carries it already
  /// knows by itself. O(1).
  void leave_for_loads(const LabelName& name, const Watermarks& at_least);

  /// The live labels of a kind that `wanted` allows; it is called under a lock and calls nothing. O(live labels).
  std::vector<LabelRef> find_all(LabelKind kind, FunctionRef<bool(const Label&)> wanted);

  /// How many labels of a kind are live. O(shards).
  std::size_t live(LabelKind kind) const;

  /// How entries are spread over the live labels of a kind. Looks at about `limit` labels of all kinds, whole shards of
  /// them, so that a large table is not walked. O(limit + labels / shards).
  LabelSpread spread(LabelKind kind, std::size_t limit) const;

  /// Live labels of all kinds. One relaxed load.
  std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  /// What depends on what among the live labels.
  LabelGraph& graph() noexcept { return graph_; }
  const LabelGraph& graph() const noexcept { return graph_; }

 private:
  friend class LabelRef;
  static constexpr std::size_t kShards = rt::kLockShards;

  struct NameHash {
    std::size_t operator()(const LabelName& name) const noexcept { return name.hash; }
  };
  struct alignas(64) Shard {
    mutable rt::Mutex mutex;
    std::unordered_map<LabelName, Label*, NameHash> labels
        FRESHET_GUARDED_BY(mutex);  // names point into the labels
    std::vector<Watermarks> floors FRESHET_GUARDED_BY(mutex);
    std::vector<bool> owed FRESHET_GUARDED_BY(mutex);  // of these floors
  };

  // The low bits choose the shard and the next ones the floor, so that each floor belongs to one shard and its lock.
  Shard& shard_of(std::uint64_t hash) noexcept { return shards_[hash % kShards]; }
  Watermarks& floor_of(Shard& shard, std::uint64_t hash) FRESHET_REQUIRES(shard.mutex) {
    return shard.floors[stripe_of(shard, hash)];
  }
  static std::size_t stripe_of(const Shard& shard, std::uint64_t hash) noexcept
      FRESHET_REQUIRES(shard.mutex) {
    return (hash / kShards) % shard.floors.size();
  }

  /// Gives up one reference; the last one drops the label, and what only it depends on. Iterative, allocates nothing.
  static void release(Label* label) noexcept;
  /// Gives up one reference. True if it was the last: the label is then out of every index and the caller's to delete.
  static bool give_up(Label& label) noexcept;

  std::array<Shard, kShards> shards_;
  LabelGraph graph_;
  rt::Atomic<std::size_t> size_{0};  // relaxed: whoever reads it wants a limit or a statistic
};

}  // namespace freshet::detail
