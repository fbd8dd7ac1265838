// The runner's reads, loads and puts. Invalidations, sweeps and the comparison: runner_invalidation.cpp.
#include "properties/model/runner.hpp"

namespace freshet::testing::model {

Runner::Runner() {
  Components components;
  components.clock = clock_;
  components.executor = std::make_shared<ManualExecutor>(clock_);
  components.random = make_random_source(1);
  invalidator_.emplace(CacheInvalidator::from_yaml(kPolicy, components));
  for (const std::string& name : kSpaces) caches_.push_back(invalidator_->cache<int>(name));
}

void Runner::execute(const Command& c) {
  model_.tick();
  switch (c.verb) {
    case Verb::put:
      return put(c);
    case Verb::get:
      return get(c);
    case Verb::load:
      return load(c, nullptr);
    case Verb::load_many:
      return load_many(c);
    case Verb::lease:
      return lease(c);
    case Verb::put_leased:
      return put_leased(c);
    case Verb::tag:
      return tag(c);
    case Verb::depend:
      return depend(c);
    case Verb::invalidate:
    case Verb::many:
      if (c.skips_write) return invalidate_nothing(c);
      return invalidate(c.aims, c.mode, c.dry_run, c.verb == Verb::many);
    case Verb::predicate:
      if (c.skips_write) return invalidate_nothing(c);
      return predicate(c);
    case Verb::advance:
      return clock_->advance(std::chrono::seconds(c.number));
    case Verb::sweep:
      return sweep(static_cast<std::size_t>(c.number));
    case Verb::settle:
      return settle();
    case Verb::verbs:
      break;
  }
}

Cache<int> Runner::view(const Command& c) const {
  Cache<int> cache = caches_[static_cast<std::size_t>(c.name.space)];
  if (c.view >= 0) cache = cache.at_version(kPolicyVersions[static_cast<std::size_t>(c.view)]);
  if (!is_scoped(c)) return cache;
  const std::string& whole = key(c.name);
  return cache.scoped(whole.substr(0, whole.find(':')));
}

EntryOptions Runner::options(const Command& c) {
  EntryOptions options = Runner::options(c.said);
  options.skip = {.read_l1 = c.skips_read, .write_l1 = c.skips_write};
  return options;
}

EntryOptions Runner::options(const Said& said) {
  EntryOptions options;
  for (std::size_t i = 0; i < kTags.size(); ++i) {
    if ((said.tags >> i & 1) != 0) options.tags.push_back(kTags[i]);
  }
  for (const int resource : {said.depends_on, said.also_depends_on}) {
    if (resource >= 0)
      options.depends_on.push_back(kResources[static_cast<std::size_t>(resource)].text);
  }
  if (said.version >= 0) {
    const Pin& pin = kPins[static_cast<std::size_t>(said.version)];
    options.versions.push_back({kDependencies[static_cast<std::size_t>(pin.dependency)], pin.hash});
  }
  if (said.ttl >= 0) options.ttl = std::chrono::seconds(said.ttl);
  return options;
}

void Runner::put(const Command& c) {
  const int value = ++next_value_;
  const StoreOutcome outcome = view(c).put(key_of(c), value, options(c));
  const Plan plan = model_.plan(c.name, c.said, c.view);
  Entry made{.name = c.name, .value = value, .labels = plan.labels, .declared = plan.declared};
  Model::set_deadlines(made, c.said, {}, kNever, model_.now());
  model_.note_written(c.name);
  StoreOutcome expected = plan.outdated ? StoreOutcome::refused_version : StoreOutcome::stored;
  if (c.skips_write) expected = StoreOutcome::skipped;
  if (made.hard <= model_.now()) expected = StoreOutcome::not_kept_by_policy;
  RC_ASSERT(outcome == expected);
  if (c.skips_write || expected == StoreOutcome::not_kept_by_policy) {
    model_.overwrite(c.name, expected);
  } else {
    model_.put(c.name, std::move(made), plan);
  }
  model_.note();
}

Handle<int> Runner::look(const Name& name) {
  Handle<int> found = caches_[static_cast<std::size_t>(name.space)].get(key(name));
  const bool expired = found.staleness() == Staleness::expired;
  model_.observe(name, found.get(), expired);
  if (found && !expired) RC_ASSERT(found.stale() == (model_.find(name)->soft <= model_.now()));
  return found;
}

std::pair<bool, bool> Runner::can_answer(const Command& c, const Plan& plan) {
  if (plan.outdated) return {false, false};
  model_.examine(c.name);
  const Entry* entry = model_.find(c.name);
  if (entry == nullptr) return {false, false};
  for (const Carried& wanted : plan.labels) {
    if (is_version(wanted.label) && entry->find(wanted.label) == nullptr) return {false, false};
  }
  return {!entry->surely_dead(model_.now()), !entry->maybe_dead(model_.now())};
}

void Runner::get(const Command& c) {
  if (c.skips_read) {
    RC_ASSERT(!view(c).get(key_of(c), {.read_l1 = true}));
    return;
  }
  Plan plan;
  plan.outdated = model_.is_outdated(c.name.space, c.view);
  const auto [may, must] = can_answer(c, plan);
  const auto found = view(c).get(key_of(c));
  RC_ASSERT((found ? may : !must));
  if (found) model_.observe(c.name, found.get(), found.staleness() == Staleness::expired);
}

void Runner::load(const Command& c, Captured* outer) {
  if (outer != nullptr) model_.pin_read_key(c.name, outer->labels);
  const bool announces = c.said.version >= 0 || c.view >= 0;
  Load load;
  if (announces) load.plan = model_.plan(c.name, c.said, c.view);
  const auto [may, must] = c.skips_read ? std::pair(false, false) : can_answer(c, load.plan);
  bool loaded = false;
  const auto loader = [&, once = std::make_unique<int>()](LoadContext& context) {
    loaded = true;
    if (!announces) load.plan = model_.plan(c.name, c.said, c.view);
    return run_loader(c, context, load);
  };
  const auto found = view(c).get_or_load(key_of(c), loader, options(c));
  if (loaded ? must : !may)
    RC_FAIL(text_of(c.name) +
            (loaded ? " was loaded and is there" : " was served and should not be"));
  if (loaded) {
    RC_ASSERT(*found == load.value);
    RC_ASSERT(!found.stale());
    return finish(c, load, outer);
  }
  model_.observe(c.name, found.get(), found.staleness() == Staleness::expired);
  model_.follow_drift(c.name, c.said);
  if (outer == nullptr) return;
  outer->take(*model_.find(c.name), found.stale());
}

void Runner::begin(const Name& name, Load& load) {
  load.birth = model_.order();
  load.sequence = model_.sequence(name);
  load.value = ++next_value_;
  load.began = model_.now();
  load.held_from = model_.held_from();
}

int Runner::run_loader(const Command& c, LoadContext& context, Load& load) {
  begin(c.name, load);
  if (c.read != Read::nothing) read_other(c, load.captured);
  if (!c.aims.empty()) invalidate(c.aims, c.mode, false, c.aims.size() > 1);
  const EntryOptions said = options(c.loader);
  for (const std::string& tag : said.tags) context.tag(tag);
  for (const std::string& resource : said.depends_on) context.depends_on(resource);
  for (const VersionPin& pin : said.versions) context.version(pin.dependency, pin.hash);
  if (said.ttl) context.ttl(*said.ttl);
  if (!c.keeps) context.do_not_keep();
  load.refusals_before = refusals();
  return load.value;
}

void Runner::Captured::take(const Entry& entry, bool is_stale) {
  hard = std::min(hard, entry.hard);
  stale = stale || is_stale;
  for (const Carried& one : entry.labels) {
    const bool known = std::any_of(labels.begin(), labels.end(),
                                   [&](const Carried& own) { return own.label == one.label; });
    if (!known) labels.push_back(one);
  }
}

void Runner::read_other(const Command& c, Captured& captured) {
  Command read;
  read.verb = Verb::load;
  read.name = c.other;
  if (c.read == Read::load && !(c.other == c.name)) return load(read, &captured);
  model_.pin_read_key(c.other, captured.labels);
  if (c.read == Read::contains) {
    const auto [may, must] = can_answer(read, {});
    const bool there = caches_[static_cast<std::size_t>(c.other.space)].contains(key(c.other));
    RC_ASSERT((there ? may : !must));
    const Entry* entry = model_.find(c.other);
    if (!there) return;
    if (entry->least == entry->most)
      return captured.take(*entry, entry->least == Verdict::expired || entry->soft <= model_.now());
  }
  if (const Handle<int> found = look(c.other)) captured.take(*model_.find(c.other), found.stale());
}

std::uint64_t Runner::refusals() const {
  const NamespaceStatistics stats = invalidator_->stats().total;
  return stats.refused_invalidated + stats.refused_older + stats.refused_hold_off;
}

Entry Runner::make(const Command& c, const Load& load) {
  Entry made{.name = c.name,
             .value = load.value,
             .birth = load.birth,
             .labels = load.plan.labels,
             .declared = load.plan.declared};
  for (const Carried& read : load.captured.labels) {
    const bool own = read.label == key_label(c.name);
    if (!own && made.find(read.label) == nullptr) made.labels.push_back(read);
  }
  for (Carried& own : made.labels) own.joined = made.birth;
  Model::set_deadlines(made, c.said, c.loader, load.captured.hard, model_.now());
  return made;
}

unsigned Runner::judge(const Command& c, const Entry& made, Load& load, bool outdated) {
  if (!c.keeps) return bit(StoreOutcome::not_kept_by_loader);
  if (made.hard <= model_.now()) return bit(StoreOutcome::not_kept_by_policy);
  if (c.skips_write) return bit(StoreOutcome::skipped);
  if (load.captured.stale) return bit(StoreOutcome::not_kept_stale);
  if (load.plan.keys_seen_since > made.birth) return bit(StoreOutcome::refused_invalidated);
  const unsigned held = model_.judge_hold_off(made, load.held_from, load.began);
  if ((held & bit(StoreOutcome::stored)) == 0) return held;
  return model_.judge_fill(made, load.plan, load.sequence, false, outdated) |
         (held & bit(StoreOutcome::refused_hold_off));
}

void Runner::finish(const Command& c, Load& load, Captured* outer, bool either) {
  const bool outdated = load.plan.old_view && model_.is_outdated(c.name.space, c.view);
  model_.add_said(c.name, c.loader, load.plan);
  const Entry made = make(c, load);
  unsigned allowed = judge(c, made, load, outdated);
  if (outer != nullptr) outer->take(made, false);
  const unsigned stored = bit(StoreOutcome::stored);
  if (allowed != stored && (allowed & stored) != 0) {
    RC_PRE(!either);
    // Not by a look: an entry may be gone as soon as it is stored, in a cycle.
    allowed = refusals() == load.refusals_before ? stored : allowed & ~stored;
    ++model_.doubts;
  }
  if ((allowed & bit(StoreOutcome::refused_older)) != 0) model_.examine(c.name);
  model_.outcomes.one_of(allowed);
  if (allowed == stored) model_.fill(made);
}

void Runner::lease(const Command& c) {
  leases_[static_cast<std::size_t>(c.number)] = {.lease = view(c).lease(key_of(c)),
                                                 .name = c.name,
                                                 .birth = model_.order(),
                                                 .sequence = model_.sequence(c.name),
                                                 .until = model_.now() + kLeaseTime,
                                                 .began = model_.now(),
                                                 .held_from = model_.held_from()};
}

unsigned Runner::judge_leased(const Command& c, const Entry& made, const HeldLease& held,
                              const Load& load) {
  if (held.until <= model_.now()) return bit(StoreOutcome::refused_lease_expired);
  StoreOutcome kept = c.skips_write ? StoreOutcome::skipped : StoreOutcome::stored;
  if (made.hard <= model_.now()) kept = StoreOutcome::not_kept_by_policy;
  const bool fills = kept == StoreOutcome::stored;
  if (fills && load.plan.keys_seen_since > made.birth)
    return bit(StoreOutcome::refused_invalidated);
  const unsigned hold_off = model_.judge_hold_off(made, held.held_from, held.began);
  if ((hold_off & bit(StoreOutcome::stored)) == 0) return hold_off;
  const bool outdated = model_.is_outdated(c.name.space, c.view);
  const unsigned filled =
      fills ? model_.judge_fill(made, load.plan, load.sequence, true, outdated) : bit(kept);
  return filled | (hold_off & bit(StoreOutcome::refused_hold_off));
}

void Runner::put_leased(const Command& given) {
  const HeldLease& held = leases_[static_cast<std::size_t>(given.number)];
  if (!held.lease) return;
  Command c = given;
  c.name = held.name;
  Load load{.plan = {}, .value = ++next_value_, .birth = held.birth, .sequence = held.sequence};
  const StoreOutcome outcome = view(c).put(key_of(c), load.value, *held.lease, options(c));
  load.plan = model_.plan(c.name, c.said, c.view);
  const Entry made = make(c, load);
  const unsigned allowed = judge_leased(c, made, held, load);
  if ((allowed & bit(outcome)) == 0) {
    RC_FAIL("a leased put had outcome " + std::to_string(static_cast<int>(outcome)) +
            ", expected one of the bits " + std::to_string(allowed));
  }
  model_.outcomes.one_of(bit(outcome));
  if (outcome == StoreOutcome::refused_older) model_.examine(c.name);
  if (is_stored(outcome)) model_.fill(made);
}

void Runner::tag(const Command& c) {
  const int bits = c.said.tags == 0 ? 1 : c.said.tags;
  const Plan plan = model_.plan(c.name, {.tags = bits}, -1);
  const EntryOptions named = options({.tags = bits});
  attach(c.name, invalidator_->tag(key(c.name), space(c.name.space), named.tags), plan.labels);
}

void Runner::depend(const Command& c) {
  const int resource = std::max(0, c.said.depends_on);
  Plan plan;
  model_.pin(c.name, resource, plan);
  attach(c.name,
         invalidator_->add_dependency(key(c.name), space(c.name.space),
                                      kResources[static_cast<std::size_t>(resource)].text),
         plan.labels);
}

void Runner::attach(const Name& name, bool answer, const std::vector<Carried>& labels) {
  Command read;
  read.name = name;
  const auto [may, must] = can_answer(read, {});
  RC_ASSERT((answer ? may : !must));
  if (answer) model_.attach(name, labels);
}

}  // namespace freshet::testing::model
