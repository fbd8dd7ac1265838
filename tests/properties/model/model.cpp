// The model's entries: what callers name, what is stored, what leaves. What is invalidated: model_invalidation.cpp.
#include "properties/model/model.hpp"

namespace freshet::testing::model {

std::vector<int> Model::declared_by(const Said& said) {
  std::vector<int> declared;
  for (int tag = 0; tag < static_cast<int>(kTags.size()); ++tag) {
    if ((said.tags >> tag & 1) != 0) declared.push_back(tag_label(tag));
  }
  for (const int resource : {said.depends_on, said.also_depends_on}) {
    if (resource >= 0) declared.push_back(resource_label(resource));
  }
  std::sort(declared.begin(), declared.end());
  return declared;
}

Plan Model::plan(const Name& name, const Said& said, int view) {
  Plan plan;
  plan.labels.push_back({space_label(name.space), order(), moment_});
  for (int tag = 0; tag < static_cast<int>(kTags.size()); ++tag) {
    if ((said.tags >> tag & 1) == 0) continue;
    plan.labels.push_back({tag_label(tag), order(), moment_});
  }
  for (const int resource : {said.depends_on, said.also_depends_on}) {
    if (resource >= 0) pin(name, resource, plan);
  }
  if (said.version >= 0) {
    plan.versioned = true;
    plan.labels.push_back(
        {versions_.pin(kPins[static_cast<std::size_t>(said.version)]), order(), moment_});
  }
  plan.declared = declared_by(said);
  plan.old_view = is_outdated(name.space, view);
  plan.outdated =
      plan.old_view || std::any_of(plan.labels.begin(), plan.labels.end(), [&](const Carried& own) {
        return versions_.announces_other(own.label);
      });
  plan.versioned = plan.versioned || plan.outdated;
  return plan;
}

void Model::pin(const Name& name, int resource, Plan& plan) {
  if (!in(plan.labels, resource_label(resource)))
    plan.labels.push_back({resource_label(resource), order(), moment_});
  const Name home = home_of(resource, name.space);
  if (home == name) return;
  use_keys(home.space);
  examine(home);
  const Entry* there = find(home);
  const bool surely_there = there != nullptr && !there->maybe_dead(now());
  if (!in(plan.labels, key_label(home))) {
    plan.labels.push_back({key_label(home), order(), tick(), surely_there ? there->id : -1});
  }
  plan.keys_seen_since =
      std::max(plan.keys_seen_since,
               static_cast<Order>(keys_used_at_[static_cast<std::size_t>(home.space)] + 1));
}

void Model::add_said(const Name& name, const Said& said, Plan& plan) {
  plan.keys_seen_since = 0;
  tick();
  for (int tag = 0; tag < static_cast<int>(kTags.size()); ++tag) {
    if ((said.tags >> tag & 1) != 0 && !in(plan.labels, tag_label(tag)))
      plan.labels.push_back({tag_label(tag), order(), moment_});
  }
  for (const int resource : {said.depends_on, said.also_depends_on}) {
    if (resource >= 0) pin(name, resource, plan);
  }
  if (said.version < 0) return;
  const Label version = versions_.pin(kPins[static_cast<std::size_t>(said.version)]);
  if (!in(plan.labels, version)) plan.labels.push_back({version, order(), moment_});
}

void Model::pin_read_key(const Name& name, std::vector<Carried>& labels) {
  use_keys(name.space);
  if (!in(labels, key_label(name))) labels.push_back({key_label(name), order(), tick()});
}

void Model::use_keys(int space) {
  int& used_at = keys_used_at_[static_cast<std::size_t>(space)];
  if (used_at >= 0) return;
  used_at = static_cast<int>(order());
  history_.push_back({});
}

void Model::set_deadlines(Entry& made, const Said& said, const Said& loader, Instant at_most,
                          Instant now) {
  std::optional<Duration> lifetime;
  if (made.name.space == 1 || made.name.space == kGamma) lifetime = kTtl;
  if (said.ttl >= 0) lifetime = std::chrono::seconds(said.ttl);
  if (loader.ttl >= 0)
    lifetime =
        std::min<Duration>(lifetime.value_or(Duration::max()), std::chrono::seconds(loader.ttl));
  if (lifetime) made.hard = later(now, *lifetime);
  if (made.name.space == kGamma && kSoftTtl < *lifetime) made.soft = later(now, kSoftTtl);
  made.hard = std::min(made.hard, at_most);
}

unsigned Model::cause_of(const Entry& entry) const {
  if (entry.hard <= now()) return bit(RemovalCause::expired);
  if (entry.by_label) return bit(RemovalCause::label);
  return bit(RemovalCause::ban) | (entry.maybe_by_label ? bit(RemovalCause::label) : 0);
}

void Model::leave(Entry& entry, unsigned causes) {
  removals.one_of(causes | entry.maybe_left_by);
  if (depends(entry)) {
    left_[at(entry.name)] = last_left_ = static_cast<int>(order());
    departed_[at(entry.name)] = true;
  }
  resident_[at(entry.name)] = -1;
}

bool Model::depends(const Entry& entry) {
  return std::any_of(entry.labels.begin(), entry.labels.end(),
                     [](const Carried& own) { return is_dependency(own.label); });
}

bool Model::may_have_left(const Name& name, Order since) const {
  if (left_[at(name)] >= static_cast<int>(since)) return true;
  const int id = resident_[at(name)];
  if (id < 0) return false;
  const Entry& entry = entries_[static_cast<std::size_t>(id)];
  return entry.maybe_dead(now()) && depends(entry);  // the sweeper may have come
}

bool Model::any_may_have_left(Order since) const {
  if (last_left_ >= static_cast<int>(since)) return true;
  return std::any_of(resident_.begin(), resident_.end(), [&](int id) {
    return id >= 0 && may_have_left(entries_[static_cast<std::size_t>(id)].name, since);
  });
}

void Model::examine(const Name& name) {
  Entry* entry = find(name);
  if (entry == nullptr || !entry->maybe_dead(now())) return;
  if (entry->surely_dead(now())) return leave(*entry, cause_of(*entry));
  entry->maybe_left_by |= cause_of(*entry);
}

void Model::examine_all() {
  for (int space = 0; space < kSpaceCount; ++space) {
    for (int key = 0; key < kStoredKeys; ++key) examine({space, key});
  }
}

void Model::observe(const Name& name, const int* value, bool expired) {
  examine(name);
  Entry* entry = find(name);
  if (value == nullptr) {
    if (entry == nullptr) return;
    if (!entry->maybe_dead(now())) RC_FAIL(text_of(name) + " is gone and should be there");
    ++doubts;
    return leave(*entry, cause_of(*entry));
  }
  if (entry == nullptr) RC_FAIL(text_of(name) + " is there and should be gone");
  RC_ASSERT(*value == entry->value);
  const Verdict seen = expired ? Verdict::expired : Verdict::fresh;
  if (seen < entry->least) RC_FAIL(text_of(name) + " is fresh and should be expired");
  if (seen > entry->most) RC_FAIL(text_of(name) + " is expired and should be fresh");
  doubts += entry->least != entry->most ? 1 : 0;
  entry->least = entry->most = seen;
  entry->maybe_left_by = 0;
  if (!entry->by_label) entry->maybe_by_label = entry->maybe_by_label && expired;
}

void Model::store(Entry made, const std::optional<Fact>& loss) {
  made.id = static_cast<int>(entries_.size());
  made.stored = tick();
  const std::size_t place = at(made.name);
  for (const Carried& own : made.labels) {
    if (!is_dependency(own.label)) continue;
    const auto [known, added] = ever_[place].emplace(own.label, made.birth);
    if (!added) known->second = std::min(known->second, made.birth);
  }
  resident_[place] = made.id;
  stored_[place].push_back(made.id);
  entries_.push_back(std::move(made));
  if (loss) append(*loss);
}

void Model::put(const Name& name, Entry made, const Plan& plan) {
  ++sequences_[at(name)];
  raise_key(name, Mode::remove);
  const bool refused = plan.outdated;
  outcomes.one_of(bit(refused ? StoreOutcome::refused_version : StoreOutcome::stored));
  // The cache does not look whether what it replaces is dead.
  if (Entry* old = find(name)) leave(*old, bit(RemovalCause::replaced));
  if (refused) return;
  made.birth = order();
  for (Carried& own : made.labels) own.joined = made.birth;
  const std::optional<Fact> loss = lost_dependencies(name, made.labels);
  store(std::move(made), loss);
}

void Model::overwrite(const Name& name, StoreOutcome outcome) {
  outcomes.one_of(bit(outcome));
  invalidate_key(name, Mode::remove);
}

Model::Hit Model::hits_since(const Entry& made, Order from, bool bans_may_be_retired) {
  const Reach sure = surely_reaches(made.labels, from);
  const Reach maybe = maybe_reaches(made.labels, from);
  Hit hit;
  for (Order i = from; i < order(); ++i) {
    const Fact& fact = history_[i];
    const bool floor = fact.kind == Fact::Kind::load_floor && fact.space == made.name.space;
    if (fact.sure && (floor || bans(fact, i, made) || takes_any(fact, i, sure)))
      return {true, true};
    hit.maybe = hit.maybe || takes_any(fact, i, maybe);
    // A pair that is named late comes alive where its dependency was last changed.
    const bool same_version = fact.kind == Fact::Kind::version &&
                              made.find(versions_.label(fact.dependency, fact.hash)) != nullptr;
    // A ban that every entry was looked at since is retired, and leases are not waited for.
    const bool retired = bans_may_be_retired && i < swept_at_ &&
                         (fact.kind == Fact::Kind::key_ban || fact.kind == Fact::Kind::all_of);
    // The floor of a predicate stands for the keys of its namespace too, whatever way leads to them.
    const bool floor_elsewhere =
        fact.kind == Fact::Kind::load_floor &&
        std::any_of(maybe.labels().begin(), maybe.labels().end(), [&](Label label) {
          return is_key(label) && key_of(label).space == fact.space;
        });
    hit.maybe = hit.maybe || same_version || retired || floor_elsewhere;
  }
  return hit;
}

// What an entry that has gone depended on is not known any more to who names its key late, directly or through others.
bool Model::names_departed(const Entry& made, Order from) const {
  const Reach reach = maybe_reaches(made.labels, from);
  return std::any_of(reach.labels().begin(), reach.labels().end(), [&](Label label) {
    if (!is_key(label) || label == key_label(made.name)) return false;
    return departed_[at(key_of(label))] || may_have_left(key_of(label), from);
  });
}

Order Model::held_from() const {
  Order from = 0;
  for (const auto& [at, order] : noted_) from = at <= now() - kHoldOff ? order : from;
  return from;
}

void Model::note() { noted_.emplace_back(now(), order()); }

unsigned Model::judge_hold_off(const Entry& made, Order from, Instant began) {
  if (made.name.space != kDelta) return bit(StoreOutcome::stored);
  const std::optional<Instant>& written = written_[at(made.name)];
  if (written && *written > began - kHoldOff) return bit(StoreOutcome::refused_hold_off);
  // As if it had begun that much earlier.
  Entry earlier = made;
  earlier.birth = from;
  for (Carried& own : earlier.labels) own.joined = from;
  const Hit hit = hits_since(earlier, from, true);
  if (hit.sure) return bit(StoreOutcome::refused_hold_off);
  const bool maybe = hit.maybe || names_departed(earlier, from);
  return bit(StoreOutcome::stored) | (maybe ? bit(StoreOutcome::refused_hold_off) : 0);
}

unsigned Model::judge_fill(const Entry& made, const Plan& plan, unsigned sequence, bool leased,
                           bool outdated) {
  if (plan.keys_seen_since > made.birth) return bit(StoreOutcome::refused_invalidated);
  if (sequences_[at(made.name)] != sequence) return bit(StoreOutcome::refused_key_changed);
  if (outdated) return bit(StoreOutcome::refused_version);
  for (const Carried& own : made.labels) {
    if (versions_.announces_other(own.label)) return bit(StoreOutcome::refused_version);
  }
  const Hit hit = hits_since(made, made.birth, leased);
  if (hit.sure) return bit(StoreOutcome::refused_invalidated);
  unsigned allowed =
      hit.maybe || names_departed(made, made.birth) ? bit(StoreOutcome::refused_invalidated) : 0;
  const Entry* old = find(made.name);
  if (old == nullptr || old->surely_dead(now())) return allowed | bit(StoreOutcome::stored);
  bool surely_older = false;
  bool maybe_older = any_may_have_left(made.birth);  // which moves the revision
  for (Order i = made.birth; i < old->birth; ++i) {
    maybe_older = true;
    surely_older = surely_older || history_[i].sure;
  }
  if (maybe_older) allowed |= bit(StoreOutcome::refused_older);
  if (!surely_older || old->maybe_dead(now())) allowed |= bit(StoreOutcome::stored);
  return allowed;
}

void Model::fill(Entry made) {
  examine(made.name);
  const std::optional<Fact> loss = lost_dependencies(made.name, made.labels);
  supersede(made.name);
  store(std::move(made), loss);
}

void Model::supersede(const Name& name) {
  examine(name);
  Entry* const old = find(name);
  if (old == nullptr) return;
  const unsigned own = old->maybe_dead(now()) ? cause_of(*old) : 0;
  leave(*old, own | bit(RemovalCause::replaced));
}

void Model::attach(const Name& name, const std::vector<Carried>& labels) {
  Entry* entry = find(name);
  for (Carried label : labels) {
    if (in(entry->labels, label.label)) continue;
    label.joined = order();
    entry->labels.push_back(label);
    // Who comes to depend on the key later may take it for a dependency from the beginning.
    if (is_dependency(label.label)) ever_[at(name)].emplace(label.label, entry->birth);
  }
}

void Model::follow_drift(const Name& name, const Said& said) {
  Entry* entry = find(name);
  const std::vector<int> declared = declared_by(said);
  if (declared.empty() || entry->declared == declared) return;
  entry->declared = declared;
  tick();
  attach(name, plan(name, said, -1).labels);
}

bool Model::surely_related(const Carried& carried, const Entry& last) const {
  return carried.related == last.id || last.stored > carried.pinned;
}

// What a key's entry depends on, those depend on who depend on the key. Is something of it gone, what they know is old.
std::optional<Fact> Model::lost_dependencies(const Name& name,
                                             const std::vector<Carried>& now_depends_on) const {
  const Label own = key_label(name);
  if (stored_[at(name)].empty()) return {};
  const Entry& last = entries_[static_cast<std::size_t>(stored_[at(name)].back())];
  const bool loses = std::any_of(last.labels.begin(), last.labels.end(), [&](const Carried& old) {
    return is_dependency(old.label) && old.label != own && !in(now_depends_on, old.label);
  });
  if (!loses) return {};
  bool sure = false;
  for (const int id : resident_) {
    if (id < 0) continue;
    const Entry& entry = entries_[static_cast<std::size_t>(id)];
    const Carried* carried = entry.find(own);
    sure =
        sure || (carried != nullptr && !entry.maybe_dead(now()) && surely_related(*carried, last));
  }
  return Fact{.kind = Fact::Kind::label, .mode = Mode::expire, .sure = sure, .label = own};
}

Reach Model::surely_reaches(const std::vector<Carried>& labels, Order from) const {
  Reach reach;
  std::vector<std::pair<const Carried*, Order>> seen;
  for (const Carried& own : labels) {
    reach.add(own.label, std::max(own.joined, from));
    if (is_key(own.label)) seen.emplace_back(&own, std::max(own.joined, from));
  }
  const auto follow = [&](const Entry& entry, Order since) {
    for (const Carried& next : entry.labels) {
      if (!is_dependency(next.label)) continue;
      const Order joined = std::max(since, next.joined);
      reach.add(next.label, joined);
      const auto same = [&](const auto& one) { return one.first == &next && one.second <= joined; };
      if (is_key(next.label) && std::none_of(seen.begin(), seen.end(), same))
        seen.emplace_back(&next, joined);
    }
  };
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto [carried, since] = seen[i];
    if (carried->related >= 0) follow(entries_[static_cast<std::size_t>(carried->related)], since);
    const std::vector<int>& stored = stored_[at(key_of(carried->label))];
    for (auto id = stored.rbegin(); id != stored.rend(); ++id) {
      const Entry& entry = entries_[static_cast<std::size_t>(*id)];
      if (entry.stored <= carried->pinned) break;
      follow(entry, since);
    }
  }
  return reach;
}

Reach Model::maybe_reaches(const std::vector<Carried>& labels, Order from) const {
  Reach reach;
  std::vector<std::pair<Label, Order>> open;
  const auto add = [&](Label label, Order since) {
    if (reach.add(label, since) && is_key(label)) open.emplace_back(label, since);
  };
  for (const Carried& own : labels) add(own.label, std::max(own.joined, from));
  while (!open.empty()) {
    const auto [label, since] = open.back();
    open.pop_back();
    for (const auto& [next, birth] : ever_[at(key_of(label))]) add(next, std::max(since, birth));
  }
  return reach;
}

}  // namespace freshet::testing::model
