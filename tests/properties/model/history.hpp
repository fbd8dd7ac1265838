// What the model keeps: every entry that was ever stored, and everything that was ever invalidated, in order.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "properties/model/command.hpp"

namespace freshet::testing::model {

/// A place in the history: how many facts came before.
using Order = unsigned;
/// A moment of the run; unlike the history it also moves when nothing is invalidated.
using Moment = unsigned;

/// One thing that was invalidated.
struct Fact {
  enum class Kind { nothing, all, label, version, key_ban, all_of, load_floor };
  Kind kind = Kind::nothing;
  Mode mode = Mode::remove;
  bool sure = true;  // false: the cache may have done this, if something kept a label alive
  Label label = 0;
  int space = -1;      // key_ban, all_of (-1: every), load_floor
  unsigned bits = 0;   // key_ban: keys; all_of: tags
  int dependency = 0;  // version
  int hash = 0;
};

enum class Verdict { fresh, expired, removed };

inline Verdict verdict_of(Mode mode) {
  return mode == Mode::remove ? Verdict::removed : Verdict::expired;
}

/// A label that an entry carries.
struct Carried {
  Label label;
  Order joined;  // it ignores what was invalidated before
  Moment pinned;
  int related = -1;  // of a declared key: the entry that stood there, whose dependencies come along
};

/// Doubt is allowed where the cache keeps a dependency for longer than a precise rule would need (an edge lives while anybody
/// carries its label, dead entries that nobody has found included): `least` is what surely happened to the entry, `most`
/// what may have. A look at the cache resolves the doubt.
struct Entry {
  int id = -1;
  Name name{};
  int value = 0;
  Order birth = 0;
  Moment stored = 0;
  Instant soft = kNever;
  Instant hard = kNever;
  std::vector<Carried> labels{};
  std::vector<int> declared{};  // the tags and resources that the caller named last, sorted
  Verdict least = Verdict::fresh;
  Verdict most = Verdict::fresh;
  bool by_label = false;  // a label was among what hit it, for sure
  bool maybe_by_label = false;
  unsigned maybe_left_by = 0;  // causes by which it may have left already

  const Carried* find(Label label) const {
    const auto found = std::find_if(labels.begin(), labels.end(),
                                    [&](const Carried& own) { return own.label == label; });
    return found == labels.end() ? nullptr : &*found;
  }
  bool dead_by(Verdict verdict, Instant now) const {
    if (hard <= now || verdict == Verdict::removed) return true;
    return verdict == Verdict::expired && soft == kNever;
  }
  bool surely_dead(Instant now) const { return dead_by(least, now); }
  bool maybe_dead(Instant now) const { return dead_by(most, now); }
  bool surely_fresh(Instant now) const { return hard > now && most == Verdict::fresh; }
  bool maybe_fresh(Instant now) const { return hard > now && least == Verdict::fresh; }
};

/// Labels that can make something stale, and since when each counts.
class Reach {
 public:
  Reach() { since_.fill(kNothing); }
  bool add(Label label, Order since) {
    Order& known = since_[static_cast<std::size_t>(label)];
    if (known <= since) return false;
    if (known == kNothing) labels_.push_back(label);
    known = since;
    return true;
  }
  Order since(Label label) const { return since_[static_cast<std::size_t>(label)]; }
  const std::vector<Label>& labels() const { return labels_; }

 private:
  static constexpr Order kNothing = ~0U;
  std::array<Order, kMaxLabels> since_;
  std::vector<Label> labels_;
};

/// Pairs of dependency and hash, as labels.
class Versions {
 public:
  int hash(const std::string& text) {
    const auto found = std::find(hashes_.begin(), hashes_.end(), text);
    if (found != hashes_.end()) return static_cast<int>(found - hashes_.begin());
    hashes_.push_back(text);
    return static_cast<int>(hashes_.size()) - 1;
  }
  Label label(int dependency, int hash) {
    const std::pair pair(dependency, hash);
    const auto found = std::find(pairs_.begin(), pairs_.end(), pair);
    if (found != pairs_.end()) return kFirstVersion + static_cast<int>(found - pairs_.begin());
    pairs_.push_back(pair);
    RC_ASSERT(kFirstVersion + static_cast<int>(pairs_.size()) < kMaxLabels);
    return kFirstVersion + static_cast<int>(pairs_.size()) - 1;
  }
  /// As an entry or caller announces it now.
  Label pin(const Pin& pin) {
    const int current = current_[static_cast<std::size_t>(pin.dependency)];
    return label(pin.dependency, pin.hash.empty() && current >= 0 ? current : hash(pin.hash));
  }
  std::pair<int, int> parts(Label label) const {
    return pairs_[static_cast<std::size_t>(label - kFirstVersion)];
  }
  bool announces_other(Label label) const {
    if (!is_version(label)) return false;
    const auto [dependency, hash] = parts(label);
    const int current = current_[static_cast<std::size_t>(dependency)];
    return current >= 0 && current != hash;
  }
  int current(int dependency) const { return current_[static_cast<std::size_t>(dependency)]; }
  void set(int dependency, int hash) { current_[static_cast<std::size_t>(dependency)] = hash; }

 private:
  std::vector<std::string> hashes_;
  std::vector<std::pair<int, int>> pairs_;
  std::array<int, 2> current_{-1, -1};
};

/// How often something happened, within bounds.
template <std::size_t kCount>
struct Tally {
  std::array<std::uint64_t, kCount> least{};
  std::array<std::uint64_t, kCount> most{};

  /// One of those whose bits are set happened.
  void one_of(unsigned bits) {
    for (std::size_t i = 0; i < kCount; ++i) {
      if ((bits >> i & 1) == 0) continue;
      ++most[i];
      least[i] += bits == 1U << i ? 1 : 0;
    }
  }
};

}  // namespace freshet::testing::model
