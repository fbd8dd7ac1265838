// The model's invalidations: what a target takes, how many that is, and what becomes of it.
#include "properties/model/model.hpp"

namespace freshet::testing::model {

Resolved Model::resolve(const Aim& aim, Mode mode) {
  Resolved target{.space = aim.space};
  const auto place = [&](const auto& table) { return aim.what % static_cast<int>(table.size()); };
  const auto add = [&](const Fact& fact) { target.facts.push_back(fact); };
  const auto add_label = [&](Label label) { add({.kind = Fact::Kind::label, .label = label}); };
  const unsigned tags =
      (static_cast<unsigned>(aim.what) & 7U) == 0 ? 1U : static_cast<unsigned>(aim.what) & 7U;
  switch (aim.kind) {
    case Aim::key:
      target.own = Name{aim.space, place(kKeys)};
      add_label(key_label(*target.own));
      break;
    case Aim::tag:
      add_label(tag_label(place(kTags)));
      break;
    case Aim::tag_in:
      add({.kind = Fact::Kind::all_of, .space = aim.space, .bits = 1U << place(kTags)});
      break;
    case Aim::name_space:
      add_label(space_label(aim.space));
      break;
    case Aim::all:
      add({.kind = Fact::Kind::all});
      break;
    case Aim::all_of:
      // Of a single one, it is an invalidation of the tag.
      if ((tags & (tags - 1)) == 0) add_label(tag_label(static_cast<int>(tags / 2)));
      if ((tags & (tags - 1)) != 0) add({.kind = Fact::Kind::all_of, .bits = tags});
      break;
    case Aim::all_of_in:
      add({.kind = Fact::Kind::all_of, .space = aim.space, .bits = tags});
      break;
    case Aim::dependents:
      add_label(resource_label(place(kResources)));
      break;
    case Aim::dependents_of_key:
      add_label(key_label({aim.space, place(kKeys)}));
      break;
    case Aim::prefix:
      add_keys(target, kPrefixes[static_cast<std::size_t>(place(kPrefixes))]);
      break;
    case Aim::matching:
      add_keys(target, kGlobs[static_cast<std::size_t>(place(kGlobs))]);
      break;
    case Aim::version:
    case Aim::bump:
      resolve_version(aim, target);
      break;
    case Aim::policy_version:
      if (policy_[static_cast<std::size_t>(aim.space)] == place(kPolicyVersions)) break;
      target.policy_version = place(kPolicyVersions);
      add_label(space_label(aim.space));
      break;
    case Aim::kinds:
      break;
  }
  for (Fact& fact : target.facts) fact.mode = mode;
  return target;
}

void Model::add_keys(Resolved& target, const Pattern& pattern) {
  target.facts.push_back(
      {.kind = Fact::Kind::key_ban, .space = target.space, .bits = pattern.keys});
}

void Model::resolve_version(const Aim& aim, Resolved& target) {
  const Target said = target_of(aim);
  const int dependency = said.name == kDependencies[0] ? 0 : 1;
  const int hash = versions_.hash(
      aim.kind == Aim::version ? said.more.front() : "new " + std::to_string(++new_versions_));
  if (versions_.current(dependency) == hash) return;
  target.version = {dependency, hash};
  target.facts.push_back({.kind = Fact::Kind::version, .dependency = dependency, .hash = hash});
}

bool Model::takes(const Fact& fact, Label label) const {
  switch (fact.kind) {
    case Fact::Kind::all:
      return true;
    case Fact::Kind::label:
      return label == fact.label ||
             (is_key(label) && space_label(key_of(label).space) == fact.label);
    case Fact::Kind::version: {
      if (!is_version(label)) return false;
      const auto [dependency, hash] = versions_.parts(label);
      return dependency == fact.dependency && hash != fact.hash;
    }
    case Fact::Kind::key_ban:
      return is_key(label) && key_of(label).space == fact.space &&
             (fact.bits >> key_of(label).key & 1) != 0;
    default:
      return false;
  }
}

bool Model::takes_any(const Fact& fact, Order at, const Reach& reach) const {
  return std::any_of(reach.labels().begin(), reach.labels().end(),
                     [&](Label label) { return reach.since(label) <= at && takes(fact, label); });
}

bool Model::bans(const Fact& fact, Order at, const Entry& entry) {
  if (fact.kind == Fact::Kind::key_ban) {
    return entry.name.space == fact.space && (fact.bits >> entry.name.key & 1) != 0 &&
           entry.birth <= at;
  }
  if (fact.kind != Fact::Kind::all_of) return false;
  if (fact.space >= 0 && fact.space != entry.name.space) return false;
  for (int tag = 0; tag < static_cast<int>(kTags.size()); ++tag) {
    if ((fact.bits >> tag & 1) == 0) continue;
    const Carried* carried = entry.find(tag_label(tag));
    if (carried == nullptr || carried->joined > at) return false;
  }
  return true;
}

bool Model::surely_hits(const Resolved& target, const Entry& entry, const Reach& sure) const {
  if (target.own == entry.name) return true;
  return std::any_of(target.facts.begin(), target.facts.end(), [&](const Fact& fact) {
    return takes_any(fact, order(), sure) || bans(fact, order(), entry);
  });
}

Count Model::count(const std::vector<Resolved>& targets, std::vector<Count>& each,
                   std::vector<const Entry*>& hit) const {
  Count total;
  each.assign(targets.size(), {});
  for (const int id : resident_) {
    if (id < 0) continue;
    const Entry& entry = entries_[static_cast<std::size_t>(id)];
    if (!entry.maybe_fresh(now())) continue;
    const Reach sure = surely_reaches(entry.labels, 0);
    const Reach maybe = maybe_reaches(entry.labels, 0);
    bool surely = false;
    bool perhaps = false;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const bool one = entry.surely_fresh(now()) && surely_hits(targets[i], entry, sure);
      const bool other = surely_hits(targets[i], entry, maybe);
      each[i].least += one ? 1 : 0;
      each[i].most += other ? 1 : 0;
      surely = surely || one;
      perhaps = perhaps || other;
    }
    total.least += surely ? 1 : 0;
    total.most += perhaps ? 1 : 0;
    if (perhaps) hit.push_back(&entry);
  }
  return total;
}

void Model::append(const Fact& fact) {
  const Order at = order();
  history_.push_back(fact);
  for (const int id : resident_) {
    if (id < 0) continue;
    Entry& entry = entries_[static_cast<std::size_t>(id)];
    const bool ban = bans(fact, at, entry);
    const bool maybe = ban || takes_any(fact, at, maybe_reaches(entry.labels, 0));
    if (!maybe) continue;
    const bool label = takes_any(fact, at, surely_reaches(entry.labels, 0));
    const Verdict verdict = verdict_of(fact.mode);
    entry.most = std::max(entry.most, verdict);
    if (fact.sure && (ban || label)) entry.least = std::max(entry.least, verdict);
    // A ban of what it depends on is forgotten once it has expired everything.
    const bool lasts = fact.sure && label && fact.kind != Fact::Kind::key_ban;
    entry.by_label = entry.by_label || lasts;
    entry.maybe_by_label = entry.maybe_by_label || label || !ban ||
                           takes_any(fact, at, maybe_reaches(entry.labels, 0));
  }
}

void Model::raise_key(const Name& name, Mode mode) {
  if (keys_used_at_[static_cast<std::size_t>(name.space)] < 0) return;
  append({.kind = Fact::Kind::label, .mode = mode, .label = key_label(name)});
  departed_[at(name)] = false;
}

void Model::invalidate_key(const Name& name, Mode mode) {
  ++sequences_[at(name)];
  raise_key(name, mode);
  examine(name);
  Entry* entry = find(name);
  if (entry == nullptr) return;
  if (mode == Mode::expire && entry->soft != kNever) {
    entry->least = std::max(entry->least, Verdict::expired);
    entry->most = std::max(entry->most, Verdict::expired);
  } else {
    const unsigned own = entry->maybe_dead(now()) ? cause_of(*entry) : 0;
    leave(*entry, own | bit(RemovalCause::explicit_));
  }
}

void Model::apply(const std::vector<Resolved>& targets, Mode mode) {
  for (const Resolved& target : targets) {
    if (target.own) continue;
    if (target.version) {
      const auto [dependency, hash] = *target.version;
      if (versions_.current(dependency) == hash) continue;
      versions_.set(dependency, hash);
    }
    if (target.policy_version)
      policy_[static_cast<std::size_t>(target.space)] = *target.policy_version;
    for (const Fact& fact : target.facts) append(fact);
  }
  for (const Resolved& target : targets) {
    if (target.own) invalidate_key(*target.own, mode);
  }
}

bool Model::predicate_takes(int predicate, const Entry& entry) {
  switch (predicate) {
    case 0:
      return entry.name.key % 2 == 0;
    case 1:
      return entry.find(tag_label(0)) != nullptr;
    default:
      return true;
  }
}

// What depends on the key of an entry that goes, goes as well.
Count Model::count_of(const std::vector<Name>& names) const {
  const auto depends = [&](const Reach& reach) {
    return std::any_of(names.begin(), names.end(), [&](const Name& name) {
      return takes_any({.kind = Fact::Kind::label, .label = key_label(name)}, order(), reach);
    });
  };
  Count count;
  for (const int id : resident_) {
    if (id < 0) continue;
    const Entry& entry = entries_[static_cast<std::size_t>(id)];
    const bool direct = std::find(names.begin(), names.end(), entry.name) != names.end();
    const bool sure = direct || depends(surely_reaches(entry.labels, 0));
    const bool maybe = direct || depends(maybe_reaches(entry.labels, 0));
    count.least += sure && entry.surely_fresh(now()) ? 1 : 0;
    count.most += maybe && entry.maybe_fresh(now()) ? 1 : 0;
  }
  return count;
}

Count Model::invalidate_if(int space, int predicate, Mode mode, bool dry_run) {
  if (!dry_run) append({.kind = Fact::Kind::load_floor, .mode = mode, .space = space});
  std::vector<Name> names;
  for (int key = 0; key < kStoredKeys; ++key) {
    const Entry* entry = find({space, key});
    if (entry != nullptr && !entry->surely_dead(now()) && predicate_takes(predicate, *entry))
      names.push_back(entry->name);
  }
  const Count count = count_of(names);
  for (int key = 0; key < kStoredKeys; ++key) examine({space, key});  // what is dead leaves
  if (dry_run) return count;
  for (const Name& name : names) raise_key(name, mode);
  for (const Name& name : names) {
    Entry* entry = find(name);
    if (mode == Mode::expire && entry->soft != kNever) {
      entry->least = std::max(entry->least, Verdict::expired);
      entry->most = std::max(entry->most, Verdict::expired);
      continue;
    }
    // One that was dead already was not asked about, and has left by what killed it.
    const unsigned own = entry->maybe_dead(now()) ? cause_of(*entry) : 0;
    leave(*entry, own | bit(RemovalCause::ban));
  }
  return count;
}

Count Model::freed_by(std::size_t budget) {
  Count freed;
  for (const int id : resident_) {
    if (id < 0) continue;
    Entry& entry = entries_[static_cast<std::size_t>(id)];
    if (entry.hard <= now()) {
      freed.least += entry.surely_dead(now()) && entry.maybe_left_by == 0 ? 1 : 0;
      ++freed.most;
      leave(entry, cause_of(entry));
    } else if (entry.maybe_dead(now()) && budget > 0) {
      ++freed.most;
      entry.maybe_left_by |= cause_of(entry);
    }
  }
  return freed;
}

std::size_t Model::alive_tags() const {
  Reach carried;
  for (const int id : resident_) {
    if (id < 0) continue;
    for (const Carried& own : entries_[static_cast<std::size_t>(id)].labels) {
      if (is_tag(own.label)) carried.add(own.label, 0);
    }
  }
  return carried.labels().size();
}

}  // namespace freshet::testing::model
