// Engine::reload: another policy in place of the one at work, without losing an entry.
//
// 1  the whole policy is read and judged, and every strategy that changes is made and attached     may throw: nothing changed
// 2  rules, thresholds and blocks are swapped, one by one; who asks meanwhile gets the old or the new
// 3  blocks whose key or tags changed expire: what was stored with the old tags is before this raise, and what was planned with
//    them and is stored later is refused (PolicyBlock::has_current_labels)
//
// 1 and 2 are under reload_mutex_. 3 is not, and neither are the notices: to count what it expires it sweeps, which lets values go,
// and what those call when they go may be reload() or close(). A reload that comes in between expires what it relabelled itself.
#include <utility>

#include "cache/engine.hpp"
#include "config/reload_check.hpp"

namespace freshet::detail {
namespace {

bool is_relabelled(const BlockOptions& was, const BlockOptions& is) {
  return (was.key != is.key || was.tags != is.tags) && is.on_reload == OnReload::expire;
}

/// The positions of the blocks whose entries expire when `is` takes the place of `was`.
std::unordered_set<std::size_t> relabelled_blocks(
    const std::vector<std::unique_ptr<PolicyBlock>>& blocks, const config::PolicyModel& was,
    const config::PolicyModel& is) {
  std::unordered_set<std::size_t> relabelled;
  for (const auto& block : blocks) {
    const std::string& name = block->name();
    if (is_relabelled(config::find_block(was, name)->options,
                      config::find_block(is, name)->options))
      relabelled.insert(block->position());
  }
  return relabelled;
}

}  // namespace

std::shared_ptr<const BlockPolicy> Engine::prepare(PolicyBlock& block,
                                                   const config::BlockModel& model) {
  auto policy = std::make_shared<const BlockPolicy>(
      model, StrategyCollaborators{*components_.clock, *components_.random},
      std::make_unique<BlockHost>(block, config::strategy_text(model), *this, work_,
                                  *components_.logger));
  policy->strategies.whole->on_attach(*policy->host);
  return policy;
}

Reloaded Engine::reload(ReadPolicy read, const std::string& source) {
  Reloaded reloaded;
  try {
    std::unordered_set<std::size_t> relabelled;
    {
      rt::Lock lock(reload_mutex_);
      config::PolicyModel next = read(components_, running_);
      relabelled = relabelled_blocks(blocks_, running_, next);
      reloaded = put_in_place(std::move(next));
    }
    if (!relabelled.empty()) reloaded.expired = expire(relabelled);
  } catch (...) {
    totals_.add(Metric::reload_failures);
    throw;
  }
  totals_.add(Metric::reloads);
  if (bus_.listened(NoticeKind::reloaded)) {
    bus_.publish({.kind = NoticeKind::reloaded, .cause = source, .count = reloaded.blocks.size()});
  }
  return reloaded;
}

Reloaded Engine::put_in_place(config::PolicyModel next) {
  struct Change {
    PolicyBlock& block;
    std::shared_ptr<const BlockPolicy> policy;
    bool relabels;
  };
  Reloaded reloaded;
  std::vector<Change> changes;
  for (const auto& owned : blocks_) {
    PolicyBlock& block = *owned;
    const config::BlockModel& was = *config::find_block(running_, block.name());
    const config::BlockModel& is = *config::find_block(next, block.name());
    if (config::same_block(was, is)) continue;
    const bool relabels = is_relabelled(was.options, is.options);
    changes.push_back({block, prepare(block, is), relabels});
    reloaded.blocks.push_back(block.name());
  }
  auto engine = std::make_shared<const rules::RuleEngine>(next.rules);
  hold_off_.remember(longest_hold_off(next), components_.clock->now(), freshness_.revision());
  if (serves_on_error(next)) raise_times_.begin(freshness_.revision());

  events_.set_rules(std::move(engine));
  schedules_.set(next.rules.schedules);
  rates_.set_thresholds(next.observation.warnings);
  for (const Change& change : changes) change.block.install(change.policy, change.relabels);
  running_ = std::move(next);
  return reloaded;
}

// One raise for all. Not an InvalidationCall: a block may serve so many namespaces that looking at each entry for each of them
// would not do.
std::uint64_t Engine::expire(const std::unordered_set<std::size_t>& blocks) {
  const InvalidateOptions options{.mode = Mode::expire, .cause = "reload"};
  settle_for_count(may_look_at_all());
  const auto index_of = [&](const Label& space) { return resolver_.find(space.text()); };
  const std::vector<LabelRef> spaces =
      freshness_.find_all(LabelKind::name_space, [&](const Label& space) {
        const auto index = index_of(space);
        return index && blocks.count(*index) != 0;
      });
  std::uint64_t expired = 0;
  std::vector<std::uint64_t> counts;
  RaiseSet set;
  for (const LabelRef& space : spaces) {
    set.labels.emplace_back(LabelKind::name_space, space->text());
    counts.push_back(Freshness::resident(*space));
    expired += counts.back();
  }
  if (set.empty()) return 0;
  const Instant now = components_.clock->now();
  note_raises(now, freshness_.raise(set, options.mode));
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    PolicyBlock& block = *blocks_[*index_of(*spaces[i])];
    rates_.note_invalidation(now, block.position());
    block.counters().add(Metric::invalidations_namespace);
    block.counters().add(Metric::invalidated_by_namespace, counts[i]);
    if (bus_.listened(NoticeKind::invalidated))
      tell(Target::name_space(spaces[i]->text()), counts[i], options.cause);
  }
  return expired;
}

}  // namespace freshet::detail
