#include "cache/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "cache/entry_survey.hpp"
#include "cache/full_key.hpp"
#include "cache/many_targets.hpp"
#include "cache/names.hpp"
#include "cache/namespace_view.hpp"
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
                                                      Freshness& freshness,
                                                      const StrategyCollaborators& collaborators,
                                                      SignalBus& bus,
                                                      const AnalyticsOptions& analytics) {
  std::vector<std::unique_ptr<PolicyBlock>> blocks;
  for (const config::BlockModel& block : policy.blocks) {
    blocks.push_back(std::make_unique<PolicyBlock>(block, blocks.size(), freshness, collaborators,
                                                   bus, analytics));
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

std::vector<std::string> names_of(const config::PolicyModel& policy) {
  std::vector<std::string> names;
  for (const config::BlockModel& block : policy.blocks) names.push_back(block.name);
  return names;
}

}  // namespace

Engine::Engine(const config::PolicyModel& policy, Components components)
    : components_(with_defaults(std::move(components))),
      bus_(bus_options(components_, totals_)),
      blocks_(make_blocks(policy, freshness_, {*components_.clock, *components_.random}, bus_,
                          policy.observation.analytics)),
      resolver_(names_of(policy)),
      rates_(blocks_.size(), policy.observation.warnings),
      work_(components_.executor),
      refresher_(*components_.clock, *components_.logger, freshness_, flights_, work_),
      events_(policy.rules, {components_.clock, components_.executor, components_.logger}, bus_,
              totals_, event_host()),
      sweeper_(components_.executor, kSweepInterval, [this] { tick(); }) {
  for (const auto& block : blocks_) {
    hosts_.push_back(std::make_unique<BlockHost>(*block, *this, work_, *components_.logger));
    block->strategy().on_attach(*hosts_.back());
  }
}

Engine::~Engine() {
  events_.stop();
  sweeper_.stop();
  work_.stop();
}

std::shared_ptr<NamespaceCache> Engine::open(std::string_view name_space, const ValueType& type) {
  PolicyBlock& block = block_of(name_space);
  block.bind_type(type);
  return std::make_shared<NamespaceView>(
      shared_from_this(), block, freshness_.pin(LabelKind::name_space, name_space), std::string());
}

PolicyBlock& Engine::block_of(std::string_view name_space) {
  check_namespace(name_space);
  if (const auto index = resolver_.find(name_space)) return *blocks_[*index];
  throw UnknownNamespace(fmt::format("no block serves the namespace \"{}\"; there are: {}",
                                     name_space, fmt::join(namespaces(), ", ")));
}

Invalidated Engine::invalidate_key(std::string_view key, std::string_view name_space,
                                   const InvalidateOptions& options) {
  PolicyBlock& block = block_of(name_space);
  const LabelRef space = freshness_.pin(LabelKind::name_space, name_space);
  const FullKey name({}, key, *space);
  return invalidate_key(block, name.ref(), options);
}

// Nothing serves expired entries yet, so to expire a key is to remove it.
Invalidated Engine::invalidate_key(PolicyBlock& block, const KeyRef& key,
                                   const InvalidateOptions& options) {
  const Instant now = components_.clock->now();
  const bool there =
      options.dry_run ? block.store().contains(key, now) : block.store().remove(key, now);
  const std::uint64_t count = there ? 1 : 0;
  if (!options.dry_run) {
    block.counters().add(Metric::invalidations_key);
    block.counters().add(Metric::invalidated_by_key, count);
    rates_.note_invalidation(now, block.position());
    if (bus_.listened(NoticeKind::invalidated))
      tell(Target::key(std::string(key.key), key.space->text()), count, options);
  }
  return {.count = count, .revision = freshness_.revision()};
}

Invalidated Engine::raise(const LabelName& name, const InvalidateOptions& options) {
  Invalidated result;
  result.exactness = settle_for_count();
  result.count = freshness_.resident(name);
  result.revision =
      options.dry_run ? freshness_.revision() : freshness_.raise(std::array{name}, options.mode);
  return result;
}

Invalidated Engine::invalidate_tag(std::string_view tag, const InvalidateOptions& options) {
  check_tag(tag);
  const Invalidated result = raise(LabelName(LabelKind::tag, tag), options);
  if (!options.dry_run) {
    totals_.add(Metric::invalidations_tag);
    totals_.add(Metric::invalidated_by_tag, result.count);
    rates_.note_tag(components_.clock->now(), tag);
    if (bus_.listened(NoticeKind::invalidated))
      tell(Target::tag(std::string(tag)), result.count, options);
  }
  return result;
}

Invalidated Engine::invalidate_namespace(std::string_view name_space,
                                         const InvalidateOptions& options) {
  PolicyBlock& block = block_of(name_space);
  const Invalidated result = raise(LabelName(LabelKind::name_space, name_space), options);
  if (!options.dry_run) {
    block.counters().add(Metric::invalidations_namespace);
    block.counters().add(Metric::invalidated_by_namespace, result.count);
    rates_.note_invalidation(components_.clock->now(), block.position());
    if (bus_.listened(NoticeKind::invalidated))
      tell(Target::name_space(std::string(name_space)), result.count, options);
  }
  return result;
}

Invalidated Engine::invalidate_all(const InvalidateOptions& options) {
  const Invalidated result = raise(LabelName(LabelKind::root, {}), options);
  if (!options.dry_run) {
    totals_.add(Metric::invalidations_all);
    totals_.add(Metric::invalidated_by_all, result.count);
    rates_.note_invalidation(components_.clock->now(), std::nullopt);
    if (bus_.listened(NoticeKind::invalidated)) tell(Target::all(), result.count, options);
  }
  return result;
}

InvalidatedMany Engine::invalidate_many(std::span<const Target> targets,
                                        const InvalidateOptions& options) {
  InvalidatedMany answer = ManyTargets(*this, targets).invalidate(options);
  if (options.dry_run || !bus_.listened(NoticeKind::invalidated)) return answer;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (answer.targets[i].error.empty()) tell(targets[i], answer.targets[i].count, options);
  }
  return answer;
}

EventDispatch::Host Engine::event_host() {
  std::vector<Strategy*> strategies;
  for (const auto& block : blocks_) strategies.push_back(&block->strategy());
  return {
      .invalidate =
          [this](std::span<const Target> targets, const InvalidateOptions& options) {
            return invalidate_many(targets, options);
          },
      .check = [this](const Target& target) { check(target); },
      .refresh = [this](std::string_view key,
                        std::string_view name_space) { return refresh(key, name_space); },
      .strategies = std::move(strategies),
  };
}

void Engine::check(const Target& target) {
  switch (target.kind) {
    case Target::Kind::key:
      check_key(target.name);
      return void(block_of(target.space));
    case Target::Kind::tag:
      return check_tag(target.name);
    case Target::Kind::name_space:
      return void(block_of(target.space));
    case Target::Kind::all:
      return;
  }
}

void Engine::tell(const Target& target, std::uint64_t count, const InvalidateOptions& options) {
  const bool tag = target.kind == Target::Kind::tag;
  bus_.publish({.kind = NoticeKind::invalidated,
                .name_space = target.space,
                .key = tag ? std::string() : target.name,
                .tag = tag ? target.name : std::string(),
                .cause = options.cause,
                .count = count});
}

bool Engine::tag(std::string_view key, std::string_view name_space,
                 std::span<const std::string> tags) {
  for (const std::string& tag : tags) check_tag(tag);
  PolicyBlock& block = block_of(name_space);
  const LabelRef space = freshness_.pin(LabelKind::name_space, name_space);
  const FullKey name({}, key, *space);
  std::vector<LabelRef> labels;
  labels.reserve(tags.size());
  for (const std::string& tag : tags) labels.push_back(freshness_.pin(LabelKind::tag, tag));
  return block.store().attach(name.ref(), labels, components_.clock->now());
}

Exactness Engine::settle_for_count() {
  if (freshness_.resident(LabelName(LabelKind::root, {})) > kExactUpTo) {
    for (const auto& block : blocks_) {
      if (!block->store().settled(components_.clock->now())) return Exactness::at_most;
    }
    return Exactness::exact;
  }
  sweep(SIZE_MAX);
  return Exactness::exact;
}

Statistics Engine::stats() {
  look_at_rates();
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

std::vector<HotKey> Engine::hot_keys(std::size_t count) {
  std::vector<HotKey> keys;
  for (const auto& block : blocks_) {
    std::vector<HotKey> more = block->hot_keys().top(count);
    std::move(more.begin(), more.end(), std::back_inserter(keys));
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const HotKey& a, const HotKey& b) { return a.accesses > b.accesses; });
  if (keys.size() > count) keys.resize(count);
  return keys;
}

std::vector<HotKey> Engine::hot_keys(std::size_t count, std::string_view name_space) {
  PolicyBlock& block = block_of(name_space);
  return block.hot_keys().top(count, name_space == block.name() ? std::string_view() : name_space);
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
  return freed;
}

void Engine::tick() {
  sweep(kSweepStep);
  look_at_rates();
  for (const auto& block : blocks_) refresher_.refresh_due(*block, kSweepInterval);
}

bool Engine::refresh(std::string_view key, std::string_view name_space) {
  PolicyBlock& block = block_of(name_space);
  const LabelRef space = freshness_.pin(LabelKind::name_space, name_space);
  check_key(key);
  return refresher_.load(block, space, std::string(key));
}

void Engine::close() {
  events_.stop();
  sweeper_.stop();
  work_.stop();
  for (const auto& block : blocks_) {
    block->unbind_loaders();
    block->store().close();
  }
}

}  // namespace freshet::detail
