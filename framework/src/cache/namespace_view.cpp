#include "cache/namespace_view.hpp"

#include <utility>

#include "cache/bulk_load.hpp"
#include "cache/lease_access.hpp"
#include "cache/names.hpp"
#include "freshet/errors.hpp"
#include "freshet/handle.hpp"

namespace freshet::detail {

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

Reading NamespaceView::cached(EntryRef entry, Instant now) noexcept {
  if (!entry) return {};
  return {std::move(entry), Origin::l1, Staleness::fresh, now};
}

Reading NamespaceView::loaded(EntryRef entry) noexcept {
  const Instant stored_at = entry->stored_at();
  return {std::move(entry), Origin::loaded, Staleness::fresh, stored_at};
}

Reading NamespaceView::look_up(const KeyRef& key) {
  const Instant now = engine_->clock().now();
  return cached(block_.store().find(key, now), now);
}

Reading NamespaceView::get(std::string_view key) {
  const FullKey name = full(key);
  Reading found = look_up(name.ref());
  block_.counters().add(found.entry ? Metric::hits : Metric::misses);
  return found;
}

bool NamespaceView::contains(std::string_view key) {
  const FullKey name = full(key);
  return block_.store().contains(name.ref(), engine_->clock().now());
}

Reading NamespaceView::get_or_load(std::string_view key, ErasedLoader loader,
                                   const EntryOptions& options) {
  for (const std::string& tag : options.tags) check_tag(tag);
  const FullKey name = full(key);
  CallStart start = note_start(name.ref());  // before the first look
  if (Reading hit = look_up(name.ref()); hit.entry) {
    block_.counters().add(Metric::hits);
    return hit;
  }
  block_.counters().add(Metric::misses);
  const EntryPlan plan = block_.plan(space_, name.ref().key, options.tags);
  for (;;) {
    const auto [role, flight] = engine_->flights().board(name.ref(), start, plan.labels);
    switch (role) {
      case SingleFlight::Role::lead:
        return lead(name, plan, *flight, loader, options);
      case SingleFlight::Role::join:
        if (Reading shared = take(name.ref(), *flight, start); shared.entry) return shared;
        break;
      case SingleFlight::Role::wait:
        engine_->flights().wait_for_end(name.ref(), *flight);
        break;
    }
    start = note_start(name.ref());
    if (Reading found = look_up(name.ref()); found.entry) return count_shared(std::move(found));
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
                            SingleFlight::Flight& flight, ErasedLoader loader,
                            const EntryOptions& options) {
  const KeyRef& key = name.ref();
  EntryRef result;
  try {
    // Between this caller's look and its boarding another flight may have landed.
    if (Reading found = look_up(key); found.entry) {
      engine_->flights().complete(key, flight, found.entry);
      result = found.entry;
      return count_shared(std::move(found));
    }
    LoadContext context(name.given());
    const Instant began = engine_->clock().now();
    const auto elapsed = [&] { return engine_->clock().now() - began; };
    try {
      loader(context, [&](ErasedValue value) {
        result = finish(key, plan, flight, &context, options, elapsed(), value);
      });
    } catch (...) {
      if (!result) block_.count_load(elapsed(), false);
      throw;
    }
    return loaded(result);
  } catch (...) {
    if (!result) engine_->flights().fail(key, flight, std::current_exception());
    throw;
  }
}

EntryRef NamespaceView::finish(const KeyRef& key, const EntryPlan& plan,
                               SingleFlight::Flight& flight, const LoadContext* context,
                               const EntryOptions& options, Duration load_time, ErasedValue value) {
  std::vector<LabelRef> labels = engine_->flights().seal(key, flight);
  if (context != nullptr) {
    for (const std::string& tag : context->tags()) {
      unite(labels, {engine_->freshness().pin(LabelKind::tag, tag)});
    }
  }
  const Instant now = engine_->clock().now();
  MadeEntry made = block_.make_entry(key, plan, std::move(labels), flight.birth(), options, context,
                                     load_time, now, value);
  FRESHET_PAUSE("load_done_before_fill");
  if (is_stored(made.outcome))
    made.outcome = block_.store().fill(made.entry, key, flight.sequence(), now);
  block_.count(made.outcome);
  block_.count_load(load_time, true);
  engine_->flights().complete(key, flight, made.entry);
  return made.entry;
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
  MadeEntry made = block_.make_entry(name.ref(), plan, plan.labels, Revision{}, options, nullptr,
                                     Duration{}, now, value);
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
  MadeEntry made = block_.make_entry(name.ref(), plan, plan.labels, lease.birth(), options, nullptr,
                                     Duration{}, now, value);
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
