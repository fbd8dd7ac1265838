// Label: one thing that can make entries stale (a namespace, a tag), live while something references it.
//
// The watermarks are written only by raises, which are serialised (freshness.cpp), and read by anyone without a lock.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "freshet/detail/label_ref.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/revision.hpp"
#include "freshness/resident_count.hpp"

namespace freshet::detail {

class LabelTable;

/// Kinds are separate worlds of names. Root is the label that every entry carries.
enum class LabelKind : std::uint8_t { root, name_space, tag };

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

  /// Raises the one that `mode` names. Revisions come in order, so this never lowers.
  void raise(Mode mode, Revision to) noexcept { (mode == Mode::remove ? remove : expire) = to; }
};

/// What the rule says of an entry.
enum class Verdict : std::uint8_t { fresh, expired, removed };

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

  ResidentCount& resident() noexcept { return resident_; }

 private:
  friend class LabelTable;
  friend class LabelRef;

  Label(const LabelName& name, const Watermarks& floor, std::shared_ptr<LabelTable> table)
      : kind_(name.kind),
        text_(name.text),
        hash_(name.hash),
        remove_(floor.remove.value),
        expire_(floor.expire.value),
        table_(std::move(table)) {}
  ~Label() = default;

  /// Only under the lock of raises and the label's shard.
  void raise(Mode mode, Revision to) noexcept {
    (mode == Mode::remove ? remove_ : expire_).store(to.value, std::memory_order_release);
  }
  Watermarks watermarks() const noexcept {
    return {Revision{remove_.load(std::memory_order_relaxed)},
            Revision{expire_.load(std::memory_order_relaxed)}};
  }

  const LabelKind kind_;
  const std::string text_;
  const std::uint64_t hash_;
  rt::Atomic<std::uint64_t> remove_;
  rt::Atomic<std::uint64_t> expire_;
  rt::Atomic<std::uint32_t> references_{
      1};  // reaches zero only under the lock of the label's shard
  ResidentCount resident_;
  std::shared_ptr<LabelTable> table_;  // a label that lives keeps its table
};

}  // namespace freshet::detail
