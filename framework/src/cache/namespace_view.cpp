#include "cache/namespace_view.hpp"

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

Entry::Request request(const EntryPlan& plan, const EntryOptions& options) {
  return {.ttl = options.ttl, .labels = plan.labels.size()};
}

}  // namespace

NamespaceView::NamespaceView(std::shared_ptr<Engine> engine, PolicyBlock& block, LabelRef space,
                             std::string scope)
    : engine_(std::move(engine)),
      block_(block),
      space_(std::move(space)),
      scope_(std::move(scope)) {}

const std::string& NamespaceView::name() const noexcept { return space_->text(); }

FullKey NamespaceView::full(std::string_view key) const { return FullKey(scope_, key, *space_); }

CallStart NamespaceView::note_start(const KeyRef& key) const noexcept {
  return {engine_->freshness().keys().sequence(key.hash), engine_->freshness().revision()};
}

Reading NamespaceView::loaded(EntryRef entry) noexcept {
  const Instant stored_at = entry->stored_at();
  return {std::move(entry), Origin::loaded, Staleness::fresh, stored_at};
}

Reading NamespaceView::look_up(const KeyRef& key, KeepLoader keep) {
  const Instant now = engine_->clock().now();
  Found found = block_.store().find(key, now);
  if (!found) return {};
  Staleness staleness = Staleness::fresh;
  bool refresh = found.refresh_due;
  if (found.entry->deadlines().soft <= now) {
    const ReadDecision decision = block_.on_soft_expired(entry_of(found.entry), now);
    if (decision == ReadDecision::miss) return {};
    refresh = refresh || decision == ReadDecision::serve_and_refresh;
    staleness = Staleness::soft_deadline;
    block_.counters().add(Metric::stale_serves);
    block_.tell(NoticeKind::served_stale, *space_, entry_of(found.entry).key());
  }
  if (refresh) engine_->refresher().refresh(block_, found.entry, keep);
  return {std::move(found.entry), Origin::l1, staleness, now};
}

Reading NamespaceView::get(std::string_view key) {
  const FullKey name = full(key);
  Reading found = look_up(name.ref(), kNoLoader);
  block_.count_read(name.ref(), static_cast<bool>(found.entry));
  return found;
}

bool NamespaceView::contains(std::string_view key) {
  const FullKey name = full(key);
  return block_.store().contains(name.ref(), engine_->clock().now());
}

Reading NamespaceView::get_or_load(std::string_view key, ErasedLoader loader, KeepLoader keep,
                                   const EntryOptions& options) {
  for (const std::string& tag : options.tags) check_tag(tag);
  const FullKey name = full(key);
  CallStart start = note_start(name.ref());  // before the first look
  if (Reading hit = look_up(name.ref(), keep); hit.entry) {
    block_.count_read(name.ref(), true);
    return hit;
  }
  block_.count_read(name.ref(), false);
  const EntryPlan plan = block_.plan(space_, name.ref().key, options.tags);
  for (;;) {
    const auto [role, flight] = engine_->flights().board(name.ref(), start, plan.labels);
    switch (role) {
      case SingleFlight::Role::lead:
        return lead(name, plan, *flight, loader, keep, options);
      case SingleFlight::Role::join:
        if (Reading shared = take(name.ref(), *flight, start); shared.entry) return shared;
        break;
      case SingleFlight::Role::wait:
        engine_->flights().wait_for_end(name.ref(), *flight);
        break;
    }
    start = note_start(name.ref());
    if (Reading found = look_up(name.ref(), keep); found.entry)
      return count_shared(std::move(found));
  }
}

Reading NamespaceView::take(const KeyRef& key, SingleFlight::Flight& flight,
                            const CallStart& start) {
  EntryRef result = engine_->flights().wait(key, flight);
  if (!result || !engine_->flights().usable(result, start)) return {};
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
    found = look_up(key, keep);
  } catch (...) {
    engine_->flights().fail(key, flight, std::current_exception());
    throw;
  }
  if (found.entry) {
    engine_->flights().complete(key, flight, found.entry);
    return count_shared(std::move(found));
  }
  const KeyLoad load{engine_->clock(), engine_->freshness(), engine_->flights(), block_, key, plan,
                     flight,           options.ttl};
  return loaded(load.run(name.given(), loader));
}

void NamespaceView::bind_loader(std::shared_ptr<const BackgroundLoader> loader) {
  block_.bind_loader(space_, std::move(loader));
}

void NamespaceView::get_or_load_many(std::span<const std::string_view> keys,
                                     ErasedBulkLoader loader, const EntryOptions& options,
                                     std::span<Reading> answers) {
  for (const std::string& tag : options.tags) check_tag(tag);
  BulkLoad(*this, keys, options, answers).run(loader);
}

StoreOutcome NamespaceView::put(std::string_view key, ErasedValue value,
                                const EntryOptions& options) {
  const FullKey name = full(key);
  const EntryPlan plan = block_.plan(space_, name.ref().key, options.tags);
  const Instant now = engine_->clock().now();
  MadeEntry made = block_.make_entry(name.ref(), plan, plan.labels, Revision{},
                                     request(plan, options), nullptr, Duration{}, now, value);
  if (is_stored(made.outcome)) {
    made.outcome = block_.store().put(made.entry, name.ref(), now);
  } else {
    block_.store().remove(
        name.ref(), now);  // the old value is not true any more, though the new one is not kept
  }
  if (is_stored(made.outcome)) block_.counters().add(Metric::puts);
  block_.count(made.outcome);
  return made.outcome;
}

StoreOutcome NamespaceView::put(std::string_view key, ErasedValue value,
                                const EntryOptions& options, const Lease& lease) {
  const FullKey name = full(key);
  if (lease.key() != name.ref().key || !(LeaseAccess::space(lease) == space_)) {
    throw InvalidName("the lease is for \"" + lease.key() + "\", not for \"" +
                      std::string(name.ref().key) + "\" in \"" + this->name() + "\"");
  }
  const EntryPlan plan = block_.plan(space_, name.ref().key, options.tags);
  const Instant now = engine_->clock().now();
  MadeEntry made = block_.make_entry(name.ref(), plan, plan.labels, lease.birth(),
                                     request(plan, options), nullptr, Duration{}, now, value);
  if (now >= lease.expires_at()) made.outcome = StoreOutcome::refused_lease_expired;
  if (is_stored(made.outcome)) {
    made.outcome = block_.store().fill(made.entry, name.ref(), LeaseAccess::sequence(lease), now);
  }
  if (is_stored(made.outcome)) block_.counters().add(Metric::puts);
  block_.count(made.outcome);
  return made.outcome;
}

Lease NamespaceView::lease(std::string_view key) {
  const FullKey name = full(key);
  return LeaseAccess::make(std::string(name.ref().key), space_, note_start(name.ref()),
                           later(engine_->clock().now(), block_.options().lease));
}

Invalidated NamespaceView::invalidate(std::string_view key, const InvalidateOptions& options) {
  const FullKey name = full(key);
  return engine_->invalidate_key(block_, name.ref(), options);
}

std::shared_ptr<NamespaceCache> NamespaceView::scoped(std::string_view scope) {
  check_scope(scope);
  return std::make_shared<NamespaceView>(engine_, block_, space_,
                                         scope_ + std::string(scope) + kKeySeparator);
}

}  // namespace freshet::detail
