#include "cache/many_targets.hpp"

#include <algorithm>

#include "cache/full_key.hpp"
#include "cache/names.hpp"
#include "freshet/errors.hpp"

namespace freshet::detail {

ManyTargets::ManyTargets(Engine& engine, std::span<const Target> targets) : engine_(engine) {
  answer_.targets.resize(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    try {
      targets_.push_back(resolve(i, targets[i]));
    } catch (const Error& error) {
      answer_.targets[i].error = error.what();
    }
  }
}

ManyTargets::Resolved ManyTargets::resolve(std::size_t position, const Target& target) {
  Resolved resolved{.position = position, .kind = target.kind};
  switch (target.kind) {
    case Target::Kind::key:
      check_key(target.name);
      resolved.block = &engine_.block_of(target.space);
      resolved.space = engine_.freshness_.pin(LabelKind::name_space, target.space);
      resolved.key = target.name;
      return resolved;
    case Target::Kind::tag:
      check_tag(target.name);
      resolved.label.emplace(LabelKind::tag, target.name);
      break;
    case Target::Kind::name_space:
      resolved.block = &engine_.block_of(target.space);
      resolved.label.emplace(LabelKind::name_space, target.space);
      break;
    case Target::Kind::all:
      resolved.label.emplace(LabelKind::root, std::string_view{});
      break;
  }
  resolved.live = engine_.freshness_.find(*resolved.label);
  return resolved;
}

InvalidatedMany ManyTargets::invalidate(const InvalidateOptions& options) {
  const Instant now = engine_.clock().now();
  answer_.total.exactness = engine_.settle_for_count();
  if (answer_.total.exactness == Exactness::exact && targets_.size() > 1) {
    count_exactly(now);
  } else {
    count(now);
  }
  for (const Resolved& target : targets_) {
    answer_.targets[target.position].count = target.hits;
    answer_.targets[target.position].exactness = answer_.total.exactness;
    answer_.total.count += target.hit_first;
  }
  answer_.total.revision = engine_.freshness_.revision();
  if (options.dry_run) return std::move(answer_);

  std::vector<LabelName> labels;
  for (const Resolved& target : targets_) {
    if (target.label) labels.push_back(*target.label);
  }
  if (!labels.empty()) answer_.total.revision = engine_.freshness_.raise(labels, options.mode);
  for (const Resolved& target : targets_) {
    if (!target.label) target.block->store().remove(KeyRef(*target.space.get(), target.key), now);
  }
  add_to_statistics(now);
  return std::move(answer_);
}

// A large cache is not walked: each target answers with what it holds, and the sum counts no more than there is.
void ManyTargets::count(Instant now) {
  std::uint64_t left = engine_.freshness_.resident(LabelName(LabelKind::root, {}));
  for (Resolved& target : targets_) {
    if (target.label) {
      target.hits = engine_.freshness_.resident(*target.label);
    } else {
      target.hits =
          target.block->store().contains(KeyRef(*target.space.get(), target.key), now) ? 1 : 0;
    }
    target.hit_first = std::min(target.hits, left);
    left -= target.hit_first;
  }
}

void ManyTargets::count_exactly(Instant now) {
  for (const auto& block : engine_.blocks_) {
    block->store().for_each_fresh(now, [this](const Entry& entry) {
      bool seen = false;
      for (Resolved& target : targets_) {
        if (!hits(target, entry)) continue;
        ++target.hits;
        if (!std::exchange(seen, true)) ++target.hit_first;
      }
    });
  }
}

bool ManyTargets::hits(const Resolved& target, const Entry& entry) {
  if (target.kind == Target::Kind::all) return true;
  if (target.label) return target.live && entry.carrier().carries(target.live.get());
  return entry.carrier().name_space() == target.space.get() && entry.key() == target.key;
}

void ManyTargets::add_to_statistics(Instant now) {
  for (const Resolved& target : targets_) {
    if (target.kind == Target::Kind::tag) {
      engine_.rates_.note_tag(now, target.label->text);
    } else {
      engine_.rates_.note_invalidation(
          now, target.block == nullptr ? std::nullopt : std::optional(target.block->position()));
    }
    BlockCounters& counters = target.block != nullptr ? target.block->counters() : engine_.totals_;
    const auto add = [&](Metric calls, Metric entries) {
      counters.add(calls);
      counters.add(entries, target.hit_first);
    };
    switch (target.kind) {
      case Target::Kind::key:
        add(Metric::invalidations_key, Metric::invalidated_by_key);
        break;
      case Target::Kind::tag:
        add(Metric::invalidations_tag, Metric::invalidated_by_tag);
        break;
      case Target::Kind::name_space:
        add(Metric::invalidations_namespace, Metric::invalidated_by_namespace);
        break;
      case Target::Kind::all:
        add(Metric::invalidations_all, Metric::invalidated_by_all);
        break;
    }
  }
}

}  // namespace freshet::detail
