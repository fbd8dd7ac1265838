// The part of NamespaceView that stores what a caller has: puts, leases, puts with a lease, and writes through the cache.
#include <utility>

#include "cache/lease_access.hpp"
#include "cache/names.hpp"
#include "cache/namespace_view.hpp"
#include "cache/transaction_state.hpp"
#include "freshet/errors.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {
namespace {

bool may_fill(const Scopes* open) noexcept { return open == nullptr || !loads_apart(*open); }

}  // namespace

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

StoreOutcome NamespaceView::write_through(std::string_view key, ErasedValue value,
                                          FunctionRef<void()> write, const EntryOptions& options) {
  check(options);
  const FullKey name = full(key);
  static_cast<void>(plan(name.ref(), options));  // what it refuses it refuses before the write
  const Target target = Target::key(std::string(name.ref().key), this->name());
  if (!may_fill(open_scopes())) forget_at_commit(target);  // also if the write throws
  engine_->invalidate(target, {});
  const CallStart since = note_start(name.ref());
  block_.counters().add(Metric::writes);
  FRESHET_PAUSE("forgotten_before_write");
  bool is_written = false;
  try {
    write();
    is_written = true;
    FRESHET_PAUSE("written_before_put");
    const StoreOutcome outcome = store(name, value, options, nullptr, &since);
    block_.counters().add(Metric::writes_through);
    if (is_stored(outcome)) block_.counters().add(Metric::writes_through_kept);
    return outcome;
  } catch (...) {  // what the write did nobody knows
    if (!is_written) block_.counters().add(Metric::write_failures);
    forget_or_all(target);
    throw;
  }
}

void NamespaceView::count_write(bool failed) noexcept {
  block_.counters().add(Metric::writes);
  if (failed) block_.counters().add(Metric::write_failures);
}

// In a transaction of another invalidator; one of this one's own collects whatever is invalidated in it.
void NamespaceView::forget_at_commit(const Target& target) {
  if (TransactionState::of(*engine_) != nullptr) return;
  Collected work;
  work.elsewhere.push_back({engine_, target});
  TransactionState::collect_anywhere(work);
}

// For what must be forgotten now, and may be forgotten with everything else.
void NamespaceView::forget_or_all(const Target& target) {
  try {
    engine_->invalidate(target, {});
  } catch (...) {
    engine_->invalidate_everything();
  }
}

StoreOutcome NamespaceView::store(const FullKey& name, ErasedValue value,
                                  const EntryOptions& options, const Lease* lease,
                                  const CallStart* since) {
  const KeyRef& key = name.ref();
  // Asked once: what ends meanwhile does not make the value true.
  const bool fills = may_fill(open_scopes());
  if (!fills && lease == nullptr) {
    // Once the value is true, what is cached is not.
    const Target target = Target::key(std::string(key.key), this->name());
    if (TransactionState::of(*engine_) != nullptr)
      return engine_->invalidate(target, {}), StoreOutcome::skipped;
    forget_at_commit(target);
  }
  EntryPlan plan = this->plan(key, options);
  // With the pair among its labels it is refused if another version becomes current before it is stored.
  if (!policy_version_.empty()) {
    VersionTable& versions = engine_->freshness().versions();
    unite(plan.labels, {versions.pin(policy_dependency(this->name()), policy_version_)});
  }
  const Instant now = engine_->clock().now();
  const EntryTerms terms{.birth = lease != nullptr ? lease->birth() : Revision{},
                         .request = {.ttl = options.ttl, .labels = plan.labels.size()}};
  // Whoever fills with a lease asks for them once more.
  std::vector<LabelRef> labels = lease == nullptr ? std::move(plan.labels) : plan.labels;
  MadeEntry made = block_.make_entry(key, plan, std::move(labels), terms, now, value);
  if (is_stored(made.outcome) && (options.skip.write_l1 || !fills))
    made.outcome = StoreOutcome::skipped;
  // The value depends on a key whose writes left no trace before: what was read of that may be old.
  if (since != nullptr && is_stored(made.outcome) && plan.proven_since > since->revision)
    made.outcome = StoreOutcome::refused_invalidated;
  made.outcome =
      lease == nullptr ? replace(made, plan, key, now, since) : fill(made, plan, key, *lease, now);
  if (is_stored(made.outcome)) block_.counters().add(Metric::puts);
  if (lease != nullptr)
    block_.counters().add(is_stored(made.outcome) ? Metric::lease_puts : Metric::lease_refusals);
  block_.count(made.outcome);
  return made.outcome;
}

StoreOutcome NamespaceView::replace(const MadeEntry& made, const EntryPlan& plan, const KeyRef& key,
                                    Instant now, const CallStart* since) {
  StoreOutcome outcome = made.outcome;
  engine_->hold_off().note_key(key.hash, now);
  if (is_stored(outcome)) {
    outcome = block_.store().put(made.entry, key, now, since);
    if (!block_.has_current_labels(plan)) block_.store().invalidate(key, Mode::expire, now);
  } else {  // the old value is not true any more, though the new one is not kept
    block_.store().invalidate(key, Mode::remove, now);
  }
  if (engine_->hold_off().enabled()) engine_->hold_off().note_key(key.hash, engine_->clock().now());
  engine_->note_raises();
  return outcome;
}

StoreOutcome NamespaceView::fill(const MadeEntry& made, const EntryPlan& plan, const KeyRef& key,
                                 const Lease& lease, Instant now) {
  if (now >= lease.expires_at()) return StoreOutcome::refused_lease_expired;
  // The value depends on a key whose writes left no trace when it was fetched: what was read of that may be old.
  if (is_stored(made.outcome) && plan.proven_since > lease.birth())
    return StoreOutcome::refused_invalidated;
  if (is_held_off(engine_->loads(), block_, key, plan.labels, LeaseAccess::taken_at(lease),
                  LeaseAccess::held_from(lease))) {
    return StoreOutcome::refused_hold_off;
  }
  if (!block_.has_current_labels(plan)) return StoreOutcome::refused_invalidated;
  if (!is_stored(made.outcome)) return made.outcome;
  const StoreOutcome outcome =
      block_.store().fill(made.entry, key, LeaseAccess::sequence(lease), now);
  if (is_stored(outcome)) block_.failed_loads().forget(key);
  return outcome;
}

Lease NamespaceView::lease(std::string_view key) {
  const FullKey name = full(key);
  block_.counters().add(Metric::leases);
  const Instant now = engine_->clock().now();
  const auto policy = block_.policy();
  const Duration hold_off = policy->options.hold_off;
  const Revision held_from =
      hold_off > Duration::zero() ? engine_->hold_off().revision_at(now - hold_off) : Revision{};
  // What is fetched in a transaction must not be kept, so such a lease has run out.
  const Scopes* const open = open_scopes();
  const bool is_void = open != nullptr && in_transaction(*open);
  return LeaseAccess::make(std::string(name.ref().key), space_, note_start(name.ref()), held_from,
                           now, is_void ? now : later(now, policy->options.lease));
}

}  // namespace freshet::detail
