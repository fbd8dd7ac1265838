// Freshness: the revision clock, the raise and the judgement. README.md in this folder draws them.
//
// Two words. `revision` is moved by every raise; births and the joining of loads read it. `published` is moved by a raise
// that touches a live label or adds a ban; `checked` and the hit test read it. One word cannot serve both: a raise of a
// label that nobody carries must order the loads that come later, and must not make every hit walk its labels.
//
// Thread-safe. Knows no time, no values, no policy. Shared by everything that holds labels.
// Locks: tidy_mutex_; raise_mutex_; then one of the versions', the bans', the graph's, then a label shard's. The store may hold the lock
// of a shard when it calls; nothing here calls the store.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "freshness/ban_list.hpp"
#include "freshness/carrier.hpp"
#include "freshness/key_stripes.hpp"
#include "freshness/label_table.hpp"
#include "freshness/recent_raises.hpp"
#include "freshness/version_table.hpp"

namespace freshet::detail {

/// Everything that one call invalidates, at one revision.
struct RaiseSet {
  struct Version {
    std::string_view dependency;
    std::string_view hash;
  };

  std::vector<LabelName> labels{};
  std::vector<Ban> bans{};
  std::vector<Version> versions{};      // set to these hashes
  std::vector<LabelRef> load_floors{};  // namespaces in which loads under way are not kept

  bool empty() const noexcept {
    return labels.empty() && bans.empty() && versions.empty() && load_floors.empty();
  }
};

/// What a caller noted when it began: the sequence of its key, and then the revision.
struct CallStart {
  std::uint64_t sequence;
  Revision revision;
};

class Freshness {
 public:
  static constexpr std::size_t kMaxVersionedDependencies = 10'000;

  explicit Freshness(std::size_t stripes = rt::stripes(),
                     std::size_t max_versioned_dependencies = kMaxVersionedDependencies);
  /// Breaks the circles of labels that entries left, also those that handles still hold: they need the rule no more.
  ~Freshness();
  Freshness(const Freshness&) = delete;
  Freshness& operator=(const Freshness&) = delete;

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
  /// Pins the label of a key as a resource. From the first time on, writes of the namespace's keys raise such labels, or
  /// leave floors: a load that began before that and names the key late must not be kept (Label::keys_used_since).
  LabelRef pin_key(const LabelRef& space, std::string_view key) FRESHET_EXCLUDES(raise_mutex_);
  /// Stands for labels that an entry cannot carry: raised with every tag, resource, key and version. Pinned under the lock
  /// of its shard: whoever raises later sees that it is carried, and whoever raised before is seen by the next judgement.
  LabelRef overflow() const { return labels_->pin(LabelName(LabelKind::overflow, {})); }
  /// What stands for `label`, which an entry cannot carry. A key that is left out is depended on though its label, and that
  /// of its namespace, may go: writes of all keys raise overflow() from the first time on.
  LabelRef overflow_for(const Label& label) {
    if (label.kind() == LabelKind::key) keys_left_out_.store(true, std::memory_order_release);
    return overflow();
  }
  /// Whether a label is the one that overflow() pins.
  bool is_overflow(const LabelRef& label) const noexcept { return label == overflow_; }
  /// Whether raising the set makes stale what carries overflow() and is in use.
  bool takes_overflow(const RaiseSet& set) const {
    return overflow_->is_shared() && concerns_overflow(set);
  }

  /// The label if it is live, null otherwise.
  LabelRef find(const LabelName& name) const { return labels_->find(name); }
  /// The label of a key as a resource, if it is live. Costs a load where no key of the namespace was ever depended on.
  LabelRef find_key(const Label& space, std::string_view key) const;

  /// Invalidates the whole set at one revision, which it returns: what began to be loaded before this call returns is not
  /// fresh under any of it, what begins after is fresh under all. O(set), whatever carries its labels.
  Revision raise(const RaiseSet& set, Mode mode) FRESHET_EXCLUDES(raise_mutex_);

  /// Whether `hash` is the version of `dependency` already, and the raise that made it so is published.
  bool is_current_version(std::string_view dependency, std::string_view hash)
      FRESHET_EXCLUDES(raise_mutex_);
  Revision raise(std::span<const LabelName> names, Mode mode) {
    return raise(RaiseSet{.labels = {names.begin(), names.end()}}, mode);
  }
  /// Whether a write of a key of the namespace is a raise.
  bool raises_keys_of(const Label& space) const noexcept {
    return space.keys_used_since().value != 0 || are_keys_left_out();
  }
  /// A key was written or invalidated: raises its label, or leaves the floor, where keys of its namespace are depended on.
  void raise_key(const Label& space, std::string_view key, Mode mode)
      FRESHET_EXCLUDES(raise_mutex_);

  /// The hit test: what the rule says of a carrier now. O(1) unless something that anybody carries was raised since it
  /// was last looked at; then O(labels), or O(labels and bans), once.
  Verdict judge(Carrier& carrier, std::string_view key) const noexcept {
    const Revision seen = published();
    const Revision checked = carrier.checked();
    return checked >= seen ? carrier.verdict() : judge_anew(carrier, key, checked, seen);
  }

  /// The same for what nothing carries yet: a load under way, a waiter's labels. `labels`: the namespace first. Says
  /// `removed` also of what is older than a ban that was retired.
  Verdict judge_load(Revision birth, std::span<const LabelRef> labels,
                     std::string_view key) const noexcept;

  /// Whether a load was born too early for its namespace: before a ban that was retired since, or before a predicate.
  bool is_below_load_floor(const Carrier& carrier) const noexcept {
    return is_below_load_floor(carrier.birth(), carrier.labels());
  }

  /// Whether none of a carrier's labels from the `first` on was raised since it was born, and none attached later since it joined;
  /// nor several of any of them together. May throw std::bad_alloc.
  bool stands_from(const Carrier& carrier, std::size_t first) const;

  /// Whether a carrier that was found stale is so by its labels; by a ban otherwise.
  bool is_stale_by_label(const Carrier& carrier) const noexcept;

  /// When a carrier that was found expired was so first, as far as the labels say: each knows when it was expired last. Zero if
  /// nothing says so any more, or there is no memory to look. O(labels, and bans).
  Revision expired_since(const Carrier& carrier, std::string_view key) const noexcept;

  /// Whether a version among the labels is another than the current one.
  bool announces_old_version(std::span<const LabelRef> labels) const {
    return labels.size() > 1 && has_old_version(labels);  // the first is the namespace
  }

  /// An entry born at `since` is about to be stored under a key that others depend on: what it depends on itself, among
  /// `labels`, becomes what they depend on. `key` is the key's label.
  void relate(const LabelRef& key, std::span<const LabelRef> labels, Revision since)
      FRESHET_EXCLUDES(raise_mutex_);

  /// An entry that was stale leaves the table. What made its dependencies stale stays with its key: a load from before that
  /// may yet say that it depends on the key, when nothing else tells any more what the key depended on.
  void leave_behind(const Carrier& carrier, std::string_view key) noexcept;

  /// An entry leaves the table, fresh as far as is known: for room, because its time is over, or for one with other
  /// dependencies. What it depended on may be invalidated later, and a load from before may yet say that it depends on the
  /// key: it is refused, unless the key's label has the edges. Moves the revision if it has to.
  void leave_dependencies(const Carrier& carrier, std::string_view key) noexcept
      FRESHET_EXCLUDES(raise_mutex_);

  /// `labels` and all labels that depend on them, directly or through others.
  std::unordered_set<const Label*> dependents_of(std::span<const LabelRef> labels) const {
    return labels_->graph().dependents_of(labels);
  }

  /// The live labels of the keys of a namespace that `wanted` allows. O(live labels), none where no key of it was depended on.
  std::vector<LabelRef> keys_of(const Label& space,
                                FunctionRef<bool(std::string_view key)> wanted) const;

  /// The live labels of a kind that `wanted` allows; it is called under a lock and calls nothing. O(live labels).
  std::vector<LabelRef> find_all(LabelKind kind, FunctionRef<bool(const Label&)> wanted) const {
    return labels_->find_all(kind, wanted);
  }

  /// How many entries in memory carry the label, dead ones that nobody has found yet included. Root counts all.
  std::uint64_t resident(const LabelName& name) const;
  static std::uint64_t resident(Label& label) noexcept { return clamp(label.resident().value()); }
  std::uint64_t resident() const noexcept { return clamp(root_->resident().value()); }
  /// How often keys of the namespace are carried by entries that depend on them: no entry more often than it has such keys.
  static std::uint64_t key_carriers(const Label& space) noexcept {
    return clamp(space.key_carriers());
  }

  /// A carrier enters or leaves the table, or expires in it. Call with the lock of its shard held.
  void count_in(Carrier& carrier) noexcept;
  void count_out(Carrier& carrier) noexcept;
  /// `leaves` is about to leave the table for `comes`: see Carrier::take_counts_of(). What is counted so is neither counted out nor in.
  static void hand_on_counts(Carrier& leaves, Carrier& comes) noexcept {
    comes.take_counts_of(leaves);
  }

  /// Retires the bans that `may_go(space, at)` allows; space is null for bans of every namespace. Loads that are older are
  /// not kept from here on.
  std::size_t retire_bans(const std::function<bool(const Label* space, Revision at)>& may_go);
  /// Lets go of what only bookkeeping holds: cycles of dependencies, pairs of versions. O(labels with parents, pairs).
  void tidy() FRESHET_EXCLUDES(tidy_mutex_, raise_mutex_);
  /// The same once there is twice as much of it as the last time left, or every so many calls. For the sweeper, which comes
  /// often.
  void tidy_if_grown() FRESHET_EXCLUDES(tidy_mutex_, raise_mutex_);

  VersionTable& versions() noexcept { return versions_; }
  const VersionTable& versions() const noexcept { return versions_; }
  const BanList& bans() const noexcept { return bans_; }
  const LabelGraph& graph() const noexcept { return labels_->graph(); }
  LabelTable& labels() noexcept { return *labels_; }
  std::size_t live_labels(LabelKind kind) const { return labels_->live(kind); }
  /// Live labels of all kinds, those that freshness keeps itself excluded. O(1).
  std::size_t live_labels() const noexcept { return labels_->size() - kOwnLabels; }
  LabelSpread label_spread(LabelKind kind, std::size_t limit) const {
    return labels_->spread(kind, limit);
  }
  /// Bans that were made into raises of something wider, because there were too many.
  std::uint64_t bans_widened() const noexcept {
    return bans_widened_.load(std::memory_order_relaxed);
  }

  /// How often something was expired, for whoever loads that again. acquire: who sees a raise counted finds it in force.
  std::uint64_t expiries() const noexcept { return expiries_.load(std::memory_order_acquire); }

  KeyStripes& keys() noexcept { return keys_; }
  const KeyStripes& keys() const noexcept { return keys_; }

 private:
  static constexpr std::size_t kOwnLabels = 2;  // root and overflow
  static constexpr std::size_t kTidyEvery = 64;
  static constexpr std::size_t kTidyFrom = 1024;  // labels with parents, and versioned dependencies

  static std::uint64_t clamp(std::int64_t count) noexcept {
    return count > 0 ? static_cast<std::uint64_t>(count) : 0;
  }
  bool has_old_version(std::span<const LabelRef> labels) const;
  /// What judge() does for a carrier that was looked at when `checked` was published, now that `seen` is.
  Verdict judge_anew(Carrier& carrier, std::string_view key, Revision checked,
                     Revision seen) const noexcept;
  /// Bans judge the keys that something depends on as well, so their namespaces' floors count too.
  bool is_below_load_floor(Revision birth, std::span<const LabelRef> labels) const noexcept;
  /// What one label says of something born, or joined to it, at `birth`; of a key also what its namespace and the bans on it
  /// say.
  Verdict judge_label(const Label& label, Revision birth) const noexcept;
  Verdict judge_with_ancestors(const Label& label, Revision birth) const noexcept;
  Verdict judge_labels(Revision birth, std::span<const LabelRef> labels) const noexcept;
  Verdict judge_attached(const Carrier& carrier) const noexcept;

  static std::vector<LabelRef> inherited_of(std::span<const LabelRef> labels);
  /// Whether the carrier's key may be depended on by who does not say so yet, and depends on something itself.
  static bool may_be_named_late(const Carrier& carrier) noexcept;
  void refuse_earlier_loads(FunctionRef<void(Revision next)> leave_floor)
      FRESHET_EXCLUDES(raise_mutex_);

  /// When what a carrier depends on was invalidated last, directly or through others, since it was born. Throws where there
  /// is no memory to look.
  Watermarks newest_in(const Carrier& carrier) const;
  /// Whether an entry is stale by what whoever depends on its key is judged by, too: its namespace, or a ban of its key.
  bool goes_with_its_key(const Carrier& carrier, std::string_view key) const noexcept;

  // acquire: pairs with the release in overflow_for(), before whose overflow() it is stored.
  bool are_keys_left_out() const noexcept {
    return overflow_->is_shared() && keys_left_out_.load(std::memory_order_acquire);
  }
  /// Whether an entry may carry overflow() in the place of something that the set raises.
  bool concerns_overflow(const RaiseSet& set) const;

  // What a raise is made of. Each says whether a live label was touched.
  /// Raises what the set names. Says whether somebody carries any of it.
  bool raise_all(const RaiseSet& set, Mode mode, Revision next) FRESHET_REQUIRES(raise_mutex_);
  void publish(Revision next, bool live) noexcept FRESHET_REQUIRES(raise_mutex_);
  bool raise_label(const LabelName& name, Mode mode, Revision to) FRESHET_REQUIRES(raise_mutex_);
  bool raise_version(const RaiseSet::Version& version, Mode mode, Revision to)
      FRESHET_REQUIRES(raise_mutex_);
  void raise_ban(const Ban& ban, Mode mode, Revision to) FRESHET_REQUIRES(raise_mutex_);

  std::shared_ptr<LabelTable> labels_;
  LabelRef root_;  // carried by everything, so entries hold no reference to it
  LabelRef overflow_;
  KeyStripes keys_;
  BanList bans_;
  VersionTable versions_;
  RecentRaises recent_;
  rt::Mutex tidy_mutex_;
  std::size_t left_by_tidy_ FRESHET_GUARDED_BY(tidy_mutex_) = 0;
  std::size_t calls_since_tidy_ FRESHET_GUARDED_BY(tidy_mutex_) = 0;
  rt::Mutex raise_mutex_;
  rt::Atomic<std::uint64_t> revision_{1};
  rt::Atomic<std::uint64_t> published_{1};
  rt::Atomic<std::uint64_t> expiries_{0};  // written under the lock; release, for expiries()
  rt::Atomic<bool> keys_left_out_{false};
  rt::Atomic<std::uint64_t> bans_widened_{0};  // relaxed: a statistic
};

}  // namespace freshet::detail
