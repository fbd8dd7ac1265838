#include "cache/namespace_view.hpp"

#include <algorithm>
#include <utility>

#include "cache/bulk_load.hpp"
#include "cache/lease_access.hpp"
#include "cache/names.hpp"
#include "freshet/errors.hpp"
#include "freshet/handle.hpp"

namespace freshet::detail {
namespace {

// For reads that bring no loader of their own.
const auto kNoLoader = []() -> std::shared_ptr<const BackgroundLoader> { return nullptr; };

// The order in which tags are named says nothing.
std::uint64_t declared_hash(const EntryOptions& options) {
  std::uint64_t sum = 0;
  for (const std::string& tag : options.tags) sum += LabelName(LabelKind::tag, tag).hash;
  for (const std::string& resource : options.depends_on)
    sum += LabelName(LabelKind::resource, resource).hash;
  return sum;
}

bool carries_versions(const Entry& entry, const EntryPlan& plan) {
  return std::all_of(plan.labels.begin(), plan.labels.end(), [&](const LabelRef& label) {
    return label->kind() != LabelKind::version || entry.carrier().carries(label.get());
  });
}

}  // namespace

NamespaceView::NamespaceView(std::shared_ptr<Engine> engine, PolicyBlock& block, LabelRef space,
                             std::string scope, std::string policy_version)
    : engine_(std::move(engine)),
      block_(block),
      space_(std::move(space)),
      scope_(std::move(scope)),
      policy_version_(std::move(policy_version)) {}

const std::string& NamespaceView::name() const noexcept { return space_->text(); }

FullKey NamespaceView::full(std::string_view key) const { return FullKey(scope_, key, *space_); }

CallStart NamespaceView::note_start(const KeyRef& key) const noexcept {
  return {engine_->freshness().keys().sequence(key.hash), engine_->freshness().revision()};
}

Reading NamespaceView::loaded(EntryRef entry) noexcept {
  const Instant stored_at = entry->stored_at();
  return {std::move(entry), Origin::loaded, Staleness::fresh, stored_at};
}

void NamespaceView::check(const EntryOptions& options) {
  for (const std::string& tag : options.tags) check_tag(tag);
  for (const std::string& resource : options.depends_on) check_resource(resource);
  for (const VersionPin& version : options.versions)
    check_version(version.dependency, version.hash);
}

EntryPlan NamespaceView::plan(const KeyRef& key, const EntryOptions& options) {
  EntryPlan plan = block_.plan(space_, key.key, options.tags);
  plan.declared = declared_hash(options);
  for (const std::string& resource : options.depends_on) {
    plan.proven_since =
        std::max(plan.proven_since,
                 engine_->dependencies().pin(block_, space_, key.key, resource, plan.labels));
  }
  VersionTable& versions = engine_->freshness().versions();
  for (const VersionPin& version : options.versions) {
    plan.versioned = true;
    unite(plan.labels, {versions.pin(version.dependency, version.hash)});
  }
  if (!policy_version_.empty()) {
    plan.versioned = plan.versioned || is_outdated();
    if (is_outdated())
      unite(plan.labels, {versions.pin(policy_dependency(name()), policy_version_)});
  }
  plan.outdated = engine_->freshness().announces_old_version(plan.labels);
  return plan;
}

bool NamespaceView::is_outdated() const {
  return !policy_version_.empty() &&
         engine_->freshness().versions().announces(policy_dependency(name()), policy_version_) ==
             Announced::other;
}

void NamespaceView::capture(const KeyRef& key) {
  CaptureState* const capture = CaptureState::current();
  if (capture == nullptr) return;
  capture->note_key(engine_->freshness().pin_key(space_, key.key));
  FRESHET_PAUSE("key_captured_before_read");
}

Reading NamespaceView::captured(Reading reading) {
  if (CaptureState* capture = CaptureState::current()) capture->note(reading);
  return reading;
}

Reading NamespaceView::look_up(const KeyRef& key, KeepLoader keep, const EntryPlan* plan) {
  if (plan != nullptr && plan->outdated) return {};
  const Instant now = engine_->clock().now();
  Found found = block_.store().find(key, now);
  if (!found) return {};
  const Entry& entry = entry_of(found.entry);
  if (plan != nullptr && plan->versioned && !carries_versions(entry, *plan)) return {};
  Staleness staleness = Staleness::fresh;
  bool refresh = found.refresh_due;
  if (found.expired || entry.deadlines().soft <= now) {
    const ReadDecision decision = block_.on_soft_expired(entry, now);
    if (decision == ReadDecision::miss) return {};
    refresh = refresh || decision == ReadDecision::serve_and_refresh;
    staleness = found.expired ? Staleness::expired : Staleness::soft_deadline;
    block_.counters().add(Metric::stale_serves);
    block_.tell(NoticeKind::served_stale, *space_, entry.key());
  }
  const bool announces = plan != nullptr && plan->versioned;
  // A loader that makes values for one policy version must not run when another one is current.
  const KeepLoader own = policy_version_.empty() ? keep : KeepLoader(kNoLoader);
  if (refresh) engine_->refresher().refresh(block_, found.entry, own, announces);
  return {std::move(found.entry), Origin::l1, staleness, now};
}

Reading NamespaceView::get(std::string_view key, const Skip& skip) {
  const FullKey name = full(key);
  capture(name.ref());
  Reading found;
  if (!skip.read_l1 && !is_outdated()) found = look_up(name.ref(), kNoLoader);
  block_.count_read(name.ref(), static_cast<bool>(found.entry));
  return captured(std::move(found));
}

bool NamespaceView::contains(std::string_view key) {
  const FullKey name = full(key);
  capture(name.ref());
  if (is_outdated()) return false;
  const Instant now = engine_->clock().now();
  if (CaptureState::current() == nullptr) return block_.store().contains(name.ref(), now);
  Found found = block_.store().peek(name.ref(), now);
  if (!found) return false;
  // What makes the entry go makes the answer another one.
  const bool past_soft = entry_of(found.entry).deadlines().soft <= now;
  const Staleness staleness = found.expired ? Staleness::expired
                              : past_soft   ? Staleness::soft_deadline
                                            : Staleness::fresh;
  captured({std::move(found.entry), Origin::l1, staleness, now});
  return true;
}

Reading NamespaceView::get_or_load(std::string_view key, ErasedLoader loader, KeepLoader keep,
                                   const EntryOptions& options) {
  check(options);
  const FullKey name = full(key);
  capture(name.ref());
  return captured(read_or_load(name, loader, keep, options));
}

Reading NamespaceView::read_or_load(const FullKey& name, ErasedLoader loader, KeepLoader keep,
                                    const EntryOptions& options) {
  CallStart start = note_start(name.ref());  // before the first look
  const bool announces = !options.versions.empty() || !policy_version_.empty();
  EntryPlan plan;
  if (announces) plan = this->plan(name.ref(), options);
  const EntryPlan* wanted = announces ? &plan : nullptr;
  const auto look = [&] {
    return options.skip.read_l1 ? Reading{} : look_up(name.ref(), keep, wanted);
  };
  if (Reading hit = look(); hit.entry) {
    block_.count_read(name.ref(), true);
    follow_drift(name.ref(), hit.entry, options);
    return hit;
  }
  block_.count_read(name.ref(), false);
  if (!announces) plan = this->plan(name.ref(), options);
  for (;;) {
    const auto [role, flight] = engine_->flights().board(name.ref(), start, plan.labels);
    switch (role) {
      case SingleFlight::Role::lead:
        if (becomes_outdated(name.ref(), *flight, plan)) {
          engine_->flights().complete(name.ref(), *flight, {});  // whoever waits starts over
          plan = this->plan(name.ref(), options);
          break;
        }
        return lead(name, plan, *flight, loader, keep, options);
      case SingleFlight::Role::join:
        if (Reading shared = take(name.ref(), *flight, start); shared.entry) {
          add_missing(name.ref(), shared.entry, plan);  // the leader may have found it stored
          return shared;
        }
        break;
      case SingleFlight::Role::wait:
        engine_->flights().wait_for_end(name.ref(), *flight);
        break;
    }
    start = note_start(name.ref());
    if (Reading found = look(); found.entry) {
      add_missing(name.ref(), found.entry, plan);
      return count_shared(std::move(found));
    }
  }
}

// Asked by the leader of a flight, which it ends if there is no memory for the question.
bool NamespaceView::becomes_outdated(const KeyRef& key, SingleFlight::Flight& flight,
                                     const EntryPlan& plan) const {
  try {
    return has_become_outdated(plan);
  } catch (...) {
    engine_->flights().fail(key, flight, std::current_exception());
    throw;
  }
}

void NamespaceView::follow_drift(const KeyRef& key, const EntryRef& ref,
                                 const EntryOptions& options) {
  if (options.tags.empty() && options.depends_on.empty()) return;
  Entry& entry = entry_of(ref);
  const std::uint64_t declared = declared_hash(options);
  // acquire, and release below: whoever finds its labels named already finds them carried.
  if (entry.declared.load(std::memory_order_acquire) == declared) return;
  block_.counters().add(Metric::label_drifts);
  add_missing(key, ref, this->plan(key, options));
  entry.declared.store(declared, std::memory_order_release);
}

void NamespaceView::add_missing(const KeyRef& key, const EntryRef& ref, const EntryPlan& plan) {
  const Entry& entry = entry_of(ref);
  std::vector<LabelRef> missing;
  for (const LabelRef& label : plan.labels) {
    if (!entry.carrier().carries(label.get())) missing.push_back(label);
  }
  if (missing.empty()) return;
  block_.store().attach(key, missing, engine_->clock().now(),
                        block_.policy()->options.labels.per_entry);
}

Reading NamespaceView::take(const KeyRef& key, SingleFlight::Flight& flight,
                            const CallStart& start) {
  EntryRef result = engine_->flights().wait(key, flight);
  if (!result || !engine_->flights().usable(key, result, start)) return {};
  return count_shared(loaded(std::move(result)));
}

Reading NamespaceView::count_shared(Reading reading) noexcept {
  block_.counters().add(Metric::shared_loads);
  return reading;
}

Reading NamespaceView::lead(const FullKey& name, const EntryPlan& plan,
                            SingleFlight::Flight& flight, ErasedLoader loader, KeepLoader keep,
                            const EntryOptions& options) {
  const KeyRef& key = name.ref();
  Reading found;
  try {
    // Between this caller's look and its boarding another flight may have landed.
    if (!options.skip.read_l1) found = look_up(key, keep, &plan);
  } catch (...) {
    engine_->flights().fail(key, flight, std::current_exception());
    throw;
  }
  if (found.entry) {
    engine_->flights().complete(key, flight, found.entry);
    add_missing(key, found.entry, plan);
    return count_shared(std::move(found));
  }
  const KeyLoad load{.services = engine_->loads(),
                     .block = block_,
                     .key = key,
                     .plan = plan,
                     .flight = flight,
                     .ttl = options.ttl,
                     .captures = options.capture,
                     .fills = !options.skip.write_l1};
  return loaded(load.run(name.given(), loader));
}

void NamespaceView::bind_loader(std::shared_ptr<const BackgroundLoader> loader) {
  if (loader && !policy_version_.empty()) {
    // What it loads once another policy version is current is refused, like what this view loads.
    loader = std::make_shared<const BackgroundLoader>(
        [loader, pin = VersionPin{policy_dependency(name()), policy_version_}](
            std::string_view key, LoadContext& context, ValueSink sink) {
          context.versions_.push_back(pin);
          (*loader)(key, context, sink);
        });
  }
  block_.bind_loader(space_, std::move(loader));
}

void NamespaceView::get_or_load_many(std::span<const std::string_view> keys,
                                     ErasedBulkLoader loader, const EntryOptions& options,
                                     std::span<Reading> answers) {
  check(options);
  BulkLoad(*this, keys, options, answers).run(loader);
  for (const Reading& answer : answers) captured(answer);
}

StoreOutcome NamespaceView::put(std::string_view key, ErasedValue value,
                                const EntryOptions& options) {
  check(options);
  return store(full(key), value, options, nullptr);
}

StoreOutcome NamespaceView::put(std::string_view key, ErasedValue value,
                                const EntryOptions& options, const Lease& lease) {
  check(options);
  const FullKey name = full(key);
  if (lease.key() != name.ref().key || !(LeaseAccess::space(lease) == space_)) {
    throw InvalidName("the lease is for \"" + lease.key() + "\", not for \"" +
                      std::string(name.ref().key) + "\" in \"" + this->name() + "\"");
  }
  return store(name, value, options, &lease);
}

StoreOutcome NamespaceView::store(const FullKey& name, ErasedValue value,
                                  const EntryOptions& options, const Lease* lease) {
  const KeyRef& key = name.ref();
  EntryPlan plan = this->plan(key, options);
  // With the pair among its labels it is refused if another version becomes current before it is stored.
  if (!policy_version_.empty()) {
    VersionTable& versions = engine_->freshness().versions();
    unite(plan.labels, {versions.pin(policy_dependency(this->name()), policy_version_)});
  }
  const Instant now = engine_->clock().now();
  const EntryTerms terms{.birth = lease != nullptr ? lease->birth() : Revision{},
                         .request = {.ttl = options.ttl, .labels = plan.labels.size()}};
  MadeEntry made = block_.make_entry(key, plan, plan.labels, terms, now, value);
  if (is_stored(made.outcome) && options.skip.write_l1) made.outcome = StoreOutcome::skipped;
  if (lease == nullptr) {
    engine_->hold_off().note_key(key.hash, now);
    if (is_stored(made.outcome)) {
      made.outcome = block_.store().put(made.entry, key, now);
      if (!block_.has_current_labels(plan)) block_.store().invalidate(key, Mode::expire, now);
    } else {  // the old value is not true any more, though the new one is not kept
      block_.store().invalidate(key, Mode::remove, now);
    }
    engine_->note_raises();
  } else if (now >= lease->expires_at()) {
    made.outcome = StoreOutcome::refused_lease_expired;
  } else if (is_stored(made.outcome) && plan.proven_since > lease->birth()) {
    // The value depends on a key whose writes left no trace when it was fetched: what was read of that may be old.
    made.outcome = StoreOutcome::refused_invalidated;
  } else if (is_held_off(engine_->loads(), block_, key, plan.labels, LeaseAccess::taken_at(*lease),
                         LeaseAccess::held_from(*lease))) {
    made.outcome = StoreOutcome::refused_hold_off;
  } else if (!block_.has_current_labels(plan)) {
    made.outcome = StoreOutcome::refused_invalidated;
  } else if (is_stored(made.outcome)) {
    made.outcome = block_.store().fill(made.entry, key, LeaseAccess::sequence(*lease), now);
  }
  if (is_stored(made.outcome)) block_.counters().add(Metric::puts);
  block_.count(made.outcome);
  return made.outcome;
}

Lease NamespaceView::lease(std::string_view key) {
  const FullKey name = full(key);
  const Instant now = engine_->clock().now();
  const auto policy = block_.policy();
  const Duration hold_off = policy->options.hold_off;
  const Revision held_from =
      hold_off > Duration::zero() ? engine_->hold_off().revision_at(now - hold_off) : Revision{};
  return LeaseAccess::make(std::string(name.ref().key), space_, note_start(name.ref()), held_from,
                           now, later(now, policy->options.lease));
}

Invalidated NamespaceView::invalidate_if(const ErasedPredicate& predicate,
                                         const InvalidateOptions& options) {
  return engine_->invalidate_if(block_, space_, predicate, options);
}

Connection NamespaceView::on_removal(RemovalListener listener) {
  return engine_->removals().listen(space_, scope_, std::move(listener));
}

std::shared_ptr<NamespaceCache> NamespaceView::at_version(std::string_view version) {
  check_version(name(), version);
  return std::make_shared<NamespaceView>(engine_, block_, space_, scope_, std::string(version));
}

Invalidated NamespaceView::invalidate(std::string_view key, const InvalidateOptions& options) {
  const FullKey name = full(key);
  return engine_->invalidate(Target::key(std::string(name.ref().key), this->name()), options);
}

std::shared_ptr<NamespaceCache> NamespaceView::scoped(std::string_view scope) {
  check_scope(scope);
  return std::make_shared<NamespaceView>(
      engine_, block_, space_, scope_ + std::string(scope) + kKeySeparator, policy_version_);
}

}  // namespace freshet::detail
