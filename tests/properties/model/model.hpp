// The model: a cache that does everything at once and forgets nothing.
//
// It keeps every entry ever stored and the whole history of invalidations. An invalidation is applied to each entry in memory
// when it happens; a fill is judged by everything that happened since its birth. Dependencies are followed through every
// entry that ever stood under a key. There are no watermarks, floors, counts or lists of bans.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "properties/model/history.hpp"

namespace freshet::testing::model {

constexpr unsigned bit(StoreOutcome outcome) { return 1U << static_cast<unsigned>(outcome); }
constexpr unsigned bit(RemovalCause cause) { return 1U << static_cast<unsigned>(cause); }

/// What one target of an invalidation comes to.
struct Resolved {
  std::vector<Fact> facts{};
  std::optional<Name> own{};                     // a key
  std::optional<std::pair<int, int>> version{};  // to be set
  std::optional<int> policy_version{};           // of `space`
  int space = 0;
};

/// How many entries something hits.
struct Count {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

/// What is known of a value before it is made.
struct Plan {
  std::vector<Carried> labels{};
  std::vector<int> declared{};
  bool versioned = false;
  bool outdated = false;
  bool old_view = false;  // by the policy version of the view
  Order keys_seen_since =
      0;  // the first place in the history from which what it depends on leaves traces
};

class Model {
 public:
  explicit Model(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

  Instant now() const { return clock_->now(); }
  Order order() const { return static_cast<Order>(history_.size()); }
  Moment tick() { return ++moment_; }
  unsigned sequence(const Name& name) const { return sequences_[at(name)]; }

  // What a caller names.
  Plan plan(const Name& name, const Said& said, int view);
  /// Adds what a resource stands for to the labels of an entry under `name`.
  void pin(const Name& name, int resource, Plan& plan);
  /// A key that a loader reads.
  void pin_read_key(const Name& name, std::vector<Carried>& labels);
  bool is_outdated(int space, int view) const {
    return view >= 0 && policy_[static_cast<std::size_t>(space)] >= 0 &&
           policy_[static_cast<std::size_t>(space)] != view;
  }
  /// Adds what a loader says, once it has returned.
  void add_said(const Name& name, const Said& said, Plan& plan);
  static void set_deadlines(Entry& made, const Said& said, const Said& loader, Instant at_most,
                            Instant now);

  // Entries.
  Entry* find(const Name& name) {
    const int id = resident_[at(name)];
    return id < 0 ? nullptr : &entries_[static_cast<std::size_t>(id)];
  }
  /// Somebody looks at it: if it is dead, it leaves.
  void examine(const Name& name);
  void examine_all();
  /// What a look has found; null for nothing. Resolves doubt.
  void observe(const Name& name, const int* value, bool expired);
  void put(const Name& name, Entry made, const Plan& plan);
  /// A put that is not kept by the word of policy or caller: what was there is not true any more.
  void overwrite(const Name& name, StoreOutcome outcome);
  /// The outcomes that a fill may have, before it is done.
  unsigned judge_fill(const Entry& made, const Plan& plan, unsigned sequence, bool leased,
                      bool outdated);
  /// What has happened by the time that a load which begins now is judged by, where its block holds off.
  Order held_from() const;
  /// The outcomes that a hold-off may have for it: stored, or refused.
  unsigned judge_hold_off(const Entry& made, Order from, Instant began);
  void fill(Entry made);
  /// Takes out what is under a name, for a load that found that there is nothing.
  void supersede(const Name& name);
  void attach(const Name& name, const std::vector<Carried>& labels);
  /// An entry was read by a caller who names these.
  void follow_drift(const Name& name, const Said& said);

  // Invalidations.
  Resolved resolve(const Aim& aim, Mode mode);
  bool surely_hits(const Resolved& target, const Entry& entry, const Reach& sure) const;
  Count count(const std::vector<Resolved>& targets, std::vector<Count>& each,
              std::vector<const Entry*>& hit) const;
  void apply(const std::vector<Resolved>& targets, Mode mode);
  void invalidate_key(const Name& name, Mode mode);
  /// Whatever was invalidated so far is in force now; the cache knows, where it holds off.
  void note();
  void note_written(const Name& name) { written_[at(name)] = now(); }
  Count invalidate_if(int space, int predicate, Mode mode, bool dry_run);

  // Sweeps.
  Count freed_by(std::size_t budget);
  void swept() { swept_at_ = order(); }
  std::size_t alive_tags() const;

  Tally<6> removals{};
  Tally<16> outcomes{};
  std::uint64_t doubts = 0;  // that a look resolved

 private:
  static std::array<int, kNames> none() {
    std::array<int, kNames> none;
    none.fill(-1);
    return none;
  }
  static bool depends(const Entry& entry);
  /// Whether an entry with dependencies may have left this name since.
  bool may_have_left(const Name& name, Order since) const;
  bool any_may_have_left(Order since) const;
  static void add_keys(Resolved& target, const Pattern& pattern);
  void resolve_version(const Aim& aim, Resolved& target);
  static std::vector<int> declared_by(const Said& said);
  static std::size_t at(const Name& name) { return static_cast<std::size_t>(name.index()); }
  static bool in(const std::vector<Carried>& labels, Label label) {
    return std::any_of(labels.begin(), labels.end(),
                       [&](const Carried& own) { return own.label == label; });
  }
  unsigned cause_of(const Entry& entry) const;
  void leave(Entry& entry, unsigned causes);
  void use_keys(int space);
  /// What those learn who depend on a key, if its new entry depends on less than the one before.
  std::optional<Fact> lost_dependencies(const Name& name,
                                        const std::vector<Carried>& now_depends_on) const;
  bool surely_related(const Carried& carried, const Entry& last) const;
  void store(Entry made, const std::optional<Fact>& loss);
  void raise_key(const Name& name, Mode mode);

  Reach surely_reaches(const std::vector<Carried>& labels, Order from) const;
  Reach maybe_reaches(const std::vector<Carried>& labels, Order from) const;
  bool takes(const Fact& fact, Label label) const;
  bool takes_any(const Fact& fact, Order at, const Reach& reach) const;
  static bool bans(const Fact& fact, Order at, const Entry& entry);
  void append(const Fact& fact);
  /// Whether what happened from `from` on surely hits a value, and whether it may.
  struct Hit {
    bool sure = false;
    bool maybe = false;
  };
  Hit hits_since(const Entry& made, Order from, bool bans_may_be_retired);
  /// Whether it depends on a key whose entry may have left since, with what it depended on.
  bool names_departed(const Entry& made, Order from) const;
  Count count_of(const std::vector<Name>& names) const;
  static bool predicate_takes(int predicate, const Entry& entry);

  std::shared_ptr<const Clock> clock_;
  std::deque<Entry> entries_;
  std::vector<Fact> history_;
  Moment moment_ = 0;
  Order swept_at_ = 0;
  Versions versions_;
  int new_versions_ = 0;
  std::array<int, kSpaceCount> policy_{-1, -1, -1, -1};
  // Where in the history keys began to be depended on.
  std::array<int, kSpaceCount> keys_used_at_{-1, -1, -1, -1};
  std::vector<std::pair<Instant, Order>> noted_;
  std::array<std::optional<Instant>, kNames> written_{};
  std::array<unsigned, kNames> sequences_{};
  std::array<int, kNames> resident_ = none();
  std::array<std::vector<int>, kNames> stored_{};  // every entry ever stored under a name
  std::array<std::map<Label, Order>, kNames>
      ever_{};  // what they depended on, since when at the earliest
  // When entries that depended on something were found gone last, by key and of all; negative: never.
  std::array<int, kNames> left_ = none();
  int last_left_ = -1;
  // Whether one has left since the key was raised: its label may have known for it what it depended on, and is forgotten some time.
  std::array<bool, kNames> departed_{};
};

}  // namespace freshet::testing::model
