// HistoryChecker: says what in a history breaks a guarantee.
//
// One sweep over all starts and ends in the order of their stamps. For each key it keeps the newest start among the
// invalidations that have returned (a floor, by mode): whatever a read that starts now finds must have been read from the
// origin since. O(operations × parts of a value), whatever the number of keys that a call hits.
//   G1  nothing is older than its floor; what is between the floors of remove and expire only where it says that it is stale.
//       The same for the answer that there is nothing, for what a value was made of, for labels added late or by who joined its load, for versions. What is loaded
//       too soon after a call that hits it is not kept, where policy holds it off
//   G2  no third load of a key runs beside two, and no second without a cause
//   G3  where nothing is evicted, what was seen stored is missed only if something hit it; where what expired is
//       served without end, only if something that removes did: to expire is not to remove
//   G4  nothing is read later than its lifetime after it was stored; where stale_if_error serves it, and it says so, nothing later than
//       that after its lifetime or an expiry
//   G7  what was replaced is not seen again, and nothing is replaced by what was surely born before it
// Where the order of two operations is not known, the reading that blames nobody is taken.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "guarantees/absent_answers.hpp"
#include "guarantees/first_naming.hpp"
#include "guarantees/history.hpp"
#include "guarantees/history_fault.hpp"
#include "guarantees/history_floors.hpp"
#include "guarantees/served_on_error.hpp"

namespace freshet::testing::history {

class HistoryChecker {
 public:
  /// Borrows the history.
  explicit HistoryChecker(const History& history) : history_(history) {}

  /// Everything that is wrong, in the order of starts. Call once.
  std::vector<Violation> check() {
    line_up();
    for (Stamp now = 1; now < history_.stamps; ++now) {
      raised_before_[now] = newest_raise_;
      const std::uint32_t event = events_[now];
      if (event == kNothing) continue;
      const std::size_t index = event / 2;
      if (event % 2 == 0) {
        start(*operations_[index], index);
      } else {
        end(*operations_[index], index);
      }
    }
    return std::move(violations_);
  }

 private:
  static constexpr std::uint32_t kNothing = UINT32_MAX;

  void line_up() {
    events_.assign(history_.stamps, kNothing);
    raised_before_.assign(history_.stamps, 0);
    for (const Log& log : history_.logs) {
      for (const Operation& operation : log.operations) {
        const auto index = static_cast<std::uint32_t>(operations_.size());
        operations_.push_back(&operation);
        events_[operation.start] = index * 2;
        events_[operation.end] = index * 2 + 1;
      }
      first_seen_.emplace_back(log.made.size());
      gone_.emplace_back(log.made.size());
      for (const Made& made : log.made)
        made_of_others_[made.key] |= made.parts[0].kind != Part::Kind::none;
    }
    notes_.assign(operations_.size(), 0);
    older_.assign(operations_.size(), 0);
  }

  const Made& made(ValueId id) const { return history_.made(id); }
  Stamp& first_seen(ValueId id) { return first_seen_[log_of(id)][place_of(id)]; }

  void report(Fault fault, const Operation& operation, std::string by = {}) {
    Violation violation{fault, operation, {}, std::move(by)};
    if (operation.value != 0) violation.made = made(operation.value);
    violations_.push_back(std::move(violation));
  }
  std::string call_at(Stamp stamp) const {
    if (stamp >= events_.size() || events_[stamp] == kNothing) return "?";
    const Operation& operation = *operations_[events_[stamp] / 2];
    std::string text = operation.act == Act::put ? "put " : "";
    if (operation.act == Act::invalidate || operation.act == Act::put)
      text += history_.names[operation.reach];
    return text + (operation.mode == Mode::expire ? " (expire) [" : " [") +
           std::to_string(operation.start) + ", " + std::to_string(operation.end) + "]";
  }

  // --- what happens ---------------------------------------------------------------------------------------------------

  void start(const Operation& operation, std::size_t index) {
    ++under_way_;
    newest_start_ = operation.start;
    switch (operation.act) {
      case Act::read:
        if (operation.done) judge(operation);
        absent_answers_.note_read(operation, index, floors_);
        if (operation.staleness != Staleness::fresh) served_stale_[operation.key] = true;
        if (operation.origin != Origin::l1) begin_cause(history_.tied_to[operation.key], 0);
        notes_[index] = last_seen_[operation.key].value;
        older_[index] = surely_older_[operation.key];
        return;
      case Act::load:
        return start_load(operation);
      case Act::put:
      case Act::invalidate:
        return start_call(operation, index);
      case Act::lease:
        values_[operation.key] += 1;
        return begin_cause(history_.tied_to[operation.key], 0);
      case Act::label:
        return;
    }
  }

  void end(const Operation& operation, std::size_t index) {
    --under_way_;
    switch (operation.act) {
      case Act::read:
        if (operation.origin != Origin::l1)
          end_cause(history_.tied_to[operation.key], 0, operation.end);
        if (!operation.done) return;
        judge_miss(operation, notes_[index]);
        judge_expired_miss(operation, notes_[index]);
        judge_older(operation, older_[index]);
        judge_on_error(operation);
        if (const Stamp by = absent_answers_.taken_by(index, operation))
          report(Fault::stale, operation, "nothing is there: " + call_at(by));
        if (operation.origin == Origin::l1) see(operation.value, operation.start, operation.end);
        if (operation.named != 0 && operation.value != 0)
          named_[operation.named - 1U].push_back({operation.end, operation.value});
        return;
      case Act::load:
        return end_load(operation);
      case Act::put:
        end_call(operation, index);
        if (operation.done) return see(operation.value, operation.start, operation.end);
        if (history_.terms.keeps_puts && snapshots_[notes_[index]].alone_since == newest_start_)
          report(Fault::refused_put, operation);
        return;
      case Act::invalidate:
        return end_call(operation, index);
      case Act::lease:
        return end_cause(history_.tied_to[operation.key], 0, operation.end);
      case Act::label:
        if (!operation.done) return;
        if (!served_stale_[operation.key]) refreshed_with_[operation.reach][operation.key] = true;
        labelled_[operation.reach][operation.key] =
            std::max(labelled_[operation.reach][operation.key], operation.start);
        return;
    }
  }

  void start_call(const Operation& operation, std::size_t index) {
    const Reach& reach = history_.reaches[operation.reach];
    Snapshot snapshot;
    if (reach.late >= 0) snapshot.labelled = labelled_[static_cast<std::size_t>(reach.late)];
    if (reach.through != 0) snapshot.tied = newest_made_[static_cast<std::size_t>(reach.via)];
    if (operation.act == Act::put) {
      values_[operation.key] += 1;
      if (under_way_ == 1) snapshot.alone_since = operation.start;
    }
    notes_[index] = static_cast<std::uint32_t>(snapshots_.size());
    snapshots_.push_back(snapshot);
    begin_cause(reach.perhaps, older_loads_taken(reach));
    begin_removal(removed_by(operation, reach));
  }

  void end_call(const Operation& operation, std::size_t index) {
    const Reach& reach = history_.reaches[operation.reach];
    const Snapshot& snapshot = snapshots_[notes_[index]];
    Floors& floors = floors_[operation.mode == Mode::remove ? 0 : 1];
    const auto raise = [](Stamp& floor, Stamp to) { floor = std::max(floor, to); };
    for (int key = 0; key < kKeys; ++key) {
      if (has(reach.surely, key)) raise(floors.own[key], operation.start);
      if (has(reach.absent, key)) raise(floors.absent[key], operation.start);
      if (has(reach.made_of, key)) raise(floors.made_of[key], operation.start);
      if (has(reach.through, key)) raise(floors.tied[key], snapshot.tied);
      raise(floors.resident[key], snapshot.labelled[key]);
      for (int space = 0; space < kSpaces; ++space) {
        if (has(reach.captured[space], key)) raise(floors.captured[space][key], operation.start);
      }
    }
    end_cause(reach.perhaps, older_loads_taken(reach), operation.end);
    end_removal(removed_by(operation, reach), operation.end);
    if (reach.version == Reach::Version::model) {
      floors.model = std::max(floors.model, operation.model);
      for (std::uint16_t hash = 0; hash < history_.terms.version_period; ++hash) {
        if (hash != operation.model % history_.terms.version_period)
          raise(floors.other_model[hash], operation.start);
      }
    }
    if (reach.version == Reach::Version::policy)
      floors.policy = std::max(floors.policy, operation.policy);
    if (reach.raises) raise(newest_raise_, operation.start);
    if (reach.late >= 0) end_named(operation, static_cast<std::size_t>(reach.late));
    served_on_error_.note_call(history_, operation, reach);
    if (history_.terms.hold_off == 0) return;
    for (int key = 0; key < kKeys; ++key) {
      if (has(reach.surely, key)) hit_[key].push_back({operation.end, operation.clock});
    }
  }

  /// Whoever asks for a value, and gets it, has the labels on it that it named, whether or not it was seen in the store.
  void end_named(const Operation& operation, std::size_t late) {
    for (const Seen& one : named_[late]) {
      if (one.at < operation.start)
        gone_[log_of(one.value)][place_of(one.value)] |= operation.mode == Mode::remove ? 3U : 2U;
    }
  }

  /// A value was in the store at some time between the two.
  void see(ValueId id, Stamp from, Stamp to) {
    const Made& value = made(id);
    Stamp& first = first_seen(id);
    if (first == 0) first = to;
    Seen& last = last_seen_[value.key];
    last = {to, id};
    newest_made_[value.key] = std::max(newest_made_[value.key], value.made_at);
    std::array<Seen, 2>& newest = newest_seen_[value.key];
    if (newest[0].value == id) {
      newest[0].at = std::max(newest[0].at, from);
    } else if (newest[0].at < from) {
      newest[1] = std::exchange(newest[0], {from, id});
    } else if (newest[1].at < from) {
      newest[1] = {from, id};
    }
    if (makes_room_[value.key] > 0 || made_room_[value.key] >= from) return;  // it may be gone
    Stamp& older = surely_older_[value.key];
    older = std::max(older, raised_before_[value.birth_from]);
  }

  // --- G1, G4, G7 -----------------------------------------------------------------------------------------------------

  void judge(const Operation& read) {
    if (read.value == 0) return;
    const Made& value = made(read.value);
    if (value.key != read.key) return report(Fault::torn, read);
    if (value.apart != 0 && value.apart != read.apart) return report(Fault::dirty, read);
    const bool on_error = is_on_error(read);
    const bool expired = read.staleness == Staleness::expired || on_error;
    if (read.staleness != Staleness::fresh && !may_be_stale(history_.terms, read))
      report(Fault::not_said, read);
    if (on_error && served_on_error_.expired_too_long(history_, read, value))
      report(Fault::past_deadline, read, "of what an expired value is good for on error");
    judge_by(floors_[0], read, value);
    if (!expired) judge_by(floors_[1], read, value);
    const unsigned gone = gone_[log_of(read.value)][place_of(read.value)];
    if (read.origin == Origin::l1 && (gone & (expired ? 1U : 2U)) != 0)
      report(Fault::stale_label, read, "who joined its load");
    judge_parts(read, value, expired, 0);
    judge_versions(read, value, expired);
    if (read.origin == Origin::l1) judge_hit(read, value);
  }

  void judge_by(const Floors& floors, const Operation& read, const Made& value) {
    const Stamp floor = floors.own[read.key];
    if (value.read_at < floor) report(Fault::stale, read, call_at(floor));
    if (value.pinned_by < floors.tied[read.key]) report(Fault::stale_part, read, "through another");
    const Stamp seen = first_seen(read.value);
    if (seen != 0 && seen < floors.resident[read.key])
      report(Fault::stale_label, read, call_at(floors.resident[read.key]));
  }

  void judge_parts(const Operation& read, const Made& value, bool expired, int depth) {
    // What was captured by an entry of another namespace, which was not hit, may be captured from there again.
    const auto captured = [&](const Floors& floors, int key) {
      return std::min(floors.captured[static_cast<std::size_t>(space_of(read.key))][key],
                      floors.captured[static_cast<std::size_t>(space_of(value.key))][key]);
    };
    for (const Part& part : value.parts) {
      if (part.kind == Part::Kind::none) continue;
      if (history_.terms.ties_by_store && part.value != 0 && first_seen(part.value) == 0) continue;
      const bool stale = part.kind == Part::Kind::stale_value;
      if (stale && read.origin == Origin::l1 && !expired) report(Fault::not_said, read);
      const bool found = part.kind != Part::Kind::nothing;
      const Stamp from = found ? made(part.value).read_at : part.since;
      for (std::size_t mode = 0; mode < (expired || stale ? 1 : 2); ++mode) {
        const Stamp floor =
            found ? captured(floors_[mode], part.key) : floors_[mode].absent[part.key];
        if (from < floor) report(Fault::stale_part, read, call_at(floor));
        const Stamp whole = floors_[mode].made_of[part.key];
        if (value.read_at < whole) report(Fault::stale_part, read, call_at(whole));
      }
      if (found && depth < 2) judge_parts(read, made(part.value), expired || stale, depth + 1);
    }
  }

  void judge_versions(const Operation& read, const Made& value, bool expired) {
    const std::uint16_t period = history_.terms.version_period;
    const auto same = [&](std::uint16_t one, std::uint16_t other) {
      return period == 0 ? one == other : one % period == other % period;
    };
    if (read.model != 0 && !same(value.model, read.model))
      report(Fault::old_version, read, "another");
    if (read.origin != Origin::l1) return;
    for (std::size_t mode = 0; mode < (expired ? 1 : 2); ++mode) {
      const Floors& floors = floors_[mode];
      const bool old = is_old_model(value, floors) ||
                       (value.policy != 0 && value.policy < floors.policy) ||
                       (read.policy != 0 && read.policy < floors.policy);
      if (old) report(Fault::old_version, read, "not the current one");
    }
  }

  void judge_on_error(const Operation& read) {
    if (read.staleness == Staleness::load_late && read.value != 0 &&
        served_on_error_.removed_in_time(history_, read, made(read.value))) {
      report(Fault::stale, read, "what was removed before its time-out");
    }
    if (read.staleness != Staleness::load_failed || read.value == 0) return;
    const Stamp floor = served_on_error_.floor_at_failure(read);
    if (made(read.value).read_at < floor) report(Fault::stale, read, call_at(floor));
  }

  // Where versions come back, the number alone says nothing: another one must have become current since the origin was read.
  bool is_old_model(const Made& value, const Floors& floors) const {
    if (value.model == 0) return false;
    const std::uint16_t period = history_.terms.version_period;
    return period == 0 ? value.model < floors.model
                       : value.read_at < floors.other_model[value.model % period];
  }

  void judge_hit(const Operation& read, const Made& value) {
    const bool on_error = is_on_error(read);
    const std::int64_t lifetime =
        history_.terms.lifetime + (on_error ? history_.terms.stale_if_error : 0);
    const auto is_over = [&](const Made& what) {
      return history_.terms.lifetime != 0 && what.stored_by != 0 &&
             read.clock >= what.stored_by + lifetime + history_.terms.clock_tick;
    };
    bool over = is_over(value);
    for (const Part& part : value.parts)
      over = over || (part.value != 0 && is_over(made(part.value)));
    if (over) report(Fault::past_deadline, read);
    // A load that was asked for while the call was under way may have begun before it.
    const bool held =
        value.began_by != 0 &&
        std::any_of(hit_[read.key].begin(), hit_[read.key].end(), [&](const Hit& hit) {
          return hit.end < value.birth_from && value.began_by < hit.clock + history_.terms.hold_off;
        });
    if (held) report(Fault::held_off, read);
    if (history_.terms.lease != 0 && value.stored_from != 0 &&
        value.stored_from >= value.began_by + history_.terms.lease)
      report(Fault::past_deadline, read, "its lease");
    const std::array<Seen, 2>& newest = newest_seen_[read.key];
    const Seen& other = newest[0].value == read.value ? newest[1] : newest[0];
    const Stamp seen = first_seen(read.value);
    if (seen != 0 && seen < other.at) report(Fault::unseen, read);
  }

  /// `older`: below this births were surely replaced when the read began. What makes room while it looks may let them in again.
  void judge_older(const Operation& read, Stamp older) {
    if (!history_.terms.keeps_everything || read.origin != Origin::l1 || read.value == 0) return;
    if (makes_room_[read.key] > 0 || made_room_[read.key] >= read.start) return;
    if (made(read.value).birth_by < older) report(Fault::older_birth, read);
  }

  // --- G2, G3 ---------------------------------------------------------------------------------------------------------

  void start_load(const Operation& load) {
    if (load.apart != 0) return;  // it is shared with nobody
    absent_answers_.note_load(history_, load);
    std::vector<const Operation*>& loads = loads_[load.key];
    if (loads.size() >= 2) report(Fault::third_load, load);
    // Where something is refreshed in the background, that may be the cause, and nobody notes when it ended.
    if (history_.terms.keeps_everything && loads.size() == 1 && !is_forced(load, *loads.front()) &&
        !first_naming_.forced(history_, load, *loads.front()))
      report(Fault::needless_load, load);
    loads.push_back(&load);
  }

  void end_load(const Operation& load) {
    std::erase(loads_[load.key], &load);
    if (load.apart != 0) return;
    if (load.value == 0) return served_on_error_.note_failure(load, floors_[0].own[load.key]);
    // A refresh in the background takes the labels along that the entry was given before it was first served past its soft
    // deadline. Which entry it refreshes is known if there was but one.
    if (load.asked_at == 0 && values_[load.key] == 1) {
      for (std::size_t late = 0; late < kLateLabels; ++late) {
        if (refreshed_with_[late][load.key]) named_[late].push_back({load.end, load.value});
      }
    }
    values_[load.key] += 1;
  }

  static KeySet older_loads_taken(const Reach& reach) { return reach.asks ? 0 : reach.surely; }

  // What changes the dependencies of one key may take those entries away that depend on it.
  // What takes an entry away and not older loads of its key leaves room for what was born before it.
  void begin_cause(KeySet perhaps, KeySet surely) {
    for (int key = 0; key < kKeys; ++key) {
      if (!has(perhaps, key)) continue;
      ++causes_under_way_[key];
      if (has(surely, key)) continue;
      ++makes_room_[key];
      surely_older_[key] = 0;
    }
  }
  void end_cause(KeySet perhaps, KeySet surely, Stamp at) {
    for (int key = 0; key < kKeys; ++key) {
      if (!has(perhaps, key)) continue;
      --causes_under_way_[key];
      last_cause_[key] = at;
      if (has(surely, key)) continue;
      --makes_room_[key];
      made_room_[key] = at;
      surely_older_[key] = 0;
    }
  }

  // What an entry that is stored changes about those who depend on it expires them, and does not remove them.
  static KeySet removed_by(const Operation& operation, const Reach& reach) {
    return operation.mode == Mode::remove ? reach.perhaps : reach.renewed;
  }
  void begin_removal(KeySet perhaps) {
    for (int key = 0; key < kKeys; ++key) removals_under_way_[key] += has(perhaps, key) ? 1 : 0;
  }
  void end_removal(KeySet perhaps, Stamp at) {
    for (int key = 0; key < kKeys; ++key) {
      if (!has(perhaps, key)) continue;
      --removals_under_way_[key];
      last_removal_[key] = at;
    }
  }

  bool is_forced(const Operation& load, const Operation& other) const {
    if (load.asked_at == 0 || other.asked_at == 0) return true;
    if (load.model != other.model || load.policy != other.policy) return true;
    return may_be_hit(load.key, std::min(load.asked_at, other.asked_at));
  }
  bool may_be_hit(std::uint8_t key, Stamp since) const {
    return causes_under_way_[key] > 0 || last_cause_[key] >= since;
  }

  void judge_miss(const Operation& read, ValueId stored) {
    if (!history_.terms.keeps_everything || stored == 0 || read.origin == Origin::l1) return;
    if (looks_elsewhere(read)) return;
    const Made& value = made(stored);
    if (value.birth_from == 0 || may_be_hit(read.key, value.birth_from)) return;
    Violation violation{Fault::lost, read, value, {}};
    violations_.push_back(std::move(violation));
  }

  // Who depends on a key whose entries change their dependencies too often is removed in the end, so what may is left out.
  void judge_expired_miss(const Operation& read, ValueId stored) {
    if (!history_.terms.keeps_expired || stored == 0 || read.origin == Origin::l1) return;
    if (looks_elsewhere(read) || made_of_others_[read.key]) return;
    const Made& value = made(stored);
    if (removals_under_way_[read.key] > 0 || last_removal_[read.key] >= value.made_at) return;
    violations_.push_back({Fault::removed, read, value, {}});
  }

  const History& history_;
  std::vector<const Operation*> operations_;
  std::vector<std::uint32_t> events_;  // by stamp: index of an operation * 2, + 1 for its end
  std::vector<std::uint32_t>
      notes_;                 // by operation: a call's snapshot; what a read might have missed
  std::vector<Stamp> older_;  // by operation: of a read, what surely_older_ was when it began
  std::vector<Snapshot> snapshots_;
  std::vector<std::vector<Stamp>> first_seen_;
  std::vector<std::vector<std::uint8_t>>
      gone_;  // by a label that was named late: 1 removed, 2 removed or expired
  std::array<std::vector<Seen>, kLateLabels> named_{};  // values that carry it from then on
  std::array<std::vector<Hit>, kKeys> hit_{};           // where policy holds off
  std::vector<Stamp> raised_before_;  // by stamp: the newest start of a raise that had returned
  std::array<Floors, 2> floors_{};    // remove, expire
  std::array<PerKey, kLateLabels> labelled_{};
  std::array<Seen, kKeys> last_seen_{};
  std::array<std::array<Seen, 2>, kKeys> newest_seen_{};
  PerKey newest_made_{};
  PerKey surely_older_{};
  PerKey last_cause_{};
  std::array<int, kKeys> causes_under_way_{};
  std::array<int, kKeys> makes_room_{};  // those that leave room for what was born before
  PerKey made_room_{};                   // when the last of those ended
  int under_way_ = 0;                    // of all operations
  Stamp newest_start_ = 0;
  std::array<std::uint32_t, kKeys> values_{};  // made so far, at most
  std::array<bool, kKeys> served_stale_{};
  std::array<std::array<bool, kKeys>, kLateLabels> refreshed_with_{};
  FirstNaming first_naming_;
  ServedOnError served_on_error_;
  AbsentAnswers absent_answers_;
  PerKey last_removal_{};
  std::array<int, kKeys> removals_under_way_{};
  std::array<bool, kKeys> made_of_others_{};  // whether some value of the key was
  std::array<std::vector<const Operation*>, kKeys> loads_{};
  Stamp newest_raise_ = 0;
  std::vector<Violation> violations_;
};

}  // namespace freshet::testing::history
