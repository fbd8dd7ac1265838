// Aftermath: what must hold of a cache once all threads have ended and the pool is idle.
//
//   counts   a call says how many fresh entries it makes stale. Where it calls that exact, so many fewer are fresh when it has
//            returned; a dry run says the same and changes nothing
//   edges    whoever depends on a key depends on what its entry depends on, where entries name what they depend on
//   nothing  once everything is invalidated and swept, no entry, label, edge, ban, pair of versions or count is left
// Says in words what does not hold. The rule is asked about each entry, so that a count is never compared with a count.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "guarantees/history_model.hpp"
#include "support/engine_access.hpp"

namespace freshet::simulation {

class Aftermath {
 public:
  explicit Aftermath(CacheInvalidator& invalidator)
      : invalidator_(invalidator), engine_(testing::EngineAccess::engine(invalidator)) {}

  /// Makes the call. `number` is that of a version, for calls that set one.
  void count(const testing::history::Call& call, std::uint16_t number, Mode mode) {
    if (is_in_doubt()) return;
    const std::uint64_t before = fresh();
    const Invalidated planned = call.make(invalidator_, number, {.mode = mode, .dry_run = true});
    equal(fresh(), before, call.name + " as a dry run: fresh entries");
    const Invalidated done = call.make(invalidator_, number, {.mode = mode});
    const std::uint64_t gone = before - fresh();
    if (planned.exactness == Exactness::exact)
      equal(planned.count, gone, call.name + " as a dry run: entries that it takes");
    if (done.exactness == Exactness::exact)
      equal(done.count, gone, call.name + ": entries that it takes");
  }

  /// Changes nothing. What labels count is what a look at each entry finds, as soon as the store says that it was swept.
  void compare_counts(const testing::history::Call& call, std::uint16_t number, Mode mode) {
    if (is_in_doubt()) return;
    const Invalidated counted = call.make(invalidator_, number, {.mode = mode, .dry_run = true});
    const Invalidated looked =
        call.make(invalidator_, number, {.mode = mode, .dry_run = true, .list = 1});
    if (counted.exactness == Exactness::exact && looked.exactness == Exactness::exact)
      equal(counted.count, looked.count, call.name + ": entries, by what their labels count");
  }

  /// Not where loaders read other keys: what they read brings its labels along, and leaves no edges.
  void look_at_edges() {
    struct Stored {
      const detail::Label* space;
      std::string key;
      std::vector<detail::LabelRef> labels;
    };
    std::vector<Stored> stored;
    for (const auto& block : testing::EngineAccess::blocks(invalidator_)) {
      block->store().for_each_fresh(engine_.clock().now(), [&](const detail::Entry& entry) {
        stored.push_back(
            {entry.carrier().name_space(), std::string(entry.key()), entry.carrier().all_labels()});
      });
    }
    for (Stored& entry : stored) {
      const detail::LabelRef key = engine_.freshness().find_key(*entry.space, entry.key);
      if (!key) continue;
      std::erase_if(entry.labels, [](const auto& label) { return !detail::is_inherited(*label); });
      if (!engine_.freshness().graph().has_edges(*key, entry.labels))
        findings_.push_back("key " + entry.key + " has no edge to something its entry depends on");
    }
  }

  /// Invalidates everything.
  void leave_nothing() {
    invalidator_.invalidate_all();
    invalidator_.sweep();
    invalidator_.sweep();  // what the first has freed may have been all that held a circle
    detail::Freshness& freshness = engine_.freshness();
    for (const auto& block : testing::EngineAccess::blocks(invalidator_))
      equal(block->store().holdings().entries, 0u, block->name() + ": entries");
    equal(freshness.resident(), 0u, "entries, by their count");
    const std::pair<detail::LabelKind, std::string_view> kinds[] = {
        {detail::LabelKind::tag, "tags"},
        {detail::LabelKind::resource, "resources"},
        {detail::LabelKind::key, "keys"},
        {detail::LabelKind::version, "versions"}};
    for (const auto& [kind, words] : kinds) equal(freshness.live_labels(kind), 0u, words);
    equal(freshness.graph().size(), 0u, "labels with parents");
    equal(freshness.bans().size(), 0u, "bans");
    equal(freshness.overflow()->references(), 2u, "references to what stands for other labels");
  }

  /// What does not hold, one a line.
  std::vector<std::string> take() { return std::move(findings_); }

 private:
  /// Whether an entry is stale by a label that was raised while it, or its key, got it: it is found out with the next raise.
  bool is_in_doubt() {
    bool found = false;
    for (const auto& block : testing::EngineAccess::blocks(invalidator_)) {
      block->store().for_each_fresh(engine_.clock().now(), [&](const detail::Entry& entry) {
        found = found || engine_.freshness().is_stale_by_label(entry.carrier());
      });
    }
    return found;
  }

  std::uint64_t fresh() {
    std::uint64_t count = 0;
    for (const auto& block : testing::EngineAccess::blocks(invalidator_)) {
      block->store().for_each_fresh(engine_.clock().now(), [&](const detail::Entry&) { ++count; });
    }
    return count;
  }

  void equal(std::uint64_t found, std::uint64_t expected, std::string_view what) {
    if (found != expected)
      findings_.push_back(fmt::format("{}: {}, and {} expected", what, found, expected));
  }

  CacheInvalidator& invalidator_;
  detail::Engine& engine_;
  std::vector<std::string> findings_;
};

}  // namespace freshet::simulation
