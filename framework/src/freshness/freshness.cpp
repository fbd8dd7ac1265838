#include "freshness/freshness.hpp"

#include <algorithm>
#include <array>

namespace freshet::detail {

Freshness::Freshness(std::size_t stripes, std::size_t max_versioned_dependencies)
    : labels_(std::make_shared<LabelTable>(stripes)),
      root_(pin(LabelKind::root, {})),
      overflow_(pin(LabelKind::overflow, {})),
      keys_(stripes),
      versions_(*labels_, max_versioned_dependencies) {}

Freshness::~Freshness() { labels_->graph().clear(); }

LabelRef Freshness::pin_key(const LabelRef& space, std::string_view key) {
  if (space->keys_used_since().value == 0) {
    rt::Lock lock(raise_mutex_);
    if (space->keys_used_since().value == 0) {
      const std::uint64_t next = revision_.load(std::memory_order_relaxed) + 1;
      // A load born below `next` may have read a key whose writes left no floor yet.
      space->keys_used_since_.store(next, std::memory_order_seq_cst);
      revision_.store(next, std::memory_order_seq_cst);
    }
  }
  const std::string text = key_label_text(space->text(), key);
  const LabelName name(LabelKind::key, text);
  LabelRef label = labels_->pin(name, space);
  if (labels_->owes_floor(name))
    refuse_earlier_loads([&](Revision next) { labels_->settle_floor(name, next); });
  return label;
}

LabelRef Freshness::find_key(const Label& space, std::string_view key) const {
  if (space.keys_used_since().value == 0) return {};
  const std::string text = key_label_text(space.text(), key);
  return labels_->find(LabelName(LabelKind::key, text));
}

bool Freshness::is_current_version(std::string_view dependency, std::string_view hash) {
  rt::Lock lock(raise_mutex_);
  return versions_.is_current(dependency, hash);
}

Revision Freshness::raise(const RaiseSet& set, Mode mode) {
  rt::Lock lock(raise_mutex_);
  // Only raises write it, under this lock.
  const Revision next{revision_.load(std::memory_order_relaxed) + 1};
  try {
    publish(next, raise_all(set, mode, next));
  } catch (...) {
    // No memory: what was raised until then is in force, for a call that is repeated may find it done.
    recent_.note_any(next);
    publish(next, true);
    throw;
  }
  if (mode == Mode::expire) expiries_.fetch_add(1, std::memory_order_release);
  return next;
}

bool Freshness::raise_all(const RaiseSet& set, Mode mode, Revision next) {
  bool live = false;
  for (const LabelName& name : set.labels) {
    live = raise_label(name, mode, next) || live;
    FRESHET_PAUSE("label_raised");
  }
  for (const RaiseSet::Version& version : set.versions)
    live = raise_version(version, mode, next) || live;
  FRESHET_PAUSE("version_raised");
  for (const Ban& ban : set.bans) {
    raise_ban(ban, mode, next);
    live = true;
  }
  for (const LabelRef& space : set.load_floors) space->refuse_loads_below(next);
  if (concerns_overflow(set)) {
    // Though nobody may carry it yet: the entry of a load under way is about to, in the place of labels raised just now.
    const Label* overflow = labels_->raise(LabelName(LabelKind::overflow, {}), mode, next);
    if (overflow_->is_shared()) {
      recent_.note(overflow, next);
      live = true;
    }
  }
  return live;
}

void Freshness::publish(Revision next, bool live) noexcept {
  // Watermarks first: whoever reads either word sees them (release here, acquire in revision() and published()). Then
  // `published`: whoever is born at the new revision must no longer be served what was born before, for it may be made of
  // that. seq_cst: so that what starts after this call, by whatever order, cannot read an older word.
  if (live) published_.store(next.value, std::memory_order_seq_cst);
  FRESHET_PAUSE("published_stored");
  revision_.store(next.value, std::memory_order_seq_cst);
}

bool Freshness::concerns_overflow(const RaiseSet& set) const {
  if (!set.versions.empty()) return true;
  // Whoever depends on a key goes with its namespace, and with what bans the key.
  const auto depended_on = [this](const Label& space) { return raises_keys_of(space); };
  for (const LabelName& name : set.labels) {
    if (name.kind == LabelKind::tag || is_dependency(name.kind)) return true;
    if (name.kind != LabelKind::name_space) continue;
    const LabelRef space = labels_->find(name);
    if (space ? depended_on(*space) : are_keys_left_out()) return true;
  }
  return std::any_of(set.bans.begin(), set.bans.end(), [&](const Ban& ban) {
    return ban.kind == Ban::Kind::all_of || depended_on(*ban.space);
  });
}

bool Freshness::raise_label(const LabelName& name, Mode mode, Revision to) {
  const Label* live = labels_->raise(name, mode, to);
  if (live == nullptr) return false;
  if (name.kind == LabelKind::root) {
    recent_.note_any(to);
  } else {
    recent_.note(live, to);
  }
  return true;
}

bool Freshness::raise_version(const RaiseSet::Version& version, Mode mode, Revision to) {
  if (versions_.is_current(version.dependency, version.hash)) return false;
  bool live = false;
  for (const LabelRef& pair : versions_.set(version.dependency, version.hash, to)) {
    live = raise_label(LabelName(LabelKind::version, pair->text()), mode, to) || live;
  }
  return live;
}

void Freshness::raise_ban(const Ban& ban, Mode mode, Revision to) {
  if (bans_.add(ban, mode, to)) return recent_.note_any(to);
  bans_widened_.fetch_add(1, std::memory_order_relaxed);
  const bool all_of = ban.kind == Ban::Kind::all_of;
  const Label& wider = all_of ? *ban.tags.front() : *ban.space;
  raise_label(LabelName(wider.kind(), wider.text()), mode, to);
  if (mode == Mode::expire) return;  // what was removed by the bans must not come back as expired
  if (all_of) return bans_.forget_all_of(wider);
  bans_.forget(wider);
}

void Freshness::raise_key(const Label& space, std::string_view key, Mode mode) {
  if (!raises_keys_of(space)) return;
  const std::string text = key_label_text(space.text(), key);
  raise(std::array{LabelName(LabelKind::key, text)}, mode);
}

Verdict Freshness::judge_anew(Carrier& carrier, std::string_view key, Revision checked,
                              Revision seen) const noexcept {
  const bool looked_at = checked.value != 0;
  if (looked_at && !carrier.may_have_ancestors() && recent_.spare(carrier, checked)) {
    carrier.set_checked(seen);
    return carrier.verdict();
  }
  // Bans first: one that is forgotten meanwhile has left a wider raise before it went (raise_ban).
  Verdict worst = carrier.verdict();
  if (bans_.size() != 0) {
    const BanSubject subject{key, carrier.labels(), carrier.attached()};
    worst = std::max(worst, bans_.judge(subject, carrier.birth()));
  }
  FRESHET_PAUSE("judged_half");
  worst =
      std::max({worst, judge_labels(carrier.birth(), carrier.labels()), judge_attached(carrier)});
  // Once more: what a ban did that was forgotten before it was asked.
  worst = std::max(worst, carrier.verdict());
  if (worst == Verdict::removed) return worst;
  if (worst == Verdict::expired) carrier.expire();
  carrier.set_checked(seen);
  return worst;
}

Verdict Freshness::judge_load(Revision birth, std::span<const LabelRef> labels,
                              std::string_view key) const noexcept {
  Verdict worst = Verdict::fresh;
  // Bans first: one that is forgotten meanwhile has left a wider raise before it went, one that is retired its floor.
  if (!labels.empty() && bans_.size() != 0) worst = bans_.judge({key, labels}, birth);
  FRESHET_PAUSE("judged_half");
  worst = std::max(worst, judge_labels(birth, labels));
  if (labels.empty()) return worst;
  return is_below_load_floor(birth, labels) ? Verdict::removed : worst;
}

bool Freshness::is_below_load_floor(Revision birth,
                                    std::span<const LabelRef> labels) const noexcept {
  const auto one = [](const Label& label, Revision since) {
    const bool below = label.kind() == LabelKind::key &&
                       since < std::max(label.load_floor(), label.space().load_floor());
    return below ? Verdict::removed : Verdict::fresh;
  };
  if (birth < std::max(labels.front()->load_floor(), root_->load_floor())) return true;
  return std::any_of(labels.begin(), labels.end(), [&](const LabelRef& label) {
    if (one(*label, birth) == Verdict::removed) return true;
    return label->has_parents() && labels_->graph().judge(*label, birth, one) == Verdict::removed;
  });
}

bool Freshness::is_stale_by_label(const Carrier& carrier) const noexcept {
  return judge_labels(carrier.birth(), carrier.labels()) != Verdict::fresh ||
         judge_attached(carrier) != Verdict::fresh;
}

bool Freshness::stands_from(const Carrier& carrier, std::size_t first) const {
  const std::span<const LabelRef> labels = carrier.labels();
  if (bans_.size() != 0) {  // bans first, as in judge()
    const BanSubject subject{{}, labels, carrier.attached()};
    if (bans_.newest_all_of(subject, carrier.birth()) != Watermarks{}) return false;
  }
  // The last one may stand for any that there was no room for.
  const std::size_t named = labels.size() - (is_overflow(labels.back()) ? 1 : 0);
  const auto own = labels.subspan(std::min(first, named));
  return judge_attached(carrier) == Verdict::fresh &&
         std::all_of(own.begin(), own.end(), [&](const LabelRef& label) {
           return judge_with_ancestors(*label, carrier.birth()) == Verdict::fresh;
         });
}

Revision Freshness::expired_since(const Carrier& carrier, std::string_view key) const noexcept {
  constexpr Revision kNone{UINT64_MAX};
  Revision oldest = kNone;
  const auto take = [&](Revision expired, Revision since) {
    if (expired > since) oldest = std::min(oldest, expired);
  };
  const auto one = [&](const Label& label, Revision since) {
    take(label.watermarks().expire, since);
    if (label.kind() != LabelKind::key) return Verdict::fresh;
    take(label.space().watermarks().expire, since);
    if (bans_.size() != 0) take(bans_.newest_of(label.space(), label.key()).expire, since);
    return Verdict::fresh;
  };
  // False: there was more above than a walk follows.
  const auto look = [&](const Label& label, Revision since) {
    one(label, since);
    return !label.has_parents() || labels_->graph().judge(label, since, one) == Verdict::fresh;
  };
  const Revision birth = carrier.birth();
  try {
    bool all = look(*root_, birth);
    for (const LabelRef& label : carrier.labels()) all = look(*label, birth) && all;
    for (const AttachedLabel* late = carrier.attached(); late != nullptr; late = late->next)
      all = look(*late->label, late->joined) && all;
    if (bans_.size() != 0) {
      take(bans_.newest_of(*carrier.name_space(), key).expire, birth);
      const BanSubject subject{{}, carrier.labels(), carrier.attached()};
      take(bans_.newest_all_of(subject, birth).expire, birth);
    }
    return all && oldest != kNone ? oldest : Revision{};
  } catch (...) {
    return {};
  }
}

Verdict Freshness::judge_label(const Label& label, Revision birth) const noexcept {
  if (label.kind() != LabelKind::key) return label.judge(birth);
  // Bans first, as in judge().
  Verdict worst = Verdict::fresh;
  if (bans_.size() != 0) worst = bans_.judge_key(label.space(), label.key(), birth);
  FRESHET_PAUSE("judged_key_half");
  return std::max({worst, label.judge(birth), label.space().judge(birth)});
}

Verdict Freshness::judge_with_ancestors(const Label& label, Revision birth) const noexcept {
  // Ancestors first: edges that are forgotten meanwhile have left the label itself removed before they went (relate()).
  Verdict worst = Verdict::fresh;
  if (label.has_parents()) {
    const auto one = [this](const Label& ancestor, Revision since) {
      return judge_label(ancestor, since);
    };
    worst = labels_->graph().judge(label, birth, one);
    FRESHET_PAUSE("judged_label_half");
  }
  return std::max(worst, judge_label(label, birth));
}

Verdict Freshness::judge_labels(Revision birth, std::span<const LabelRef> labels) const noexcept {
  Verdict worst = root_->judge(birth);
  for (const LabelRef& label : labels) {
    // Only keys have ancestors, and only of keys is there more to say than the label says.
    worst = std::max(worst, label->kind() == LabelKind::key ? judge_with_ancestors(*label, birth)
                                                            : label->judge(birth));
  }
  return worst;
}

Verdict Freshness::judge_attached(const Carrier& carrier) const noexcept {
  Verdict worst = Verdict::fresh;
  for (const AttachedLabel* late = carrier.attached(); late != nullptr; late = late->next)
    worst = std::max(worst, judge_with_ancestors(*late->label, late->joined));
  return worst;
}

std::vector<LabelRef> Freshness::keys_of(const Label& space,
                                         FunctionRef<bool(std::string_view key)> wanted) const {
  if (space.keys_used_since().value == 0) return {};
  return labels_->find_all(LabelKind::key, [&](const Label& label) {
    return &label.space() == &space && wanted(label.key());
  });
}

bool Freshness::has_old_version(std::span<const LabelRef> labels) const {
  return std::any_of(labels.begin(), labels.end(), [this](const LabelRef& label) {
    return label->kind() == LabelKind::version && versions_.announces(*label) == Announced::other;
  });
}

void Freshness::relate(const LabelRef& key, std::span<const LabelRef> labels, Revision since) {
  switch (labels_->graph().relate(*key, inherited_of(labels), since)) {
    case LabelGraph::Change::none:
    case LabelGraph::Change::gained:
      return;
    case LabelGraph::Change::lost:
      raise(std::array{LabelName(LabelKind::key, key->text())}, Mode::expire);
      return;
    case LabelGraph::Change::too_many_lost:
      raise(std::array{LabelName(LabelKind::key, key->text())}, Mode::remove);
      return labels_->graph().forget_lost(*key);
  }
}

std::vector<LabelRef> Freshness::inherited_of(std::span<const LabelRef> labels) {
  std::vector<LabelRef> inherited;
  for (const LabelRef& label : labels) {
    if (is_inherited(*label)) inherited.push_back(label);
  }
  return inherited;
}

Watermarks Freshness::newest_in(const Carrier& carrier) const {
  Watermarks newest;
  const auto take = [&](const Label& label, Revision since) {
    Watermarks at = label.watermarks();
    if (label.kind() == LabelKind::key) {  // bans first, as in judge()
      if (bans_.size() != 0) at.raise_to(bans_.newest_of(label.space(), label.key()));
      at.raise_to(label.space().watermarks());
    }
    if (at.remove > since) newest.remove = std::max(newest.remove, at.remove);
    if (at.expire > since) newest.expire = std::max(newest.expire, at.expire);
    return Verdict::fresh;
  };
  const auto look = [&](const Label& label, Revision since) {
    // Its own tags are nobody else's, but whoever read it before one was raised is older than that.
    if (label.kind() == LabelKind::tag || is_inherited(label)) take(label, since);
    if (!is_inherited(label)) return;
    // Nothing above says so: the walk was stopped.
    if (labels_->graph().judge(label, since, take) != Verdict::fresh)
      newest.remove = std::max(revision(), published());
  };
  if (bans_.size() != 0) {  // of labels together; what they say of keys is in take()
    const BanSubject subject{{}, carrier.labels(), carrier.attached()};
    newest.raise_to(bans_.newest_all_of(subject, carrier.birth()));
  }
  for (const LabelRef& label : carrier.labels()) look(*label, carrier.birth());
  for (const AttachedLabel* late = carrier.attached(); late != nullptr; late = late->next)
    look(*late->label, late->joined);
  return newest;
}

bool Freshness::may_be_named_late(const Carrier& carrier) noexcept {
  return carrier.name_space()->keys_used_since().value != 0 && carrier.carries_inherited();
}

bool Freshness::goes_with_its_key(const Carrier& carrier, std::string_view key) const noexcept {
  const Revision birth = carrier.birth();
  const Label& space = *carrier.name_space();
  return root_->judge(birth) != Verdict::fresh || space.judge(birth) != Verdict::fresh ||
         birth < std::max(space.load_floor(), root_->load_floor()) ||
         (bans_.size() != 0 && bans_.judge_key(space, key, birth) != Verdict::fresh);
}

void Freshness::leave_behind(const Carrier& carrier, std::string_view key) noexcept {
  if (!may_be_named_late(carrier)) return;
  try {
    const Watermarks newest = newest_in(carrier);
    // By something that nothing says any more, or that there was no memory to look for.
    if (newest == Watermarks{} && !goes_with_its_key(carrier, key))
      return leave_dependencies(carrier, key);
    const std::string text = key_label_text(carrier.name_space()->text(), key);
    labels_->leave_for_loads(LabelName(LabelKind::key, text), newest);
  } catch (...) {  // no memory: loads of the whole namespace that began before are not kept
    refuse_earlier_loads(
        [&](Revision next) { carrier.labels().front()->refuse_loads_below(next); });
  }
}

void Freshness::leave_dependencies(const Carrier& carrier, std::string_view key) noexcept {
  if (!may_be_named_late(carrier)) return;
  try {
    const std::string text = key_label_text(carrier.name_space()->text(), key);
    const LabelName name(LabelKind::key, text);
    // A live label keeps the edges, unless it was never related to this entry: captured, or pinned a moment ago.
    const LabelRef label = labels_->find(name);
    if (label && labels_->graph().has_edges(*label, inherited_of(carrier.all_labels())))
      return label->stand_for_departed();
    refuse_earlier_loads(
        [&](Revision next) { labels_->leave_for_loads(name, {.remove = next, .expire = {}}); });
  } catch (...) {  // no memory: loads of the whole namespace that began before are not kept
    refuse_earlier_loads(
        [&](Revision next) { carrier.labels().front()->refuse_loads_below(next); });
  }
}

// Whoever is born at the new revision begins after the floor stands. No entry is touched, so `published` stays.
void Freshness::refuse_earlier_loads(FunctionRef<void(Revision next)> leave_floor) {
  rt::Lock lock(raise_mutex_);
  const Revision next{revision_.load(std::memory_order_relaxed) + 1};
  leave_floor(next);
  revision_.store(next.value, std::memory_order_seq_cst);
}

std::uint64_t Freshness::resident(const LabelName& name) const {
  const LabelRef label = labels_->find(name);
  return label ? clamp(label->resident().value()) : 0;
}

void Freshness::count_in(Carrier& carrier) noexcept {
  if (carrier.count_in()) root_->resident().add(1);
}

void Freshness::count_out(Carrier& carrier) noexcept {
  if (carrier.count_out()) root_->resident().add(-1);
}

std::size_t Freshness::retire_bans(
    const std::function<bool(const Label* space, Revision at)>& may_go) {
  return bans_.retire([&](const LabelRef& space, Revision at) {
    if (!may_go(space.get(), at)) return false;
    (space ? space : root_)->refuse_loads_below(at);
    return true;
  });
}

void Freshness::tidy() {
  rt::Lock lock(tidy_mutex_);
  {
    rt::Lock raising(raise_mutex_);
    const Revision next{revision_.load(std::memory_order_relaxed) + 1};
    labels_->graph().collect(next, [&] { revision_.store(next.value, std::memory_order_seq_cst); });
  }
  versions_.prune();
  left_by_tidy_ = labels_->graph().size() + versions_.size();
  calls_since_tidy_ = 0;
}

void Freshness::tidy_if_grown() {
  const std::size_t now = labels_->graph().size() + versions_.size();
  {
    rt::Lock lock(tidy_mutex_);
    const bool grown = now > 2 * left_by_tidy_ + kTidyFrom;
    if (!grown && (now == 0 || ++calls_since_tidy_ < kTidyEvery)) return;
  }
  tidy();
}

}  // namespace freshet::detail
