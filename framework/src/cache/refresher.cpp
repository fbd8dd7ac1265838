#include "cache/refresher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace freshet::detail {
namespace {

LabelRef space_of(const Entry& entry) { return entry.carrier().labels().front(); }

// What policy and callers asked for when the entry was stored.
std::span<const LabelRef> declared_labels(const Entry& entry) {
  const std::span<const LabelRef> own = entry.carrier().labels();
  return own.first(std::min(own.size(), entry.request().labels));
}

// What the refreshed entry carries for sure: what was asked for, and what was added later. The loader's own labels are for
// it to name again; so is the policy version, which the loader has if it was bound by somebody who announces one.
void add_labels_of(const Entry& old, std::vector<LabelRef>& labels) {
  for (const LabelRef& label : declared_labels(old)) {
    if (!VersionTable::is_internal(*label)) unite(labels, {label});
  }
  for (const AttachedLabel* late = old.carrier().attached(); late != nullptr; late = late->next) {
    unite(labels, {late->label});
  }
}

bool was_asked_for_with_version(const Entry& entry) {
  const auto declared = declared_labels(entry);
  return std::any_of(declared.begin(), declared.end(), [](const LabelRef& label) {
    return label->kind() == LabelKind::version && !VersionTable::is_internal(*label);
  });
}

void give_back(PolicyBlock& block, bool refills) noexcept {
  if (refills) {
    block.refills().budget().done();
  } else {
    block.budget().done();
  }
}

// For a load that did not begin.
void undo(PolicyBlock& block, bool refills, Instant taken) noexcept {
  if (refills) {
    block.refills().budget().undo(taken);
  } else {
    block.budget().done();
  }
}

// What a call brings along for a load in the background: no loader where there is no memory for it.
struct Brought {
  std::shared_ptr<const BackgroundLoader> loader{};
  std::vector<LabelRef> named{};
};

Brought brought(KeepLoader keep, Refresher::Named named) noexcept {
  try {
    Brought brought{.loader = keep(), .named = {}};
    if (brought.loader) brought.named = named();
    return brought;
  } catch (...) {
    return {};
  }
}

}  // namespace

void Refresher::refresh(PolicyBlock& block, const EntryRef& ref, KeepLoader keep, Named named,
                        bool announces, bool expired) {
  Entry& entry = entry_of(ref);
  const bool versioned = was_asked_for_with_version(entry);
  FRESHET_PAUSE("stale_found_before_refresh");
  if (versioned && !announces) return;
  const bool refills = expired && block.refills().recomputes();
  if (refills && block.refills().is_hot_pending() && block.bound_loader(space_of(entry))) return;
  const Instant now = clock_.now();
  if (is_held_back(services_, block, entry.name(), now) || !claim_refresh(entry)) return;
  if (refills ? block.refills().budget().take(now) : block.budget().take(now)) {
    auto [loader, labels] = brought(keep, named);
    if (!loader && !versioned) loader = block.bound_loader(space_of(entry));
    const Purpose purpose = refills ? Purpose::recompute : Purpose::refresh;
    Ended ended = [&block, refills](bool loaded) {
      give_back(block, refills);
      if (refills && !loaded) block.refills().note_missed();
    };
    if (loader && start(block, ref, space_of(entry), std::string(entry.key()), std::move(loader),
                        std::move(labels), purpose, std::move(ended))) {
      return;
    }
    undo(block, refills, now);
  }
  release_refresh(entry);
}

bool Refresher::refresh_bound(PolicyBlock& block, const EntryRef& ref) {
  Entry& entry = entry_of(ref);
  Loader loader = block.bound_loader(space_of(entry));
  if (!loader || was_asked_for_with_version(entry)) return false;
  if (is_held_back(services_, block, entry.name(), clock_.now()) || !claim_refresh(entry))
    return false;
  if (block.budget().take(clock_.now())) {
    if (start_refresh(block, ref, space_of(entry), std::string(entry.key()), std::move(loader)))
      return true;
    block.budget().done();
  }
  release_refresh(entry);
  return false;
}

bool Refresher::load(PolicyBlock& block, const LabelRef& space, const std::string& key) {
  const KeyRef name(*space, key);
  if (Found found = block.store().peek(name, clock_.now()))
    return refresh_bound(block, found.entry);
  Loader loader = block.bound_loader(space);
  if (!loader || !block.budget().take(clock_.now())) return false;
  if (start_refresh(block, {}, space, key, std::move(loader))) return true;
  block.budget().done();
  return false;
}

Refresher::Refill Refresher::refill(PolicyBlock& block, const LabelRef& space,
                                    const std::string& key, Purpose purpose, Ended ended) {
  const Instant now = clock_.now();
  Found found = block.store().peek(KeyRef(*space, key), now);
  const bool wanted = found ? found.expired : purpose != Purpose::recompute;
  if (!wanted) return Refill::not_needed;
  Loader loader = block.bound_loader(space);
  if (!loader) return Refill::no_loader;
  if (found && was_asked_for_with_version(entry_of(found.entry))) return Refill::not_needed;
  if (purpose == Purpose::recompute &&
      is_held_back(services_, block, entry_of(found.entry).name(), now)) {
    block.refills().note_missed();
    return Refill::not_needed;
  }
  if (found && !claim_refresh(entry_of(found.entry))) return Refill::not_needed;
  if (block.refills().budget().take(now)) {
    if (start(block, found.entry, space, key, std::move(loader), {}, purpose, std::move(ended)))
      return Refill::started;
    block.refills().budget().undo(now);
  }
  if (found) release_refresh(entry_of(found.entry));
  return Refill::no_room;
}

void Refresher::refresh_due(PolicyBlock& block, Duration interval) {
  const Instant now = clock_.now();
  if (!block.store().refresh_due(now)) return;
  const HotReads hot = block.hot_keys().hottest(block.budget().limits().warm_keys);
  std::vector<RefreshCandidate> due = block.store().due_refreshes(now, hot);
  std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
    return std::tie(a.read_enough, a.reads) > std::tie(b.read_enough, b.reads);
  });
  for (const RefreshCandidate& candidate : due) {
    const bool bound = block.bound_loader(space_of(entry_of(candidate.entry))) != nullptr;
    if (bound && !refresh_bound(block, candidate.entry)) {
      block.store().postpone_refresh(candidate.entry, later(now, interval));
    }
  }
}

bool Refresher::start_refresh(PolicyBlock& block, EntryRef old, LabelRef space, std::string key,
                              Loader loader) {
  return start(block, std::move(old), std::move(space), std::move(key), std::move(loader), {},
               Purpose::refresh, [&block](bool) { block.budget().done(); });
}

bool Refresher::start(PolicyBlock& block, EntryRef old, LabelRef space, std::string key,
                      Loader loader, std::vector<LabelRef> named, Purpose purpose, Ended ended) {
  try {
    return work_.post([this, &block, old = std::move(old), space = std::move(space),
                       key = std::move(key), loader = std::move(loader), named = std::move(named),
                       purpose, ended = std::move(ended)] {
      ended(run(block, old, space, key, *loader, named, purpose));
    });
  } catch (const std::bad_alloc&) {  // for the task itself
    return false;
  }
}

void Refresher::report(std::string_view key, const LabelRef& space, const char* what) noexcept {
  try {
    logger_.log(LogLevel::warning, fmt::format("a refresh of \"{}\" in \"{}\" failed{}{}", key,
                                               space->text(), *what == '\0' ? "" : ": ", what));
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is no memory to say so
  }
}

void Refresher::count(PolicyBlock& block, Purpose purpose, bool loaded) noexcept {
  switch (purpose) {
    case Purpose::refresh:
      if (loaded) {
        block.count_refresh();
      } else {
        block.counters().add(Metric::refresh_failures);
      }
      return;
    case Purpose::recompute:
      block.counters().add(Metric::recomputes);
      if (!loaded) block.counters().add(Metric::recompute_failures);
      return;
    case Purpose::rewarm:
      block.counters().add(Metric::rewarms);
      if (!loaded) block.counters().add(Metric::rewarm_failures);
      return;
    case Purpose::warm:
      block.counters().add(Metric::warm_loads);
      if (!loaded) block.counters().add(Metric::warm_failures);
      return;
  }
}

bool Refresher::run(PolicyBlock& block, const EntryRef& old, const LabelRef& space,
                    const std::string& key, const BackgroundLoader& loader,
                    const std::vector<LabelRef>& named, Purpose purpose) {
  const KeyRef name(*space, key);
  bool loaded = false;
  bool led = true;  // until somebody else turns out to
  try {
    EntryPlan plan = block.plan(space, name.key, {});
    if (old) {
      add_labels_of(entry_of(old), plan.labels);
      plan.declared = entry_of(old).declared.load(std::memory_order_relaxed);
    }
    unite(plan.labels, named);
    const Freshness& freshness = services_.freshness;
    const CallStart start{freshness.keys().sequence(name.hash), freshness.revision()};
    const auto [role, flight] = services_.flights.board(name, start, plan.labels);
    led = role == SingleFlight::Role::lead;
    if (led) {
      const auto ttl = old ? entry_of(old).request().ttl : std::nullopt;
      KeyLoad{.services = services_,
              .block = block,
              .key = name,
              .plan = plan,
              .flight = *flight,
              .ttl = ttl,
              .refreshed = old ? &entry_of(old) : nullptr}
          .run(key, [&](LoadContext& context, ValueSink sink) { loader(key, context, sink); });
      block.tell(NoticeKind::refreshed, *space, key);
    }
    loaded = true;
  } catch (const std::exception& error) {
    report(key, space, error.what());
  } catch (...) {
    report(key, space, "");
  }
  const Found there = block.store().peek(name, clock_.now());
  // While it stands, the next reader may try again. Once it was replaced, who still holds it must not have it loaded again.
  if (old && there.entry.get() == old.get()) release_refresh(entry_of(old));
  // Whoever loaded it, a walk is to look for what is expired still: one that came by meanwhile has left it to this load.
  if (there && there.expired && block.refills().recomputes()) block.refills().note_missed();
  if (loaded && led && purpose == Purpose::recompute) loaded = !there || !there.expired;
  if (led) count(block, purpose, loaded);
  return loaded;
}

}  // namespace freshet::detail
