#include "cache/policy_block.hpp"

#include <fmt/format.h>

#include <boost/core/demangle.hpp>

#include "cache/names.hpp"
#include "freshet/errors.hpp"
#include "refresh/single_flight.hpp"

namespace freshet::detail {

PolicyBlock::PolicyBlock(const config::BlockModel& model, std::size_t position,
                         Freshness& freshness, SignalBus& bus, RemovalListeners& removals,
                         const AnalyticsOptions& analytics, const RaiseTimes& times)
    : position_(position),
      name_(model.name),
      limits_bytes_(model.options.capacity.bytes != 0),
      in_recency_order_(orders_by_recency(model.options.eviction)),
      bytes_place_(model.bytes_place),
      freshness_(freshness),
      bus_(bus),
      removals_(removals),
      hot_keys_(analytics),
      store_(model.options.eviction, model.options.capacity, freshness, *this, &times) {}

std::shared_ptr<const BlockPolicy> PolicyBlock::policy() const {
  rt::Lock lock(policy_mutex_);
  return policy_;
}

void PolicyBlock::install(const std::shared_ptr<const BlockPolicy>& policy, bool relabels) {
  std::shared_ptr<const BlockPolicy> old = this->policy();
  NamespaceStatistics counted;
  if (old) old->strategies.add_to(counted);
  {
    rt::Lock lock(policy_mutex_);
    policy_ = policy;
    in_force_.store(policy.get(), std::memory_order_release);
    if (relabels) label_epoch_.fetch_add(1, std::memory_order_release);
    old_failures_ += counted.strategy_failures;
  }
  refills_.set_options(policy->options.recompute);
  if (old) old->host->retire();
  policy->host->go_live(policy);
}

void PolicyBlock::bind_type(const ValueType& type) {
  if (limits_bytes_ && type.bytes == nullptr) {
    const std::string asked =
        Finding{bytes_place_, fmt::format("namespaces.{}.capacity.bytes", name_), ""}.text();
    throw ViewError(fmt::format("{}needs freshet::SizeOf<{}>, which is not defined", asked,
                                boost::core::demangle(type.type->name())));
  }
  rt::Lock lock(type_mutex_);
  if (type_ == nullptr) type_ = type.type;
  if (*type_ != *type.type) {
    throw ViewError(fmt::format(
        "the block \"{}\" holds values of type {}; a view of type {} cannot share it", name_,
        boost::core::demangle(type_->name()), boost::core::demangle(type.type->name())));
  }
}

EntryPlan PolicyBlock::plan(const LabelRef& space, std::string_view key,
                            const std::vector<std::string>& tags) {
  for (const std::string& tag : tags) check_tag(tag);
  EntryPlan plan;
  {
    rt::Lock lock(policy_mutex_);
    plan.policy = policy_;
    plan.label_epoch = label_epoch_.load(std::memory_order_relaxed);  // written under the lock
  }
  const BlockPolicy& policy = *plan.policy;
  const LabelLimits& limits = policy.options.labels;
  plan.labels.reserve(1 + policy.tags.size() + tags.size());
  plan.labels.push_back(space);
  if (policy.key) plan.key_matches = policy.key->match(key, plan.fields);
  if (plan.key_matches) {
    for (const TagTemplate& tag : policy.tags) {
      const std::string text = tag.expand(plan.fields);
      check_tag(text);
      add_label(limits, LabelKind::tag, text, plan.labels);
    }
  }
  for (const std::string& tag : tags) add_label(limits, LabelKind::tag, tag, plan.labels);
  return plan;
}

void PolicyBlock::add_label(LabelKind kind, std::string_view text, std::vector<LabelRef>& labels) {
  add_label(policy()->options.labels, kind, text, labels);
}

void PolicyBlock::add_label(const LabelLimits& limits, LabelKind kind, std::string_view text,
                            std::vector<LabelRef>& labels) {
  if (freshness_.live_labels() < limits.in_all) return unite(labels, {freshness_.pin(kind, text)});
  LabelRef live = freshness_.find(LabelName(kind, text));
  unite(labels, {live ? std::move(live) : freshness_.overflow()});
}

void PolicyBlock::add_captured(const std::vector<LabelRef>& captured,
                               std::vector<LabelRef>& labels) {
  if (captured.empty()) return;
  const std::size_t in_all = policy()->options.labels.in_all;
  for (const LabelRef& label : captured) {
    const bool fits = label->is_shared() || freshness_.live_labels() <= in_all;
    unite(labels, {fits ? label : freshness_.overflow_for(*label)});
  }
}

bool PolicyBlock::fit_labels(const LabelLimits& limits, std::vector<LabelRef>& labels,
                             const Deadlines& deadlines, bool inherits_overflow) {
  if (labels.size() == 1 && !inherits_overflow) return true;
  const auto over = std::find_if(labels.begin() + 1, labels.end(), [this](const LabelRef& label) {
    return freshness_.is_overflow(label);
  });
  const bool none_left = over != labels.end() && !inherits_overflow;  // in all
  if (over != labels.end()) labels.erase(over);
  const std::size_t most = 1 + limits.per_entry;  // the namespace comes on top
  if (labels.size() <= most && !none_left) {
    if (inherits_overflow) labels.push_back(freshness_.overflow());
    return true;
  }
  counters_.add(Metric::labels_overflowed);
  if (limits.overflow == LabelOverflow::reject) return false;
  const bool by_time = limits.overflow == LabelOverflow::ttl_only;
  if (by_time && deadlines.hard == kNever) return false;
  LabelRef rest = freshness_.overflow();
  for (std::size_t i = most; i < labels.size(); ++i) rest = freshness_.overflow_for(*labels[i]);
  labels.resize(std::min(labels.size(), most));
  if (!by_time || inherits_overflow) labels.push_back(std::move(rest));
  return true;
}

Deadlines PolicyBlock::deadlines_of(const BlockPolicy& policy, const EntryView& view,
                                    const EntryTerms& terms, Instant now) {
  Deadlines deadlines;
  if (terms.is_absent()) {
    Duration lifetime = policy.options.negative_ttl;
    if (view.requested_ttl) lifetime = std::min(lifetime, *view.requested_ttl);
    if (view.loader_ttl) lifetime = std::min(lifetime, *view.loader_ttl);
    deadlines.hard = later(now, lifetime);
    if (terms.has_no_value) deadlines.soft = Instant::min();  // see Entry::is_absent()
  } else {
    deadlines = policy.strategies.whole->on_store(view, now);
  }
  deadlines.hard = std::min(deadlines.hard, terms.at_most);
  // With a soft deadline, even the latest, it is served when it has been expired.
  if (policy.options.recompute.expired && deadlines.soft == kNever && deadlines.hard > now)
    deadlines.soft = deadlines.hard - Duration{1};
  return deadlines;
}

bool PolicyBlock::is_cacheable(const KeyRef& key, const ErasedValue& value) {
  if (!has_predicates_.load(std::memory_order_acquire) || is_absent(value)) return true;
  std::shared_ptr<const CacheablePredicate> predicate;
  {
    rt::Lock lock(loaders_mutex_);
    const auto found = predicates_.find(key.space);
    if (found != predicates_.end()) predicate = found->second.predicate;
  }
  try {
    return !predicate || (*predicate)(key.key, value.object);
  } catch (...) {
    counters_.add(Metric::handler_failures);
    return false;
  }
}

MadeEntry PolicyBlock::make_entry(const KeyRef& key, const EntryPlan& plan,
                                  std::vector<LabelRef> labels, const EntryTerms& terms,
                                  Instant now, ErasedValue value) {
  const BlockPolicy* policy = plan.policy.get();
  const std::vector<EntryView::Field>* fields = &plan.fields;
  bool key_matches = plan.key_matches;
  std::shared_ptr<const BlockPolicy> newer;
  std::vector<EntryView::Field> fields_of_newer;
  if (!is_in_force(*policy)) {
    newer = this->policy();
    policy = newer.get();
    fields = &fields_of_newer;
    key_matches = !policy->key || policy->key->match(key.key, fields_of_newer);
  }
  const EntryView view{
      .name_space = key.space->text(),
      .key = key.key,
      .fields = *fields,
      .requested_ttl = terms.request.ttl,
      .loader_ttl = terms.context != nullptr ? terms.context->requested_ttl() : std::nullopt,
      .load_time = terms.load_time,
      .bytes = entry_bytes(key, value),
      .value = is_absent(value) ? nullptr : value.object,
      .value_type = value.type->type,
  };
  const Deadlines deadlines = deadlines_of(*policy, view, terms, now);
  StoreOutcome outcome = StoreOutcome::stored;
  if (terms.context != nullptr && !terms.context->keeps()) {
    outcome = StoreOutcome::not_kept_by_loader;
  } else if (terms.is_absent() && policy->options.negative_ttl == Duration::zero()) {
    outcome = StoreOutcome::not_kept_absent;
  } else if (!key_matches || deadlines.hard <= now) {
    outcome = StoreOutcome::not_kept_by_policy;
  } else if (labels.size() > 1 + policy->options.labels.per_entry &&
             freshness_.announces_old_version(labels)) {
    outcome = StoreOutcome::refused_version;  // the version may be among the labels left out
  } else if (!is_cacheable(key, value)) {
    outcome = StoreOutcome::not_kept_by_predicate;
  } else if (!fit_labels(policy->options.labels, labels, deadlines, terms.inherits_overflow)) {
    outcome = StoreOutcome::refused_labels;
  }
  EntryRequest request = terms.request;
  if (!terms.is_absent()) request.stale_for = policy->options.stale_if_error;
  request.in_recency_order = in_recency_order_;
  EntryRef ref = Entry::create(key, std::move(labels), terms.birth, now, deadlines, value, request);
  entry_of(ref).declared.store(plan.declared, std::memory_order_relaxed);
  return {std::move(ref), outcome};
}

ReadDecision PolicyBlock::on_soft_expired(const Entry& entry, Instant now, bool expired) {
  const auto policy = this->policy();
  // Stored when expired entries were served, by a soft deadline that no strategy gave it (deadlines_of); now they are not.
  if (expired && !policy->options.recompute.expired && entry.soft() == entry.hard() - Duration{1})
    return ReadDecision::miss;
  std::vector<EntryView::Field> fields;
  if (policy->key) policy->key->match(entry.key(), fields);
  const EntryView view{
      .name_space = entry.carrier().name_space()->text(),
      .key = entry.key(),
      .fields = fields,
      .requested_ttl = entry.request().ttl,
      .stored_at = entry.stored_at(),
      .deadlines = entry.deadlines(),
      .bytes = entry.bytes(),
      .value = entry.is_absent() ? nullptr : entry.value(),
      .value_type = entry.type().type,
  };
  const ReadDecision decision = policy->strategies.whole->on_soft_expired(view, now);
  const bool recomputes = expired && policy->options.recompute.expired;
  return recomputes ? std::max(decision, ReadDecision::serve_and_refresh) : decision;
}

std::shared_ptr<const BackgroundLoader> PolicyBlock::bound_loader(const LabelRef& space) const {
  rt::Lock lock(loaders_mutex_);
  const auto found = loaders_.find(space.get());
  return found == loaders_.end() ? nullptr : found->second.loader;
}

void PolicyBlock::bind_loader(const LabelRef& space,
                              std::shared_ptr<const BackgroundLoader> loader) {
  const bool binds = loader != nullptr;
  {
    BoundLoader old;  // let go of after the lock
    rt::Lock lock(loaders_mutex_);
    if (binds) {
      old = std::exchange(loaders_[space.get()], {space, std::move(loader)});
    } else if (auto node = loaders_.extract(space.get())) {
      old = std::move(node.mapped());
    }
  }
  if (binds) refills_.note_loader(space);
}

bool PolicyBlock::has_bound_loaders() const {
  rt::Lock lock(loaders_mutex_);
  return !loaders_.empty();
}

void PolicyBlock::bind_predicate(const LabelRef& space,
                                 std::shared_ptr<const CacheablePredicate> predicate) {
  BoundPredicate old;  // let go of after the lock
  rt::Lock lock(loaders_mutex_);
  old = std::exchange(predicates_[space.get()], {space, std::move(predicate)});
  has_predicates_.store(true, std::memory_order_release);
}

void PolicyBlock::unbind_loaders() {
  std::unordered_map<const Label*, BoundLoader> old;  // let go of after the lock
  std::unordered_map<const Label*, BoundPredicate> old_predicates;
  rt::Lock lock(loaders_mutex_);
  old.swap(loaders_);
  old_predicates.swap(predicates_);
}

void PolicyBlock::count(StoreOutcome outcome) noexcept {
  switch (outcome) {
    case StoreOutcome::stored:
    case StoreOutcome::closed:
      return;
    case StoreOutcome::not_kept_absent:
      return counters_.add(Metric::not_kept_absent);
    case StoreOutcome::refused_key_changed:
      return counters_.add(Metric::refused_key_changed);
    case StoreOutcome::refused_invalidated:
      return counters_.add(Metric::refused_invalidated);
    case StoreOutcome::refused_older:
      return counters_.add(Metric::refused_older);
    case StoreOutcome::refused_lease_expired:
      return counters_.add(Metric::refused_lease_expired);
    case StoreOutcome::refused_version:
      return counters_.add(Metric::refused_version);
    case StoreOutcome::refused_hold_off:
      return counters_.add(Metric::refused_hold_off);
    case StoreOutcome::refused_labels:
      return counters_.add(Metric::refused_labels);
    case StoreOutcome::not_kept_stale:
      return counters_.add(Metric::not_kept_stale);
    case StoreOutcome::skipped:
      return;
    case StoreOutcome::not_kept_by_policy:
      return counters_.add(Metric::not_kept_by_policy);
    case StoreOutcome::not_kept_by_loader:
      return counters_.add(Metric::not_kept_by_loader);
    case StoreOutcome::not_kept_by_predicate:
      return counters_.add(Metric::not_kept_by_predicate);
    case StoreOutcome::too_large:
      return counters_.add(Metric::too_large);
  }
}

void PolicyBlock::on_removed(const Entry& entry, RemovalCause cause) noexcept {
  tell(NoticeKind::removed, *entry.carrier().name_space(), entry.key(), cause);
  if (removals_.listened() && !entry.is_absent()) removals_.note(entry, cause);
  switch (cause) {
    case RemovalCause::explicit_:
      return counters_.add(Metric::removed_explicit);
    case RemovalCause::replaced:
      return counters_.add(Metric::removed_replaced);
    case RemovalCause::expired:
      return counters_.add(Metric::removed_expired);
    case RemovalCause::capacity:
      return counters_.add(Metric::removed_capacity);
    case RemovalCause::label:
      return counters_.add(Metric::removed_label);
    case RemovalCause::ban:
      return counters_.add(Metric::removed_ban);
  }
}

void PolicyBlock::on_swept(RemovalCause cause) noexcept {
  switch (cause) {
    case RemovalCause::expired:
      return counters_.add(Metric::swept_expired);
    case RemovalCause::label:
      return counters_.add(Metric::swept_label);
    case RemovalCause::ban:
      return counters_.add(Metric::swept_ban);
    case RemovalCause::explicit_:
    case RemovalCause::replaced:
    case RemovalCause::capacity:
      return;  // no sweep finds these
  }
}

void PolicyBlock::publish(NoticeKind kind, const Label& space, std::string_view key,
                          std::optional<RemovalCause> removal) noexcept {
  try {
    bus_.publish(
        {.kind = kind, .name_space = space.text(), .key = std::string(key), .removal = removal});
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is no memory to tell of it
  }
}

NamespaceStatistics PolicyBlock::statistics() const {
  NamespaceStatistics statistics;
  statistics.name = name_;
  counters_.add_to(statistics);
  std::shared_ptr<const BlockPolicy> policy;
  {
    rt::Lock lock(policy_mutex_);
    policy = policy_;
    statistics.strategy_failures += old_failures_;
  }
  statistics.strategy = policy->strategy_name;
  policy->strategies.add_to(statistics);
  statistics.hot_key_samples_dropped = hot_keys_.dropped();
  statistics.keys_waiting = refills_.waiting();
  const Holdings holdings = store_.holdings();
  statistics.entries = holdings.entries;
  statistics.bytes = holdings.bytes;
  statistics.tagged_entries = holdings.tagged;
  statistics.dependent_entries = holdings.dependent;
  statistics.negative_entries = holdings.absent;
  return statistics;
}

}  // namespace freshet::detail
