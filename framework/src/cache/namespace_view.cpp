#include "cache/namespace_view.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "cache/bulk_load.hpp"
#include "cache/context_state.hpp"
#include "cache/key_read.hpp"
#include "cache/names.hpp"
#include "cache/transaction_state.hpp"
#include "freshet/errors.hpp"
#include "freshet/handle.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {
namespace {

const auto kNoLoader = []() -> std::shared_ptr<const BackgroundLoader> { return nullptr; };

// The request context of this thread, or null.
const ContextState* open_context() noexcept {
  const Scopes* const open = open_scopes();
  return open == nullptr ? nullptr : open->context.get();
}

bool may_read(const Scopes* open) noexcept { return open == nullptr || !bypasses_reads(*open); }

// The order in which tags are named says nothing.
std::uint64_t declared_hash(const EntryOptions& options) {
  std::uint64_t sum = 0;
  for (const std::string& tag : options.tags) sum += LabelName(LabelKind::tag, tag).hash;
  for (const std::string& resource : options.depends_on)
    sum += LabelName(LabelKind::resource, resource).hash;
  return sum;
}

}  // namespace

bool carries_versions(const Entry& entry, const EntryPlan& plan) {
  return std::all_of(plan.labels.begin(), plan.labels.end(), [&](const LabelRef& label) {
    return label->kind() != LabelKind::version || entry.carrier().carries(label.get());
  });
}

NamespaceView::NamespaceView(std::shared_ptr<Engine> engine, PolicyBlock& block, LabelRef space,
                             std::string scope, std::string policy_version)
    : engine_(std::move(engine)),
      block_(block),
      space_(std::move(space)),
      scope_(std::move(scope)),
      policy_version_(std::move(policy_version)) {}

const std::string& NamespaceView::name() const noexcept { return space_->text(); }

KeepLoader NamespaceView::no_loader() noexcept { return kNoLoader; }

FullKey NamespaceView::full(std::string_view key) const { return FullKey(scope_, key, *space_); }

CallStart NamespaceView::note_start(const KeyRef& key) const noexcept {
  return {engine_->freshness().keys().sequence(key.hash), engine_->freshness().revision()};
}

Reading NamespaceView::loaded(EntryRef entry) noexcept {
  const Instant stored_at = entry->stored_at();
  const bool absent = entry_of(entry).is_absent();
  return {std::move(entry), Origin::loaded, Staleness::fresh, stored_at, absent};
}

void NamespaceView::check(const EntryOptions& options) {
  for (const std::string& tag : options.tags) check_tag(tag);
  for (const std::string& resource : options.depends_on) check_resource(resource);
  for (const VersionPin& version : options.versions)
    check_version(version.dependency, version.hash);
}

EntryPlan NamespaceView::plan(const KeyRef& key, const EntryOptions& options) {
  return plan(key, options, open_context());
}

void NamespaceView::add_resource(const KeyRef& key, const std::string& resource, EntryPlan& plan) {
  plan.proven_since =
      std::max(plan.proven_since,
               engine_->dependencies().pin(block_, space_, key.key, resource, plan.labels));
}

EntryPlan NamespaceView::plan(const KeyRef& key, const EntryOptions& options,
                              const ContextState* context) {
  EntryPlan plan = block_.plan(space_, key.key, options.tags);
  plan.declared = declared_hash(options);
  VersionTable& versions = engine_->freshness().versions();
  const auto add_version = [&](const VersionPin& version) {
    plan.versioned = true;
    unite(plan.labels, {versions.pin(version.dependency, version.hash)});
  };
  for (const std::string& resource : options.depends_on) add_resource(key, resource, plan);
  for (const VersionPin& version : options.versions) add_version(version);
  if (context != nullptr) {
    const ContextLabels& more = context->labels();
    for (const std::string& tag : more.tags) block_.add_label(LabelKind::tag, tag, plan.labels);
    for (const std::string& resource : more.depends_on) add_resource(key, resource, plan);
    for (const VersionPin& version : more.versions) add_version(version);
  }
  if (!policy_version_.empty()) {
    plan.versioned = plan.versioned || is_outdated();
    if (is_outdated())
      unite(plan.labels, {versions.pin(policy_dependency(name()), policy_version_)});
  }
  plan.outdated = engine_->freshness().announces_old_version(plan.labels);
  return plan;
}

bool NamespaceView::announces(const EntryOptions& options, const Scopes* open) const noexcept {
  if (!options.versions.empty() || !policy_version_.empty()) return true;
  const ContextState* const context = open == nullptr ? nullptr : open->context.get();
  return context != nullptr && !context->labels().versions.empty();
}

bool NamespaceView::is_outdated() const {
  return !policy_version_.empty() &&
         engine_->freshness().versions().announces(policy_dependency(name()), policy_version_) ==
             Announced::other;
}

void NamespaceView::capture(const Scopes* open, const KeyRef& key) {
  if (open == nullptr || !open->capture) return;
  if (open->capture->notes_labels())
    open->capture->note_key(engine_->freshness().pin_key(space_, key.key));
  if (in_transaction(*open)) open->capture->note_dirty();
  FRESHET_PAUSE("key_captured_before_read");
}

Reading NamespaceView::captured(const std::shared_ptr<CaptureState>& capture, Reading reading) {
  if (capture) capture->note(reading);
  return reading;
}

Reading NamespaceView::captured(const Scopes* open, Reading reading) {
  return open == nullptr ? reading : captured(open->capture, std::move(reading));
}

Reading NamespaceView::absent(EntryRef entry, IfAbsent if_absent, Instant now) noexcept {
  if (if_absent == IfAbsent::load) return {};
  block_.counters().add(Metric::negative_hits);
  return {std::move(entry), Origin::l1, Staleness::fresh, now, true};
}

Reading NamespaceView::look_up(const KeyRef& key, KeepLoader keep, IfAbsent if_absent,
                               const EntryPlan* plan, const EntryOptions& options) {
  if (plan != nullptr && plan->outdated) return {};
  const Instant now = engine_->clock().coarse_now();
  Found found = block_.store().find(key, now);
  if (!found) return {};
  const Entry& entry = entry_of(found.entry);
  if (plan != nullptr && plan->versioned && !carries_versions(entry, *plan)) return {};
  Staleness staleness = Staleness::fresh;
  bool refresh = found.refresh_due;
  if (found.expired || entry.soft() <= now) {
    if (entry.is_absent()) return absent(std::move(found.entry), if_absent, now);
    const ReadDecision decision = block_.on_soft_expired(entry, now, found.expired);
    if (decision == ReadDecision::miss) return {};
    refresh = refresh || decision == ReadDecision::serve_and_refresh;
    staleness = found.expired ? Staleness::expired : Staleness::soft_deadline;
    block_.counters().add(Metric::stale_serves);
    block_.tell(NoticeKind::served_stale, *space_, entry.key());
  }
  const bool announces = plan != nullptr && plan->versioned;
  // A loader that makes values for one policy version must not run when another one is current.
  const KeepLoader own = policy_version_.empty() ? keep : KeepLoader(kNoLoader);
  // Outside of the request context, like what the entry was stored with.
  const auto named = [&] { return this->plan(key, options, nullptr).labels; };
  if (refresh)
    engine_->refresher().refresh(block_, found.entry, own, named, announces, found.expired);
  return {std::move(found.entry), Origin::l1, staleness, now};
}

inline Visited NamespaceView::share(const KeyRef& key, std::size_t thread, Reading& into) {
  const Instant now = engine_->clock().coarse_now();
  const Visited visited = block_.store().share(key, now, thread, into.entry);
  if (visited == Visited::yes) {
    into.origin = Origin::l1;
    into.read_at = now;
  }
  return visited;
}

Reading NamespaceView::get(std::string_view key, const Skip& skip) {
  return get(full(key).ref(), skip);
}

Reading NamespaceView::get(const KeyRef& key, const Skip& skip) {
  const Scopes* const open = open_scopes();
  if (open == nullptr && policy_version_.empty() && !skip.read_l1) {
    const std::size_t thread = rt::thread_number();
    Reading found;
    if (const Visited visited = share(key, thread, found); visited != Visited::unknown) {
      block_.count_read(key, visited == Visited::yes, thread);
      return found;
    }
  }
  capture(open, key);
  Reading found;
  if (!skip.read_l1 && may_read(open) && !is_outdated())
    found = look_up(key, kNoLoader, IfAbsent::answer);
  block_.count_read(key, static_cast<bool>(found.entry));
  return captured(open, std::move(found));
}

// Memory is asked for what several keys need before any of them is looked up, so that their misses overlap.
void NamespaceView::get_many(std::span<const std::string> keys, std::span<Reading> answers) {
  constexpr std::size_t kAtOnce = 16;
  Store& store = block_.store();
  while (!keys.empty()) {
    const std::size_t count = std::min(keys.size(), kAtOnce);
    std::array<std::optional<FullKey>, kAtOnce> names;
    for (std::size_t i = 0; i < count; ++i)
      store.prefetch_place(names[i].emplace(scope_, keys[i], *space_).ref());
    for (std::size_t i = 0; i < count; ++i) store.prefetch_entry(names[i]->ref());
    for (std::size_t i = 0; i < count; ++i) answers[i] = get(names[i]->ref(), {});
    keys = keys.subspan(count);
    answers = answers.subspan(count);
  }
}

bool NamespaceView::visit(std::string_view key, FunctionRef<void(const void*)> visitor) {
  if (!scope_.empty()) return visit(full(key).ref(), visitor);
  check_key(key);
  return visit(KeyRef(*space_, key, key_hash(*space_, key)), visitor);
}

inline bool NamespaceView::visit(const KeyRef& key, FunctionRef<void(const void*)> visitor) {
  if (open_scopes() == nullptr && policy_version_.empty()) {
    const std::size_t thread = rt::thread_number();
    const Visited visited =
        block_.store().visit(key, engine_->clock().coarse_now(), thread, visitor);
    if (visited != Visited::unknown) {
      block_.count_read(key, visited == Visited::yes, thread);
      return visited == Visited::yes;
    }
  }
  return visit_held(key, visitor);
}

bool NamespaceView::visit_held(const KeyRef& key, FunctionRef<void(const void*)> visitor) {
  const Reading found = get(key, {});
  const bool has_value = found.entry && !found.absent;
  if (has_value) visitor(found.entry->value());
  return has_value;
}

bool NamespaceView::contains(std::string_view key) {
  const FullKey name = full(key);
  const Scopes* const open = open_scopes();
  capture(open, name.ref());
  if (is_outdated() || !may_read(open)) return false;
  const Instant now = engine_->clock().coarse_now();
  if (open == nullptr) return block_.store().contains(name.ref(), now);
  Found found = block_.store().peek(name.ref(), now);
  if (!found) return false;
  // What makes the entry go makes the answer another one.
  const bool is_absent = entry_of(found.entry).is_absent();
  const bool past_soft = found.entry->soft() <= now && !is_absent;
  const Staleness staleness = found.expired ? Staleness::expired
                              : past_soft   ? Staleness::soft_deadline
                                            : Staleness::fresh;
  captured(open, {std::move(found.entry), Origin::l1, staleness, now});
  return !is_absent;
}

Reading NamespaceView::get_or_load(std::string_view key, ErasedLoader loader, KeepLoader keep,
                                   const EntryOptions& options, IfAbsent if_absent) {
  check(options);
  const FullKey name = full(key);
  const LoadCall call{name, keep, options, if_absent};
  const Scopes* const open = open_scopes();
  Reading answer;
  if (open == nullptr && !options.skip.read_l1 && !announces(options, open)) {
    const std::size_t thread = rt::thread_number();
    if (share(name.ref(), thread, answer) == Visited::yes) {
      block_.count_read(name.ref(), true, thread);
      follow_drift(name.ref(), answer.entry, options);
      return answer;
    }
  }
  if (open == nullptr) {
    answer = read_or_load(open, call, loader);
  } else {
    capture(open, name.ref());
    const auto reads_for = open->capture;  // the loader may end what is open
    answer = captured(reads_for, read_or_load(open, call, loader));
  }
  return answer;
}

// What the caller has open makes its loads its own where `looked` is apart: such a hit may start a refresh, but not with this
// call's loader, which may read through the transaction.
bool NamespaceView::look_first(const Scopes* open, const LoadCall& call, FirstLook& looked,
                               Reading& hit) {
  const KeyRef& key = call.name.ref();
  const EntryOptions& options = call.options;
  looked.start = note_start(key);  // before the look
  looked.apart = open != nullptr && loads_apart(*open);
  looked.reads = !options.skip.read_l1 && !(looked.apart && bypasses_reads(*open));
  looked.announces = looked.apart || announces(options, open);
  if (looked.announces) looked.plan = plan(key, options);
  if (looked.reads) {
    hit = look_up(key, looked.apart ? no_loader() : call.keep, call.if_absent,
                  looked.announces ? &looked.plan : nullptr, options);
  }
  block_.count_read(key, static_cast<bool>(hit.entry));
  if (hit.entry) {
    follow_drift(key, hit.entry, options);
    return true;
  }
  if (!looked.announces) looked.plan = plan(key, options);
  return false;
}

Reading NamespaceView::read_or_load(const Scopes* open, const LoadCall& call, ErasedLoader loader) {
  FirstLook looked;
  Reading answer;
  if (!look_first(open, call, looked, answer)) {
    answer =
        KeyRead(*this, call, std::move(looked), open, SingleFlight::Leader::thread).run(loader);
  }
  return answer;
}

void NamespaceView::follow_drift(const KeyRef& key, const EntryRef& ref,
                                 const EntryOptions& options) {
  if (options.tags.empty() && options.depends_on.empty()) return;
  Entry& entry = entry_of(ref);
  const std::uint64_t declared = declared_hash(options);
  // acquire, and release below: whoever finds its labels named already finds them carried.
  if (entry.declared.load(std::memory_order_acquire) == declared) return;
  block_.counters().add(Metric::label_drifts);
  add_missing(key, ref, this->plan(key, options, nullptr));  // it was made outside of the context
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

Reading NamespaceView::take(const KeyRef& key, SingleFlight::Flight& flight, const CallStart& start,
                            IfAbsent if_absent) {
  EntryRef result = engine_->flights().result(key, flight);
  if (!result || !engine_->flights().usable(key, result, start)) return {};
  if (entry_of(result).is_absent() && if_absent == IfAbsent::load) return {};
  return count_shared(loaded(std::move(result)));
}

Reading NamespaceView::count_shared(Reading reading) noexcept {
  block_.counters().add(Metric::shared_loads);
  return reading;
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

void NamespaceView::cacheable_if(std::shared_ptr<const CacheablePredicate> predicate) {
  block_.bind_predicate(space_, std::move(predicate));
}

void NamespaceView::get_or_load_many(std::span<const std::string_view> keys,
                                     ErasedBulkLoader loader, const EntryOptions& options,
                                     std::span<Reading> answers) {
  check(options);
  const auto reads_for = copy_open_scopes().capture;
  BulkLoad(*this, keys, options, answers).run(loader);
  for (Reading& answer : answers) answer = captured(reads_for, std::move(answer));
}

Connection NamespaceView::on_removal(RemovalListener listener) {
  return engine_->removals().listen(space_, scope_, std::move(listener));
}

std::shared_ptr<NamespaceCache> NamespaceView::at_version(std::string_view version) {
  check_version(name(), version);
  return std::make_shared<NamespaceView>(engine_, block_, space_, scope_, std::string(version));
}

std::shared_ptr<NamespaceCache> NamespaceView::scoped(std::string_view scope) {
  check_scope(scope);
  return std::make_shared<NamespaceView>(
      engine_, block_, space_, scope_ + std::string(scope) + kKeySeparator, policy_version_);
}

}  // namespace freshet::detail
