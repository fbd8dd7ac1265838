// Label: one thing that can make entries stale (a namespace, a tag, a resource, a key, a version), live while something
// references it.
//
// The watermarks are written only by raises, which are serialised (freshness.cpp), and read by anyone without a lock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/detail/label_ref.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/revision.hpp"
#include "freshness/resident_count.hpp"

namespace freshet::detail {

class LabelTable;

/// Kinds are separate worlds of names.
///   root      what every entry carries
///   key       a key as a resource; its name is key_label_text()
///   version   a dependency at one hash; its name is version_label_text()
///   overflow  stands for the labels that an entry has beyond its limit: raised with every tag, resource, key and version
enum class LabelKind : std::uint8_t { root, name_space, tag, resource, key, version, overflow };

/// Whether a label is a dependency: what others inherit through the key of an entry that carries it.
inline bool is_dependency(LabelKind kind) noexcept {
  return kind == LabelKind::resource || kind == LabelKind::key || kind == LabelKind::version;
}

/// A set of kinds, a bit for each.
using LabelKinds = std::uint8_t;
constexpr LabelKinds bit_of(LabelKind kind) noexcept {
  return static_cast<LabelKinds>(1U << static_cast<unsigned>(kind));
}
inline constexpr LabelKinds kDependencyKinds =
    bit_of(LabelKind::resource) | bit_of(LabelKind::key) | bit_of(LabelKind::version);

/// Names of labels that are made of two parts. The parts cannot run into each other.
std::string key_label_text(std::string_view name_space, std::string_view key);
std::string version_label_text(std::string_view dependency, std::string_view hash);

/// Names a label whether or not it is live. `text` is borrowed.
struct LabelName {
  LabelKind kind;
  std::string_view text;
  std::uint64_t hash;

  LabelName(LabelKind kind, std::string_view text) noexcept;
  friend bool operator==(const LabelName& a, const LabelName& b) noexcept {
    return a.kind == b.kind && a.text == b.text;
  }
};

/// The revisions at which a label was last invalidated, by mode.
struct Watermarks {
  Revision remove;
  Revision expire;

  friend bool operator==(const Watermarks&, const Watermarks&) = default;

  /// Raises the one that `mode` names. Revisions come in order, so this never lowers.
  void raise(Mode mode, Revision to) noexcept { (mode == Mode::remove ? remove : expire) = to; }
  void raise_to(const Watermarks& at_least) noexcept {
    remove = std::max(remove, at_least.remove);
    expire = std::max(expire, at_least.expire);
  }
};

/// What the rule says of an entry.
enum class Verdict : std::uint8_t { fresh, expired, removed };

class Label;

/// A label that another one depends on: what makes the parent stale makes whatever carries the child stale.
struct Edge {
  LabelRef parent;
  Revision since;  // raises of the parent up to here are older than the dependency
  bool current =
      true;  // false: the child was stored again without it; kept for those who carry the child from before
};

class Label {
 public:
  Label(const Label&) = delete;
  Label& operator=(const Label&) = delete;

  LabelKind kind() const noexcept { return kind_; }
  const std::string& text() const noexcept { return text_; }
  std::uint64_t hash() const noexcept { return hash_; }

  /// What this label says of something born at `birth`.
  Verdict judge(Revision birth) const noexcept {
    // acquire: pairs with the release in raise(). Whoever sees a raise's `published` also sees its watermarks.
    if (birth.value < remove_.load(std::memory_order_acquire)) return Verdict::removed;
    if (birth.value < expire_.load(std::memory_order_acquire)) return Verdict::expired;
    return Verdict::fresh;
  }

  /// acquire, like judge().
  Watermarks watermarks() const noexcept {
    return {Revision{remove_.load(std::memory_order_acquire)},
            Revision{expire_.load(std::memory_order_acquire)}};
  }

  ResidentCount& resident() noexcept { return resident_; }

  /// An entry that carries this label enters or leaves the table.
  void count(std::int64_t delta) noexcept {
    resident_.add(delta);
    if (kind_ == LabelKind::key) space_->key_carriers_.add(delta);
  }
  /// Of a namespace: how often its keys are carried by entries, their own or those of other namespaces.
  std::int64_t key_carriers() const noexcept { return key_carriers_.value(); }

  /// Whether more than one reference is held. acquire: what other holders did before they gave up theirs is visible.
  bool is_shared() const noexcept { return references_.load(std::memory_order_acquire) > 1; }

  /// References held. For tests, in a quiet program.
  std::uint32_t references() const noexcept { return references_.load(std::memory_order_acquire); }

  /// Of a key: its namespace, and its own part of the name.
  const Label& space() const noexcept { return *space_; }
  std::string_view key() const noexcept {
    return std::string_view(text_).substr(text_.find(':') + 1 + space_->text().size());
  }

  /// Whether it may have edges. acquire: pairs with the release in LabelGraph::relate().
  bool has_parents() const noexcept { return has_parents_.load(std::memory_order_acquire); }

  /// Of a key: an entry of it has left of which nobody knows any more what it depended on but this label's edges. relaxed: noted
  /// by a holder, read once there is none, and giving up a reference is in between.
  bool stands_for_departed() const noexcept {
    return stands_for_departed_.load(std::memory_order_relaxed);
  }
  void stand_for_departed() const noexcept {
    stands_for_departed_.store(true, std::memory_order_relaxed);
  }

  // What only a namespace has, and the last of them a key too. relaxed suffices for neither: who reads them must see what was noted before its own lock or
  // revision, hence acquire here and release in the setters.
  /// Since when keys of this namespace are depended on; zero: never.
  Revision keys_used_since() const noexcept {
    return Revision{keys_used_since_.load(std::memory_order_seq_cst)};
  }
  /// Loads born below this are not kept: what they would have been judged by is forgotten.
  Revision load_floor() const noexcept {
    return Revision{load_floor_.load(std::memory_order_acquire)};
  }

 private:
  friend class LabelTable;
  friend class LabelGraph;
  friend class LabelRef;
  friend class Freshness;

  Label(const LabelName& name, const Watermarks& floor, LabelRef space,
        std::shared_ptr<LabelTable> table)
      : kind_(name.kind),
        text_(name.text),
        hash_(name.hash),
        remove_(floor.remove.value),
        expire_(floor.expire.value),
        space_(std::move(space)),
        table_(std::move(table)) {}
  ~Label() = default;

  /// Only under the lock of the label's shard.
  void raise(Mode mode, Revision to) noexcept {
    (mode == Mode::remove ? remove_ : expire_).store(to.value, std::memory_order_release);
  }
  /// Never lowers the floor, whoever else raises it at the same time.
  void refuse_loads_below(Revision floor) noexcept {
    std::uint64_t known = load_floor_.load(std::memory_order_relaxed);
    while (known < floor.value &&
           !load_floor_.compare_exchange_weak(known, floor.value, std::memory_order_release,
                                              std::memory_order_relaxed)) {
    }
  }

  const LabelKind kind_;
  const std::string text_;
  const std::uint64_t hash_;
  rt::Atomic<std::uint64_t> remove_;
  rt::Atomic<std::uint64_t> expire_;
  rt::Atomic<std::uint32_t> references_{
      1};  // reaches zero only under the lock of the label's shard
  rt::Atomic<bool> has_parents_{false};
  mutable rt::Atomic<bool> stands_for_departed_{false};
  rt::Atomic<std::uint64_t> keys_used_since_{0};
  rt::Atomic<std::uint64_t> load_floor_{0};
  ResidentCount resident_;
  ResidentCount key_carriers_;     // of a namespace
  std::vector<Edge> parents_;      // guarded by the graph's mutex
  Label* next_dropped_ = nullptr;  // of a label without references: those that are dropped after it
  const LabelRef space_;  // of a key: its namespace, which lives while the key's label does
  std::shared_ptr<LabelTable> table_;  // a label that lives keeps its table
};

}  // namespace freshet::detail
