// The runner's invalidations and sweeps, and the comparison.
#include "properties/model/runner.hpp"

namespace freshet::testing::model {

void Runner::check(const Count& expected, std::uint64_t count, const char* what) {
  if (count >= expected.least && count <= expected.most) return;
  RC_FAIL(std::string(what) + ": " + std::to_string(count) + ", expected " +
          std::to_string(expected.least) + " to " + std::to_string(expected.most));
}

void Runner::check_list(const Invalidated& answer, const std::vector<const Entry*>& hit) {
  RC_ASSERT(answer.entries.size() == answer.count);
  for (const StaleEntry& entry : answer.entries) {
    RC_ASSERT(!entry.reason.empty());
    const bool known = std::any_of(hit.begin(), hit.end(), [&](const Entry* one) {
      return entry.key == key(one->name) && entry.name_space == space(one->name.space);
    });
    if (!known) RC_FAIL("listed " + entry.name_space + "/" + entry.key + ": " + entry.reason);
  }
}

Invalidated Runner::invalidate_one(const Aim& aim, const InvalidateOptions& options) {
  CacheInvalidator& cache = *invalidator_;
  const Target target = target_of(aim);
  switch (aim.kind) {
    case Aim::key:
      if (aim.what % 2 == 0) return cache.invalidate(target.name, target.space, options);
      return caches_[static_cast<std::size_t>(aim.space)].invalidate(target.name, options);
    case Aim::tag:
      return cache.invalidate_tag(target.name, options);
    case Aim::tag_in:
      return cache.invalidate_tag_in(target.name, target.space, options);
    case Aim::name_space:
      return cache.invalidate_namespace(target.space, options);
    case Aim::all:
      return cache.invalidate_all(options);
    case Aim::all_of:
      return cache.invalidate_all_of(target.more, options);
    case Aim::dependents:
      return cache.invalidate_dependents(target.name, options);
    case Aim::dependents_of_key:
      return cache.invalidate_dependents_of_key(target.name, target.space, options);
    case Aim::prefix:
      return cache.invalidate_prefix(target.name, target.space, options);
    case Aim::matching:
      return cache.invalidate_matching(target.name, target.space, options);
    case Aim::version:
      return cache.invalidate_version(target.name, target.more.front(), options);
    case Aim::bump:
      return cache.bump_version(target.name, options);
    case Aim::policy_version:
      return cache.set_policy_version(target.space, target.more.front(), options);
    case Aim::all_of_in:
    case Aim::kinds:
      break;
  }
  return cache.invalidate_many({target}, options).total;
}

void Runner::invalidate(const std::vector<Aim>& aims, Mode mode, bool dry_run, bool many) {
  std::vector<Resolved> resolved;
  std::vector<Target> targets;
  for (const Aim& aim : aims) {
    resolved.push_back(model_.resolve(aim, mode));
    targets.push_back(target_of(aim));
  }
  model_.examine_all();  // for the count to be exact
  std::vector<Count> each;
  std::vector<const Entry*> hit;
  const Count expected = model_.count(resolved, each, hit);
  const bool lists = aims.front().what % 4 == 0;
  const InvalidateOptions options{
      .mode = mode, .dry_run = dry_run, .list = lists ? std::size_t{100} : 0};
  Invalidated answer;
  if (many) {
    const InvalidatedMany answers = invalidator_->invalidate_many(targets, options);
    answer = answers.total;
    for (std::size_t i = 0; i < each.size(); ++i) {
      RC_ASSERT(answers.targets[i].error.empty());
      RC_ASSERT(answers.targets[i].exactness == Exactness::exact);
      check(each[i], answers.targets[i].count, "count of a target");
    }
  } else {
    answer = invalidate_one(aims.front(), options);
  }
  RC_ASSERT(answer.exactness == Exactness::exact);
  check(expected, answer.count, "count");
  if (lists) check_list(answer, hit);
  if (dry_run) return;
  model_.apply(resolved, mode);
  for (const Resolved& one : resolved) {
    if (one.own) model_.note_written(*one.own);
  }
  model_.note();
}

void Runner::invalidate_nothing(const Command& c) {
  const InvalidateOptions options{
      .mode = c.mode, .dry_run = c.dry_run, .skip = {.write_l1 = true}, .list = 100};
  if (c.verb == Verb::predicate) {
    const auto never = [](const EntryDescription&) -> bool { RC_FAIL("a predicate was asked"); };
    RC_ASSERT(invalidator_->invalidate_if(space(c.name.space), never, options).count == 0U);
    return;
  }
  std::vector<Target> targets;
  for (const Aim& aim : c.aims) targets.push_back(target_of(aim));
  RC_ASSERT(invalidator_->invalidate_many(targets, options).total.count == 0U);
}

void Runner::predicate(const Command& c) {
  const auto by_description = [&](const EntryDescription& entry) {
    switch (c.number) {
      case 0:
        return (std::find(kKeys.begin(), kKeys.end(), entry.key) - kKeys.begin()) % 2 == 0;
      case 1:
        return std::find(entry.tags.begin(), entry.tags.end(), kTags[0]) != entry.tags.end();
      default:
        return true;
    }
  };
  const InvalidateOptions options{.mode = c.mode, .dry_run = c.dry_run, .list = 100};
  const Invalidated answer =
      invalidator_->invalidate_if(space(c.name.space), by_description, options);
  RC_ASSERT(answer.entries.size() == answer.count);
  check(model_.invalidate_if(c.name.space, c.number, c.mode, c.dry_run), answer.count,
        "count of a predicate");
  if (!c.dry_run) model_.note();
}

void Runner::sweep(std::size_t budget) {
  const std::size_t freed = invalidator_->sweep(budget);
  check(model_.freed_by(budget), freed, "freed by a sweep");
  model_.swept();
}

void Runner::settle() {
  invalidator_->settle();
  model_.examine_all();
  model_.swept();
  compare();
  const Statistics stats = invalidator_->stats();
  RC_ASSERT(stats.total.tags == model_.alive_tags());
  RC_ASSERT(stats.total.bans == 0U);
}

void Runner::compare() {
  std::uint64_t served = 0;
  Count fresh;
  for (int s = 0; s < kSpaceCount; ++s) {
    for (int k = 0; k < kStoredKeys; ++k) {
      if (!look({s, k})) continue;
      ++served;
      const bool counts = model_.find({s, k})->surely_fresh(model_.now());
      fresh.least += counts ? 1 : 0;
      fresh.most += counts ? 1 : 0;
    }
  }
  check(fresh, invalidator_->invalidate_all({.dry_run = true}).count, "fresh entries");
  const NamespaceStatistics stats = invalidator_->stats().total;
  RC_ASSERT(stats.entries == served);
  const std::array<std::uint64_t, 6> left{stats.removed_explicit, stats.removed_replaced,
                                          stats.removed_expired,  stats.removed_capacity,
                                          stats.removed_label,    stats.removed_ban};
  const char* causes[] = {"explicit", "replaced", "expired", "capacity", "label", "ban"};
  for (std::size_t i = 0; i < left.size(); ++i) {
    check({model_.removals.least[i], model_.removals.most[i]}, left[i],
          (std::string("removed by cause ") + causes[i]).c_str());
  }
  const auto outcome = [&](StoreOutcome one, std::uint64_t count, const char* what) {
    const auto i = static_cast<std::size_t>(one);
    check({model_.outcomes.least[i], model_.outcomes.most[i]}, count, what);
  };
  outcome(StoreOutcome::refused_key_changed, stats.refused_key_changed, "refused_key_changed");
  outcome(StoreOutcome::refused_invalidated, stats.refused_invalidated, "refused_invalidated");
  outcome(StoreOutcome::refused_older, stats.refused_older, "refused_older");
  outcome(StoreOutcome::refused_hold_off, stats.refused_hold_off, "refused_hold_off");
  outcome(StoreOutcome::refused_version, stats.refused_version, "refused_version");
  outcome(StoreOutcome::not_kept_stale, stats.not_kept_stale, "not_kept_stale");
  outcome(StoreOutcome::not_kept_by_policy, stats.not_kept_by_policy, "not_kept_by_policy");
  outcome(StoreOutcome::not_kept_by_loader, stats.not_kept_by_loader, "not_kept_by_loader");
}

}  // namespace freshet::testing::model
