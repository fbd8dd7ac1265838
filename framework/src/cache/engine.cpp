#include "cache/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "cache/entry_survey.hpp"
#include "cache/full_key.hpp"
#include "cache/invalidation_call.hpp"
#include "cache/names.hpp"
#include "cache/namespace_view.hpp"
#include "cache/rewarm_around.hpp"
#include "freshet/errors.hpp"

namespace freshet::detail {
namespace {

Components with_defaults(Components components) {
  if (!components.clock) components.clock = make_system_clock();
  if (!components.executor) components.executor = make_thread_pool_executor(1);
  if (!components.random) components.random = make_random_source();
  if (!components.logger) components.logger = make_stderr_logger();
  return components;
}

std::vector<std::unique_ptr<PolicyBlock>> make_blocks(const config::PolicyModel& policy,
                                                      Freshness& freshness, SignalBus& bus,
                                                      RemovalListeners& removals,
                                                      const RaiseTimes& times) {
  std::vector<std::unique_ptr<PolicyBlock>> blocks;
  for (const config::BlockModel& block : policy.blocks) {
    blocks.push_back(std::make_unique<PolicyBlock>(block, blocks.size(), freshness, bus, removals,
                                                   policy.observation.analytics, times));
  }
  return blocks;
}

SignalBusOptions bus_options(const Components& components, BlockCounters& counters) {
  const auto count = [&counters](SignalFault fault) {
    switch (fault) {
      case SignalFault::handler_failed:
        return counters.add(Metric::handler_failures);
      case SignalFault::handler_slow:
        return counters.add(Metric::handlers_slow);
      case SignalFault::delivery_dropped:
        return counters.add(Metric::events_dropped);
    }
  };
  SignalBusOptions options{
      .clock = components.clock, .executor = components.executor, .logger = components.logger};
  options.on_fault = count;
  return options;
}

bool matches(const ErasedPredicate& predicate, const Entry& entry) {
  std::vector<std::string> tags;
  const auto add = [&](const Label& label) {
    if (label.kind() == LabelKind::tag) tags.push_back(label.text());
  };
  const Carrier& carrier = entry.carrier();
  for (const LabelRef& label : carrier.labels()) add(*label);
  for (const AttachedLabel* late = carrier.attached(); late != nullptr; late = late->next)
    add(*late->label);
  return predicate({carrier.name_space()->text(), entry.key(), tags, entry.stored_at()},
                   entry.is_absent() ? nullptr : entry.value());
}

std::vector<std::string> names_of(const config::PolicyModel& policy) {
  std::vector<std::string> names;
  for (const config::BlockModel& block : policy.blocks) names.push_back(block.name);
  return names;
}

}  // namespace

bool serves_on_error(const config::PolicyModel& policy) {
  return std::any_of(policy.blocks.begin(), policy.blocks.end(), [](const auto& block) {
    return block.options.stale_if_error > Duration::zero();
  });
}

Engine::Engine(config::PolicyModel policy, Components components)
    : components_(with_defaults(std::move(components))),
      bus_(bus_options(components_, totals_)),
      removals_({components_.clock, components_.executor, components_.logger}, totals_),
      blocks_(make_blocks(policy, freshness_, bus_, removals_, raise_times_)),
      resolver_(names_of(policy)),
      rates_(blocks_.size(), policy.observation.warnings),
      dependencies_(freshness_, resolver_, blocks_, *components_.clock),
      hold_off_(longest_hold_off(policy)),
      loads_{*components_.clock, freshness_, flights_, dependencies_, hold_off_, under_way_},
      work_(components_.executor),
      refresher_(loads_, *components_.logger, work_),
      refiller_(loads_, blocks_, refresher_),
      events_(std::make_shared<rules::RuleEngine>(policy.rules),
              {components_.clock, components_.executor, components_.logger}, bus_, totals_,
              event_host()),
      schedules_(*components_.clock, [this](const Event& event) { events_.emit(event); }),
      running_(std::move(policy)),
      load_runner_(components_.load_executor),
      sweeper_(components_.executor, kSweepInterval, [this] { tick(); }) {
  if (serves_on_error(running_)) raise_times_.begin({});
  for (const auto& block : blocks_)
    block->install(prepare(*block, running_.blocks[block->position()]), false);
  schedules_.set(running_.rules.schedules);
  start_warming(running_.warm);
}

// What goes without an orderly end, as a replay of a service's policy does, leaves that service's file alone.
Engine::~Engine() {
  {
    rt::Lock lock(reload_mutex_);
    running_.warm = {};
  }
  close();
}

std::shared_ptr<NamespaceCache> Engine::open(std::string_view name_space, const ValueType& type) {
  PolicyBlock& block = block_of(name_space);
  block.bind_type(type);
  return std::make_shared<NamespaceView>(shared_from_this(), block,
                                         freshness_.pin(LabelKind::name_space, name_space),
                                         std::string(), std::string());
}

PolicyBlock& Engine::block_of(std::string_view name_space) {
  check_namespace(name_space);
  if (const auto index = resolver_.find(name_space)) return *blocks_[*index];
  throw UnknownNamespace(fmt::format("no block serves the namespace \"{}\"; there are: {}",
                                     name_space, fmt::join(namespaces(), ", ")));
}

Invalidated Engine::invalidate(const Target& target, const InvalidateOptions& options) {
  check(target);
  return invalidate_many({&target, 1}, options).total;
}

InvalidatedMany Engine::invalidate_many(std::span<const Target> targets,
                                        const InvalidateOptions& options) {
  InvalidatedMany answer;
  if (options.skip.write_l1) {
    answer.targets.resize(targets.size());
    answer.total.revision = freshness_.revision();
    return answer;
  }
  check(options.rewarm);
  if (!options.dry_run) {
    if (auto collected = collect(targets, options)) return *std::move(collected);
  }
  return invalidate_now(targets, options);
}

InvalidatedMany Engine::invalidate_now(std::span<const Target> targets,
                                       const InvalidateOptions& options,
                                       std::span<const std::string> causes) {
  FRESHET_PAUSE("invalidation_begins");
  RewarmAround rewarm(*this, options.rewarm, options.dry_run);
  InvalidatedMany answer = InvalidationCall(*this, targets).run(options);
  rewarm.carry_out();
  if (options.dry_run || !bus_.listened(NoticeKind::invalidated)) return answer;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (!answer.targets[i].error.empty()) continue;
    tell(targets[i], answer.targets[i].count, i < causes.size() ? causes[i] : options.cause);
  }
  return answer;
}

EventDispatch::Host Engine::event_host() {
  return {
      .invalidate =
          [this](std::span<const Target> targets, const InvalidateOptions& options) {
            return invalidate_many(targets, options);
          },
      .check = [this](const Target& target) { check(target); },
      .refresh = [this](
                     std::string_view key,
                     std::string_view name_space) { return refresh_or_collect(key, name_space); },
      .ask_strategies =
          [this](const Event& event, InvalidationPlan& plan) {
            for (const auto& block : blocks_)
              block->policy()->strategies.whole->on_event(event, plan);
          },
      .is_collected = [this] { return TransactionState::of(*this) != nullptr; },
  };
}

void Engine::check(const Target& target) {
  const std::string hash = target.more.empty() ? std::string() : target.more.front();
  switch (target.kind) {
    case Target::Kind::key:
      check_key(target.name);
      return void(block_of(target.space));
    case Target::Kind::tag:
      check_tag(target.name);
      if (!target.space.empty()) block_of(target.space);
      return;
    case Target::Kind::name_space:
      return void(block_of(target.space));
    case Target::Kind::all:
      return;
    case Target::Kind::all_of:
      check_all_of(target.more);
      if (!target.space.empty()) block_of(target.space);
      return;
    case Target::Kind::dependents:
      check_resource(target.name);
      if (!target.space.empty()) block_of(target.space);
      return;
    case Target::Kind::prefix:
      check_prefix(target.name, block_of(target.space).policy()->options.separator.front());
      return;
    case Target::Kind::matching:
      check_glob(target.name);
      return void(block_of(target.space));
    case Target::Kind::version:
      return check_version(target.name, hash);
    case Target::Kind::policy_version:
      check_version(target.space, hash);
      return void(block_of(target.space));
  }
}

Invalidated Engine::invalidate_if(std::string_view name_space, const EntryPredicate& predicate,
                                  const InvalidateOptions& options) {
  PolicyBlock& block = block_of(name_space);
  return invalidate_if(
      block, freshness_.pin(LabelKind::name_space, name_space),
      [predicate](const EntryDescription& entry, const void*) { return predicate(entry); },
      options);
}

// With those who depend on the keys of what matches.
void Engine::count_matching(const std::vector<EntryRef>& matching, std::size_t list,
                            Invalidated& result) {
  std::unordered_set<const Entry*> direct;
  std::vector<LabelRef> keys;
  bool overflows = false;
  for (const EntryRef& ref : matching) {
    const Entry& entry = entry_of(ref);
    direct.insert(&entry);
    const Label& space = *entry.carrier().name_space();
    if (LabelRef key = freshness_.find_key(space, entry.key())) keys.push_back(std::move(key));
    // Raising it takes what left labels out along, for one of those may have been this key.
    overflows = overflows || freshness_.raises_keys_of(space);
  }
  if (overflows) keys.push_back(freshness_.overflow());
  const auto hit = freshness_.dependents_of(keys);
  const Instant now = components_.clock->now();
  for (const auto& block : blocks_) {
    block->store().for_each_fresh(now, [&](const Entry& entry) {
      const bool matches = direct.count(&entry) != 0;
      if (!matches && !entry.carrier().carries_any(hit)) return;
      ++result.count;
      if (result.entries.size() >= list) return;
      result.entries.push_back({entry.carrier().name_space()->text(), std::string(entry.key()),
                                matches ? "predicate" : "depends on what the predicate hits"});
    });
  }
}

Invalidated Engine::invalidate_if(PolicyBlock& block, const LabelRef& space,
                                  const ErasedPredicate& predicate,
                                  const InvalidateOptions& options) {
  if (options.skip.write_l1) return {.revision = freshness_.revision()};
  check(options.rewarm);
  if (!options.dry_run) {
    Collected work;
    work.predicates.push_back(
        {&block, space, std::make_shared<const ErasedPredicate>(predicate), options});
    work.predicates.back().options.rewarm = {};
    work.rewarm = by_name(options.rewarm);
    if (collect(std::move(work))) return {.revision = freshness_.revision(), .collected = true};
  }
  return invalidate_now(block, space, predicate, options);
}

// Loads under way are not kept, whatever they make: the predicate is not asked about them (docs/decisions/0007).
Invalidated Engine::invalidate_now(PolicyBlock& block, const LabelRef& space,
                                   const ErasedPredicate& predicate,
                                   const InvalidateOptions& options) {
  RewarmAround rewarm(*this, options.rewarm, options.dry_run);
  Invalidated result{.revision = freshness_.revision()};
  const Instant now = components_.clock->now();
  if (!options.dry_run)
    result.revision = freshness_.raise(RaiseSet{.load_floors = {space}}, options.mode);
  FRESHET_PAUSE("predicate_raised");
  std::vector<EntryRef> matching = block.store().collect(space.get(), now);
  std::erase_if(matching, [&](const EntryRef& ref) { return !matches(predicate, entry_of(ref)); });
  count_matching(matching, options.list, result);
  if (!options.dry_run) {
    for (const EntryRef& ref : matching) block.store().invalidate(ref, options.mode, now);
  }
  if (options.dry_run) return result;
  block.counters().add(Metric::invalidations_predicate);
  block.counters().add(Metric::invalidated_by_predicate, result.count);
  rates_.note_invalidation(now, block.position());
  note_raises();
  rewarm.carry_out();
  if (bus_.listened(NoticeKind::invalidated)) {
    bus_.publish({.kind = NoticeKind::invalidated,
                  .name_space = space->text(),
                  .cause = options.cause,
                  .count = result.count,
                  .target = "a predicate in " + space->text()});
  }
  return result;
}

// Noexcept: what is left to be invalidated does not depend on whoever listens.
void Engine::tell(const Target& target, std::uint64_t count, const std::string& cause) noexcept {
  const bool key = target.kind == Target::Kind::key;
  const bool tag = target.kind == Target::Kind::tag;
  try {
    bus_.publish({.kind = NoticeKind::invalidated,
                  .name_space = target.space,
                  .key = key ? target.name : std::string(),
                  .tag = tag ? target.name : std::string(),
                  .cause = cause,
                  .count = count,
                  .target = describe(target)});
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is no memory for the notice
  }
}

bool Engine::tag(std::string_view key, std::string_view name_space,
                 std::span<const std::string> tags) {
  for (const std::string& tag : tags) check_tag(tag);
  PolicyBlock& block = block_of(name_space);
  const LabelRef space = freshness_.pin(LabelKind::name_space, name_space);
  const FullKey name({}, key, *space);
  std::vector<LabelRef> labels;
  labels.reserve(tags.size());
  for (const std::string& tag : tags) block.add_label(LabelKind::tag, tag, labels);
  return block.store().attach(name.ref(), labels, components_.clock->now(),
                              block.policy()->options.labels.per_entry);
}

bool Engine::add_dependency(std::string_view key, std::string_view name_space,
                            std::string_view resource) {
  check_resource(resource);
  PolicyBlock& block = block_of(name_space);
  const LabelRef space = freshness_.pin(LabelKind::name_space, name_space);
  const FullKey name({}, key, *space);
  std::vector<LabelRef> labels;
  dependencies_.pin(block, space, key, resource, labels);
  return block.store().attach(name.ref(), labels, components_.clock->now(),
                              block.policy()->options.labels.per_entry);
}

Exactness Engine::settle_for_count(bool may_look) {
  if (may_look) {
    settle_blocks();
    return Exactness::exact;
  }
  return all_settled(components_.clock->now()) ? Exactness::exact : Exactness::at_most;
}

std::size_t Engine::settle_blocks() {
  const Instant now = components_.clock->now();
  std::size_t freed = 0;
  for (const auto& block : blocks_) {
    if (block->store().settled(now)) continue;
    look_budget_.spend(block->store().holdings().entries);
    freed += block->store().sweep(now, SIZE_MAX);
  }
  return freed;
}

Statistics Engine::stats() {
  look_at_rates();
  for (const auto& block : blocks_) block->store().reclaim();  // what has left holds labels
  Statistics statistics;
  totals_.add_to(statistics.total);
  for (const auto& block : blocks_) {
    statistics.namespaces.push_back(block->statistics());
    for (const MetricInfo& metric : metric_table()) {
      statistics.total.*metric.value += statistics.namespaces.back().*metric.value;
    }
    add_strategies(statistics.namespaces.back(), statistics.total);
  }
  statistics.total.tags = freshness_.live_labels(LabelKind::tag);
  statistics.total.resources = freshness_.live_labels(LabelKind::resource);
  statistics.total.bans = freshness_.bans().size();
  statistics.total.bans_widened = freshness_.bans_widened();
  statistics.total.versions_forgotten = freshness_.versions().forgotten();
  statistics.total.walks_stopped = freshness_.graph().walks_stopped();
  rates_.fill(components_.clock->now(), freshness_.label_spread(LabelKind::tag, kTagsLookedAt),
              statistics);
  return statistics;
}

void Engine::look_at_rates() {
  const Instant now = components_.clock->now();
  for (const auto& block : blocks_) {
    NamespaceStatistics counted;
    block->counters().add_to(counted);
    rates_.look(now, block->position(), counted);
  }
}

EntryReport Engine::inspect(const InspectOptions& options) {
  EntryReport report;
  for (const auto& block : blocks_) {
    report.namespaces.push_back(
        survey_entries(block->name(), block->store(), options, components_.clock->now()));
  }
  return report;
}

EntryReport Engine::inspect(std::string_view name_space, const InspectOptions& options) {
  PolicyBlock& block = block_of(name_space);
  return {{survey_entries(block.name(), block.store(), options, components_.clock->now())}};
}

std::vector<std::string> Engine::namespaces() const {
  std::vector<std::string> names;
  names.reserve(blocks_.size());
  for (const auto& block : blocks_) names.push_back(block->name());
  return names;
}

std::size_t Engine::sweep(std::size_t max_entries) {
  const Instant now = components_.clock->now();
  std::size_t freed = 0;
  for (const auto& block : blocks_) freed += block->store().sweep(now, max_entries);
  for (const auto& block : blocks_) {
    block->failed_loads().drop_if([&](const FailedLoad& failure) {
      const KeyRef key(*failure.space, failure.key, failure.hash);
      return failure.forgotten_at() <= now || !stands(failure, freshness_, key);
    });
  }
  retire_bans();
  freshness_.tidy();
  return freed;
}

void Engine::settle() { sweep(SIZE_MAX); }

void Engine::sweep_a_slice() {
  const Instant began = components_.clock->now();
  std::size_t looked_at = 0;
  for (const auto& block : blocks_) {
    do {
      block->store().sweep(began, kSweepChunk);
      looked_at += kSweepChunk;
      if (looked_at >= kSweepMost || components_.clock->now() - began > kSweepSlice) return;
    } while (!block->store().settled(began));
  }
}

// A ban is through once every entry was looked at since, and no load is under way that began before it. Its namespace's
// entries are not the only ones: whoever depends on their keys is judged by it too.
void Engine::retire_bans() {
  if (freshness_.bans().size() == 0) return;
  Revision through = flights_.oldest_birth();
  for (const auto& block : blocks_) through = std::min(through, block->store().swept());
  freshness_.retire_bans([&](const Label*, Revision at) { return at <= through; });
}

void Engine::tick() {
  // Raises that no call notes: of what depends on a key that was stored again with other dependencies.
  note_raises();
  sweep_a_slice();
  retire_bans();
  freshness_.tidy_if_grown();
  look_at_rates();
  for (const auto& block : blocks_) {
    refresher_.refresh_due(*block, kSweepInterval);
    block->failed_loads().sweep(components_.clock->now());
  }
  refiller_.tick();
  schedules_.look();
}

bool Engine::refresh(std::string_view key, std::string_view name_space) {
  PolicyBlock& block = block_of(name_space);
  const LabelRef space = freshness_.pin(LabelKind::name_space, name_space);
  check_key(key);
  return refresher_.load(block, space, std::string(key));
}

}  // namespace freshet::detail
