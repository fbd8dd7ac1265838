// VersionTable: which hash of a dependency is the current one, and which pairs of dependency and hash are in use.
//
// The label that entries carry is the pair. Setting a new hash raises every other pair in use; a pair that comes alive later
// starts at the revision of the last change, so that a load from before it which names its version late is refused. A fill or
// read that announces another hash than the current one is refused or misses, whenever it was born (announces()).
// Dependencies beyond the limit are forgotten, oldest change first: all their pairs are raised, and every pair that comes
// alive later starts there.
// Thread-safe. Locks: mutex_, then a label shard's. Raises are the caller's, with the revision given.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "freshness/label_table.hpp"

namespace freshet::detail {

/// What a value or a caller announces against what is current.
enum class Announced : std::uint8_t { current, unknown, other };

class VersionTable {
 public:
  explicit VersionTable(LabelTable& labels, std::size_t max_dependencies)
      : labels_(labels), max_dependencies_(max_dependencies) {}

  /// Pins the pair. An empty hash stands for the current one, or for "" if none was ever set. O(1) but for the pairs of the
  /// dependency, few.
  LabelRef pin(std::string_view dependency, std::string_view hash) FRESHET_EXCLUDES(mutex_);

  /// Whether a label is a pair of a dependency that no caller can name (it begins with a zero byte): it is nobody's dependency.
  static bool is_internal(const Label& label) noexcept;

  /// What `hash` is to `dependency` now. An empty hash is the current one.
  Announced announces(std::string_view dependency, std::string_view hash) const
      FRESHET_EXCLUDES(mutex_);
  /// The same for a pair's label.
  Announced announces(const Label& pair) const FRESHET_EXCLUDES(mutex_);

  /// The pairs that setting `hash` would make stale.
  std::vector<LabelRef> others(std::string_view dependency, std::string_view hash) const
      FRESHET_EXCLUDES(mutex_);
  /// Whether setting `hash` would do nothing: it is the current one.
  bool is_current(std::string_view dependency, std::string_view hash) const
      FRESHET_EXCLUDES(mutex_);

  /// Sets the current hash, at a revision that is being raised; returns the labels to raise: the other pairs, and those of
  /// dependencies that are forgotten to make room. Only for Freshness, which serialises raises.
  std::vector<LabelRef> set(std::string_view dependency, std::string_view hash, Revision at)
      FRESHET_EXCLUDES(mutex_);

  /// Lets go of pairs that only this table holds, and of what has neither pairs nor a current hash. O(pairs).
  void prune() FRESHET_EXCLUDES(mutex_);

  /// Calls `visitor` for each pair in use, under the lock. For tests.
  void for_each_pair(FunctionRef<void(const Label&)> visitor) const FRESHET_EXCLUDES(mutex_);

  /// Dependencies known, and how many were forgotten so far.
  std::size_t size() const FRESHET_EXCLUDES(mutex_);
  std::uint64_t forgotten() const noexcept { return forgotten_.load(std::memory_order_relaxed); }

 private:
  struct Dependency {
    std::string current{};
    bool has_current = false;
    Revision changed_at{};
    std::vector<LabelRef> pairs{};            // in use, or about to be pruned
    std::list<std::string>::iterator turn{};  // its place among those with a current hash
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept;
  };

  const Dependency* find(std::string_view dependency) const FRESHET_REQUIRES(mutex_);
  Announced judge(const Dependency* dependency, std::string_view hash) const
      FRESHET_REQUIRES(mutex_);

  LabelTable& labels_;
  const std::size_t max_dependencies_;
  mutable rt::Mutex mutex_;
  std::unordered_map<std::string, Dependency, TextHash, std::equal_to<>> dependencies_
      FRESHET_GUARDED_BY(mutex_);
  std::list<std::string> turns_
      FRESHET_GUARDED_BY(mutex_);  // with a current hash, oldest change first
  Revision floor_ FRESHET_GUARDED_BY(mutex_);
  rt::Atomic<std::uint64_t> forgotten_{0};  // relaxed: a statistic
};

}  // namespace freshet::detail
