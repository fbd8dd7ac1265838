#include "cache/engine.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

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
  return components;
}

std::vector<std::unique_ptr<PolicyBlock>> make_blocks(const config::PolicyModel& policy,
                                                      Freshness& freshness,
                                                      const StrategyCollaborators& collaborators) {
  std::vector<std::unique_ptr<PolicyBlock>> blocks;
  for (const config::BlockModel& block : policy.blocks) {
    blocks.push_back(std::make_unique<PolicyBlock>(block, freshness, collaborators));
  }
  return blocks;
}

std::vector<std::string> names_of(const config::PolicyModel& policy) {
  std::vector<std::string> names;
  for (const config::BlockModel& block : policy.blocks) names.push_back(block.name);
  return names;
}

}  // namespace

Engine::Engine(const config::PolicyModel& policy, Components components)
    : components_(with_defaults(std::move(components))),
      blocks_(make_blocks(policy, freshness_, {*components_.clock, *components_.random})),
      resolver_(names_of(policy)),
      sweeper_(components_.executor, kSweepInterval, [this] { sweep(kSweepStep); }) {}

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
  }
  return result;
}

Invalidated Engine::invalidate_all(const InvalidateOptions& options) {
  const Invalidated result = raise(LabelName(LabelKind::root, {}), options);
  if (!options.dry_run) {
    totals_.add(Metric::invalidations_all);
    totals_.add(Metric::invalidated_by_all, result.count);
  }
  return result;
}

InvalidatedMany Engine::invalidate_many(std::span<const Target> targets,
                                        const InvalidateOptions& options) {
  return ManyTargets(*this, targets).invalidate(options);
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

Statistics Engine::stats() const {
  Statistics statistics;
  totals_.add_to(statistics.total);
  for (const auto& block : blocks_) {
    statistics.namespaces.push_back(block->statistics());
    for (const MetricInfo& metric : metric_table()) {
      statistics.total.*metric.value += statistics.namespaces.back().*metric.value;
    }
  }
  statistics.total.tags = freshness_.live_labels(LabelKind::tag);
  return statistics;
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

void Engine::close() {
  sweeper_.stop();
  for (const auto& block : blocks_) block->store().close();
}

}  // namespace freshet::detail
