#include "cache/key_load.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "freshet/errors.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {

namespace {

// A mistake of the program: who comes later does not make it.
bool is_mistake(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const RecursiveLoad&) {
    return true;
  } catch (const InvalidName&) {
    return true;
  } catch (const BulkLoadMismatch&) {
    return true;
  } catch (const NoPreviousValue&) {
    return true;
  } catch (...) {
    return false;
  }
}

// Otherwise callers have to look again whether it carries what they name: the old one may have done so by its loader's word alone.
bool carries_labels_of(const Entry& entry, const Entry& old) noexcept {
  const auto carried = [&](const LabelRef& label) { return entry.carrier().carries(label.get()); };
  const std::span<const LabelRef> labels = old.carrier().labels();
  if (!std::all_of(labels.begin(), labels.end(), carried)) return false;
  for (const AttachedLabel* late = old.carrier().attached(); late != nullptr; late = late->next) {
    if (!carried(late->label)) return false;
  }
  return true;
}

// What the loader calls its value by, or did when it made what it says is still right.
std::string_view validator_of(const KeyLoad::Loaded& loaded) noexcept {
  if (loaded.context == nullptr) return {};
  const std::string& named = loaded.context->named_validator();
  return named.empty() && loaded.renewed != nullptr ? loaded.renewed->request().validator
                                                    : std::string_view(named);
}

// What it takes to make the value, for the strategy: the loader knows better where it has it from somebody who made it.
Duration load_time_of(const KeyLoad::Loaded& loaded) noexcept {
  if (loaded.context == nullptr) return loaded.load_time;
  return loaded.context->named_load_time().value_or(loaded.load_time);
}

}  // namespace

bool is_held_off(const LoadServices& services, const PolicyBlock& block, const KeyRef& key,
                 std::span<const LabelRef> labels, Instant began, Revision held_from) {
  if (!services.hold_off.enabled()) return false;  // no block has any
  const Duration hold_off = block.policy()->options.hold_off;
  if (hold_off == Duration::zero()) return false;
  return services.freshness.judge_load(held_from, labels, key.key) != Verdict::fresh ||
         services.hold_off.key_written_after(key.hash, began - hold_off);
}

KeyLoad::Loaded KeyLoad::begin() const {
  Loaded loaded{.began = services.clock.now()};
  if (!services.hold_off.enabled()) return loaded;
  const Duration hold_off = block.policy()->options.hold_off;
  if (hold_off > Duration::zero())
    loaded.held_from = services.hold_off.revision_at(loaded.began - hold_off);
  return loaded;
}

EntryRef KeyLoad::run(std::string_view given_key, ErasedLoader loader) const {
  LoaderRun run(*this);
  try {
    LoadContext& context = run.prepare(given_key);
    const ScopesGuard reads(run.scopes());
    loader(context, [&](ErasedValue value) { run.finish(value); });
  } catch (...) {
    run.fail(std::current_exception());
    throw;
  }
  return run.result();
}

Reading PreviousEntry::of(const std::type_info& type) {
  look();
  if (!found_ || *entry_of(found_).type().type != type) return {};
  return {found_, Origin::l1, Staleness::fresh, looked_at_};
}

std::string_view PreviousEntry::validator() {
  look();
  return found_ ? entry_of(found_).request().validator : std::string_view();
}

// Under the lock of its shard: what was removed before is not found. What is removed later was so after the load's birth, and what the
// loader makes is not kept.
void PreviousEntry::look() {
  if (looked_ || !load_.is_shared || !load_.sees_previous || load_.plan.outdated) return;
  looked_at_ = load_.services.clock.now();
  EntryRef there = load_.block.store().find_previous(load_.key, looked_at_);
  looked_ = true;
  FRESHET_PAUSE("previous_found");
  if (there && may_be_renewed(entry_of(there))) found_ = std::move(there);
}

bool PreviousEntry::may_be_renewed(const Entry& entry) const {
  if (entry.made_of_others()) return false;
  const Carrier& carrier = entry.carrier();
  if (!same_versions(load_.plan.labels, carrier.labels())) return false;
  // By what policy and caller say of the key now, though the entry was stored without it.
  const auto& labels = load_.plan.labels;
  const bool removed = std::any_of(labels.begin(), labels.end(), [&](const LabelRef& label) {
    return !carrier.carries(label.get()) && label->judge(carrier.birth()) == Verdict::removed;
  });
  return !removed && load_.services.freshness.stands_from(carrier, entry.request().labels);
}

LoadContext& LoaderRun::prepare(std::string_view given_key) {
  const Scopes* const open = open_scopes();
  std::shared_ptr<CaptureState> around = open == nullptr ? nullptr : open->capture;
  capture_ = load_.is_shared
                 ? std::make_shared<CaptureState>(load_.captures, std::move(around))
                 : std::make_shared<CaptureState>(load_.captures, std::move(around), load_.key);
  load_.flight.made_by(capture_->link());
  return context_.emplace(given_key, capture_, &self_.cancelled(), &previous_);
}

Scopes LoaderRun::scopes() const { return scopes_of_load(capture_); }

void LoaderRun::finish(ErasedValue value) {
  loaded_.context = &*context_;
  if (context_->is_not_modified()) loaded_.renewed = previous_.entry();
  loaded_.load_time = elapsed();
  loaded_.captured = capture_->take();
  taken_ = true;
  result_ = load_.finish(loaded_, value);
}

void LoaderRun::fail(const std::exception_ptr& error) noexcept {
  if (result_) return;
  if (context_) loaded_.context = &*context_;
  load_.block.count_load(elapsed(), false);
  if (capture_ && !taken_) loaded_.captured = capture_->take();
  load_.note_failure(loaded_, error);
  // What it read in a transaction may be why it threw: those who wait start over.
  load_.services.flights.fail(load_.key, load_.flight, loaded_.captured.dirty ? nullptr : error);
}

// What is remembered is judged like a value that is kept: by what came between the load and now.
void KeyLoad::note_failure(const Loaded& loaded, const std::exception_ptr& error,
                           bool is_of_this_key) const noexcept {
  const BlockOptions& options = plan.policy->options;
  const bool serves_old = options.stale_if_error > Duration::zero();
  const Duration retry_after = serves_old ? options.retry_after_error : Duration::zero();
  if (!is_shared || std::max(retry_after, options.error_ttl) == Duration::zero()) return;
  if (plan.outdated || !error || is_mistake(error)) return;
  try {
    const Instant now = services.clock.now();
    std::vector<LabelRef> labels = services.flights.seal(key, flight);
    const std::size_t asked = labels.size();
    const Revision proven_since = add_labels(loaded, labels);
    const bool repeats = is_of_this_key && !loaded.captured.stale &&
                         proven_since <= flight.birth() &&
                         !is_held_off(services, block, key, labels, loaded.began, loaded.held_from);
    if (const Found old = block.store().find_on_error(key, now, options.stale_if_error))
      unite(labels, entry_of(old.entry).carrier().all_labels());
    block.failed_loads().note(std::make_shared<const FailedLoad>(
        FailedLoad{.space = plan.labels.front(),
                   .key = std::string(key.key),
                   .hash = key.hash,
                   .error = error,
                   .sequence = flight.sequence(),
                   .birth = flight.birth(),
                   .labels = std::move(labels),
                   .asked = asked,
                   .retry_at = later(now, retry_after),
                   .error_until = repeats ? later(now, options.error_ttl) : now}));
  } catch (
      ...) {  // NOLINT(bugprone-empty-catch): no memory to remember it: the next reader tries again
  }
}

bool stands(const FailedLoad& failure, const Freshness& freshness, const KeyRef& key) noexcept {
  return freshness.keys().sequence(key.hash) == failure.sequence &&
         freshness.judge_load(failure.birth, failure.labels, key.key) == Verdict::fresh;
}

bool is_held_back(const LoadServices& services, const PolicyBlock& block, const KeyRef& key,
                  Instant now) {
  const auto failure = block.failed_loads().find(key, now);
  return failure && now < failure->retry_at && stands(*failure, services.freshness, key);
}

EntryRef KeyLoad::finish(const Loaded& loaded, ErasedValue value) const {
  std::vector<LabelRef> labels = services.flights.seal(key, flight);
  const std::size_t declared = labels.size();
  const Revision proven_since = add_labels(loaded, labels);
  const auto is_overflow = [&](const LabelRef& label) {
    return services.freshness.is_overflow(label);
  };
  const auto& read = loaded.captured.labels;
  const bool inherits_overflow =
      std::any_of(read.begin(), read.end(), is_overflow) ||
      (loaded.renewed != nullptr && std::any_of(labels.begin(), labels.end(), is_overflow));
  const bool outlives = loaded.context != nullptr && loaded.context->outlives_captured();
  const EntryTerms terms{
      .birth = flight.birth(),
      .request = {.ttl = ttl, .labels = declared, .validator = validator_of(loaded)},
      .context = loaded.context,
      .load_time = load_time_of(loaded),
      .at_most = outlives ? kNever : loaded.captured.hard,
      .inherits_overflow = inherits_overflow,
      .has_no_value = is_absent(value)};
  MadeEntry made =
      block.make_entry(key, plan, std::move(labels), terms, services.clock.now(), value);
  if (terms.is_absent()) block.counters().add(Metric::negative_loads);
  if (loaded.renewed != nullptr) block.counters().add(Metric::loads_not_modified);
  entry_of(made.entry).set_made_of_stale(loaded.captured.stale);
  entry_of(made.entry).set_made_of_dirty(loaded.captured.dirty);
  entry_of(made.entry).set_made_of_others(!read.empty() || loaded.captured.hard != kNever);
  if (refreshed != nullptr && !carries_labels_of(entry_of(made.entry), *refreshed))
    entry_of(made.entry).declared.store(0, std::memory_order_relaxed);
  FRESHET_PAUSE("load_done_before_fill");
  if (is_stored(made.outcome)) made.outcome = keep(made, loaded, proven_since);
  block.failed_loads().forget(key);
  if (made.outcome == StoreOutcome::not_kept_absent) drop_old(made, loaded, proven_since);
  block.count(made.outcome);
  block.count_load(loaded.counts_time ? loaded.load_time : Duration{}, true);
  // Those who wait start over where the value may hold what is not committed.
  services.flights.complete(key, flight, loaded.captured.dirty ? EntryRef() : made.entry);
  block.tell(NoticeKind::loaded, *key.space, key.key);
  return made.entry;
}

Revision KeyLoad::add_labels(const Loaded& loaded, std::vector<LabelRef>& labels) const {
  Revision proven_since{};
  if (loaded.context != nullptr) {
    for (const std::string& tag : loaded.context->tags())
      block.add_label(LabelKind::tag, tag, labels);
    for (const std::string& resource : loaded.context->dependencies()) {
      proven_since = std::max(proven_since, services.dependencies.pin(block, plan.labels.front(),
                                                                      key.key, resource, labels));
    }
    for (const VersionPin& version : loaded.context->versions())
      unite(labels, {services.freshness.versions().pin(version.dependency, version.hash)});
  }
  // Whoever says that nothing has changed need not name again what it did when it made it.
  if (loaded.renewed != nullptr) unite(labels, loaded.renewed->carrier().all_labels());
  std::vector<LabelRef> read = loaded.captured.labels;
  std::erase_if(
      read, [&](const LabelRef& label) {  // an entry that depends on itself depends on nothing more
        return label->kind() == LabelKind::key && &label->space() == plan.labels.front().get() &&
               label->key() == key.key;
      });
  block.add_captured(read, labels);
  return proven_since;
}

// The origin has nothing any more, though nothing is kept of that: what was there before is not served further.
void KeyLoad::drop_old(const MadeEntry& made, const Loaded& loaded, Revision proven_since) const {
  if (is_stored(may_keep(made, loaded, proven_since)))
    block.store().supersede(made.entry, key, flight.sequence(), services.clock.now());
}

StoreOutcome KeyLoad::keep(const MadeEntry& made, const Loaded& loaded,
                           Revision proven_since) const {
  const StoreOutcome outcome = may_keep(made, loaded, proven_since);
  if (!is_stored(outcome)) return outcome;
  return block.store().fill(made.entry, key, flight.sequence(), made.entry->stored_at(), refreshed);
}

StoreOutcome KeyLoad::may_keep(const MadeEntry& made, const Loaded& loaded,
                               Revision proven_since) const {
  if (!fills) return StoreOutcome::skipped;
  if (loaded.captured.stale) return StoreOutcome::not_kept_stale;
  // A key that the loader named late, when its writes had left no trace yet: what was read of it may be old.
  if (proven_since > flight.birth()) return StoreOutcome::refused_invalidated;
  if (!block.has_current_labels(plan)) return StoreOutcome::refused_invalidated;
  const Carrier& carrier = entry_of(made.entry).carrier();
  if (is_held_off(services, block, key, carrier.labels(), loaded.began, loaded.held_from))
    return StoreOutcome::refused_hold_off;
  return StoreOutcome::stored;
}

}  // namespace freshet::detail
