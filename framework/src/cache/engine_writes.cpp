// The part of Engine that waits for writes: what a transaction collects, and how it is carried out around a commit.
#include <utility>

#include "cache/engine.hpp"
#include "cache/invalidated_sum.hpp"
#include "cache/names.hpp"
#include "freshet/errors.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {
namespace {

bool names_a_hash(const Target& target) noexcept {
  return target.kind == Target::Kind::version && !target.more.empty();
}

}  // namespace

bool Engine::collect(Collected work) { return TransactionState::collect_for(*this, work); }

std::optional<InvalidatedMany> Engine::collect(std::span<const Target> targets,
                                               const InvalidateOptions& options) {
  if (TransactionState::of(*this) == nullptr) return std::nullopt;
  InvalidatedMany answer;
  answer.total.revision = freshness_.revision();
  answer.total.collected = true;
  Collected work;
  work.rewarm = by_name(options.rewarm);
  for (const Target& target : targets) {
    TargetOutcome& outcome = answer.targets.emplace_back();
    try {
      check(target);
      work.targets.push_back({target, options.mode, options.cause});
    } catch (const Error& error) {
      outcome.error = error.what();
    }
  }
  if (!collect(std::move(work))) return std::nullopt;  // it has just ended on another thread
  return answer;
}

Invalidated Engine::invalidate_around(Collected work, Moment moment) {
  if (TransactionState::collect_for(*this, work))
    return {.revision = freshness_.revision(), .collected = true};
  return deliver(work, moment);
}

void Engine::invalidate_everything() {
  if (TransactionState::collect_everything(*this)) return;
  freshness_.raise(everything_, Mode::remove);
  note_raises();
}

Invalidated Engine::deliver(const Collected& work, Moment moment) {
  Invalidated sum{.revision = freshness_.revision()};
  try {
    deliver_all(work, moment, sum);
  } catch (...) {
    if (moment == Moment::before) throw;
    // The write has happened, and nobody will say again what it made stale.
    freshness_.raise(everything_, Mode::remove);
    note_raises();
    for (const auto& one : work.elsewhere) one.engine->invalidate_everything();
    throw;
  }
  return sum;
}

// Before the write predicates come first: targets may take away what they would match.
void Engine::deliver_all(const Collected& work, Moment moment, Invalidated& sum) {
  if (work.everything) freshness_.raise(everything_, Mode::remove), note_raises();
  if (moment == Moment::before) deliver_predicates(work, moment, sum);
  deliver_targets(work, Mode::remove, moment, sum);
  deliver_targets(work, Mode::expire, moment, sum);
  for (const auto& one : work.elsewhere)
    add_to(sum, one.engine->invalidate_or_more({&one.target, 1}, Mode::remove, {}));
  if (moment == Moment::before) return;
  deliver_predicates(work, moment, sum);
  for (const auto& request : work.refreshes) refresh(request.key, request.name_space);
  for (const KeyName& name : work.rewarm) refiller_.rewarm(named(name));
}

Invalidated Engine::invalidate_or_more(std::span<const Target> targets, Mode mode,
                                       std::span<const std::string> causes) {
  const InvalidateOptions options{.mode = mode};
  InvalidatedMany answer = invalidate_now(targets, options, causes);
  std::vector<Target> more;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (answer.targets[i].error.empty()) continue;
    const std::string& space = targets[i].space;
    more.push_back(space.empty() ? Target::all() : Target::name_space(space));
  }
  if (!more.empty()) add_to(answer.total, invalidate_now(more, options).total);
  return std::move(answer.total);
}

// Setting a version to the hash that it has does nothing. So after a write the version first becomes one that nobody
// announces: whatever announced the hash while the write ran goes too.
void Engine::deliver_targets(const Collected& work, Mode mode, Moment moment, Invalidated& sum) {
  std::vector<Target> targets;
  std::vector<std::string> causes;
  std::vector<Target> versions;
  std::vector<std::string> causes_of_versions;
  for (const auto& one : work.targets) {
    if (one.mode != mode) continue;
    causes.push_back(one.cause);
    if (moment == Moment::after && names_a_hash(one.target)) {
      targets.push_back(Target::new_version(one.target.name));
      versions.push_back(one.target);
      causes_of_versions.push_back(one.cause);
      continue;
    }
    targets.push_back(one.target);
    if (moment == Moment::after && one.target.kind == Target::Kind::policy_version) {
      targets.push_back(Target::name_space(one.target.space));
      causes.push_back(one.cause);
    }
  }
  if (!targets.empty()) add_to(sum, invalidate_or_more(targets, mode, causes));
  if (!versions.empty()) {
    add_to(sum, invalidate_or_more(versions, mode, causes_of_versions));
  }
}

void Engine::deliver_predicates(const Collected& work, Moment moment, Invalidated& sum) {
  if (work.predicates.empty()) return;
  const ScopesGuard outside(beside(open_scopes()));  // they may read the cache
  for (const auto& one : work.predicates) {
    try {
      add_to(sum, invalidate_now(*one.block, one.space, *one.predicate, one.options));
    } catch (...) {
      if (moment != Moment::after) throw;
      // What it would have said is not known any more, and the write has happened.
      const Target all = Target::name_space(one.space->text());
      add_to(sum, invalidate_now(std::span(&all, 1), one.options).total);
    }
  }
}

bool Engine::refresh_or_collect(std::string_view key, std::string_view name_space) {
  if (TransactionState::of(*this) != nullptr) {
    check_key(key);
    block_of(name_space);
    Collected work;
    work.refreshes.push_back({std::string(key), std::string(name_space)});
    if (collect(std::move(work))) return false;
  }
  return refresh(key, name_space);
}

}  // namespace freshet::detail
