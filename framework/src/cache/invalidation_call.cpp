#include "cache/invalidation_call.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "cache/full_key.hpp"
#include "cache/names.hpp"
#include "freshet/errors.hpp"

namespace freshet::detail {
namespace {

struct MetricPair {
  Metric calls;
  Metric entries;
};

MetricPair metrics_of(Target::Kind kind) noexcept {
  switch (kind) {
    case Target::Kind::key:
      return {Metric::invalidations_key, Metric::invalidated_by_key};
    case Target::Kind::tag:
      return {Metric::invalidations_tag, Metric::invalidated_by_tag};
    case Target::Kind::name_space:
      return {Metric::invalidations_namespace, Metric::invalidated_by_namespace};
    case Target::Kind::all:
      return {Metric::invalidations_all, Metric::invalidated_by_all};
    case Target::Kind::all_of:
      return {Metric::invalidations_all_of, Metric::invalidated_by_all_of};
    case Target::Kind::dependents:
      return {Metric::invalidations_dependency, Metric::invalidated_by_dependency};
    case Target::Kind::prefix:
      return {Metric::invalidations_prefix, Metric::invalidated_by_prefix};
    case Target::Kind::matching:
      return {Metric::invalidations_pattern, Metric::invalidated_by_pattern};
    case Target::Kind::version:
    case Target::Kind::policy_version:
      return {Metric::invalidations_version, Metric::invalidated_by_version};
  }
  return {Metric::invalidations_all, Metric::invalidated_by_all};
}

}  // namespace

InvalidationCall::InvalidationCall(Engine& engine, std::span<const Target> targets)
    : engine_(engine), may_look_(engine.may_look_at_all()) {
  answer_.targets.resize(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    try {
      targets_.push_back(resolve(i, targets[i]));
      add_overflow(targets_.back());
    } catch (const Error& error) {
      answer_.targets[i].error = error.what();
    }
  }
}

InvalidationCall::Resolved InvalidationCall::resolve(std::size_t position, const Target& target) {
  Resolved resolved{.position = position, .target = target};
  const std::string hash = target.more.empty() ? std::string() : target.more.front();
  switch (target.kind) {
    case Target::Kind::key:
      resolve_key(resolved);
      break;
    case Target::Kind::tag:
      resolve_tag(resolved);
      break;
    case Target::Kind::name_space:
      resolve_namespace(resolved);
      break;
    case Target::Kind::all:
      resolve_label(resolved, LabelKind::root, {});
      break;
    case Target::Kind::all_of:
      resolve_all_of(resolved, target.more);
      break;
    case Target::Kind::dependents:
      resolve_dependents(resolved);
      break;
    case Target::Kind::prefix:
      resolve_keys_by(resolved, Ban::Kind::prefix);
      break;
    case Target::Kind::matching:
      resolve_keys_by(resolved, Ban::Kind::glob);
      break;
    case Target::Kind::version:
      check_version(target.name, hash);
      resolve_version(resolved, target.name, hash);
      break;
    case Target::Kind::policy_version:
      check_version(target.space, hash);
      take_space(resolved);
      resolve_version(resolved, policy_dependency(target.space), hash);
      if (resolved.version) resolve_namespace(resolved);
      break;
  }
  return resolved;
}

// What left labels out goes with what it might have carried.
void InvalidationCall::add_overflow(Resolved& resolved) {
  RaiseSet set{.labels = resolved.labels};
  if (resolved.ban) set.bans.push_back(*resolved.ban);
  if (resolved.version) set.versions.push_back(*resolved.version);
  if (resolved.target.kind == Target::Kind::key &&
      engine_.freshness_.raises_keys_of(*resolved.space))
    set.labels.emplace_back(LabelKind::key, std::string_view());
  if (engine_.freshness_.takes_overflow(set))
    resolved.live.push_back(engine_.freshness_.overflow());
}

void InvalidationCall::take_space(Resolved& resolved) {
  resolved.block = &engine_.block_of(resolved.target.space);
  resolved.space = engine_.freshness_.pin(LabelKind::name_space, resolved.target.space);
}

// Not pinned: a namespace that nobody uses is not to come alive by being forgotten.
void InvalidationCall::resolve_namespace(Resolved& resolved) {
  resolved.block = &engine_.block_of(resolved.target.space);
  resolve_label(resolved, LabelKind::name_space, resolved.target.space);
  if (resolved.live.empty()) return;
  resolved.space = resolved.live.back();
  add_keys(resolved, [](std::string_view) { return true; });
}

void InvalidationCall::resolve_label(Resolved& resolved, LabelKind kind, std::string_view text) {
  resolved.labels.emplace_back(kind, text);
  if (LabelRef live = engine_.freshness_.find(resolved.labels.back()))
    resolved.live.push_back(std::move(live));
}

void InvalidationCall::add_keys(Resolved& resolved, FunctionRef<bool(std::string_view)> wanted) {
  resolved.takes_keys = resolved.space->keys_used_since().value != 0;
  if (!may_look_) return;
  std::vector<LabelRef> keys = engine_.freshness_.keys_of(*resolved.space, wanted);
  resolved.live.insert(resolved.live.end(), std::make_move_iterator(keys.begin()),
                       std::make_move_iterator(keys.end()));
}

void InvalidationCall::resolve_key(Resolved& resolved) {
  check_key(resolved.target.name);
  take_space(resolved);
  // Raised with the key itself, under the lock of its shard.
  if (LabelRef live = engine_.freshness_.find_key(*resolved.space, resolved.target.name))
    resolved.live.push_back(std::move(live));
}

void InvalidationCall::resolve_tag(Resolved& resolved) {
  check_tag(resolved.target.name);
  if (!resolved.target.space.empty()) return resolve_all_of(resolved, {resolved.target.name});
  resolve_label(resolved, LabelKind::tag, resolved.target.name);
}

void InvalidationCall::resolve_all_of(Resolved& resolved, std::vector<std::string> tags) {
  check_all_of(tags);
  if (!resolved.target.space.empty()) take_space(resolved);
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  if (tags.size() == 1 && !resolved.space)
    return resolve_label(resolved, LabelKind::tag, texts_.emplace_back(tags.front()));
  resolved.ban = Ban{.kind = Ban::Kind::all_of, .space = resolved.space};
  for (const std::string& tag : tags)
    resolved.ban->tags.push_back(engine_.freshness_.pin(LabelKind::tag, tag));
}

void InvalidationCall::resolve_dependents(Resolved& resolved) {
  const std::string& resource = resolved.target.name;
  check_resource(resource);
  if (resolved.target.space.empty()) return resolve_label(resolved, LabelKind::resource, resource);
  take_space(resolved);
  const std::string& text = texts_.emplace_back(key_label_text(resolved.target.space, resource));
  resolve_label(resolved, LabelKind::key, text);
}

void InvalidationCall::resolve_keys_by(Resolved& resolved, Ban::Kind kind) {
  take_space(resolved);
  const char separator = resolved.block->policy()->options.separator.front();
  resolved.ban = Ban{.kind = kind, .space = resolved.space, .separator = separator};
  if (kind == Ban::Kind::prefix) {
    const std::string_view prefix = check_prefix(resolved.target.name, separator);
    resolved.ban->text = prefix;
    return add_keys(resolved,
                    [&](std::string_view key) { return takes_prefix(prefix, key, separator); });
  }
  check_glob(resolved.target.name);
  resolved.ban->text = resolved.target.name;
  resolved.glob = KeyGlob::parse(resolved.target.name);
  add_keys(resolved, [&](std::string_view key) { return resolved.glob->matches(key); });
}

void InvalidationCall::resolve_version(Resolved& resolved, std::string dependency,
                                       const std::string& hash) {
  const VersionTable& versions = engine_.freshness_.versions();
  // A version never seen before: no revision comes twice.
  const std::string& to =
      texts_.emplace_back(!hash.empty() ? hash
                                        : fmt::format("r{}.{}", engine_.freshness_.revision().value,
                                                      engine_.next_version()));
  const std::string& of = texts_.emplace_back(std::move(dependency));
  if (engine_.freshness_.is_current_version(of, to)) return;
  resolved.version = RaiseSet::Version{of, to};
  resolved.live = versions.others(of, to);
}

InvalidatedMany InvalidationCall::run(const InvalidateOptions& options) {
  const Instant now = engine_.clock().now();
  answer_.total.exactness = engine_.settle_for_count(may_look_);
  bool keys_to_count = false;  // by what their invalidation finds
  if (answer_.total.exactness == Exactness::exact && labels_say() && options.list == 0) {
    count_by_labels(now, options.dry_run);
    keys_to_count = true;
  } else if (may_look_) {
    count_by_looking(now, options.list);
  } else {
    if (!labels_say()) answer_.total.exactness = Exactness::at_most;
    count_by_labels(now, options.dry_run);
    keys_to_count = true;
  }
  answer_.total.revision = engine_.freshness_.revision();
  if (!options.dry_run) {
    if (const RaiseSet set = raise_set(); !set.empty())
      answer_.total.revision = engine_.freshness_.raise(set, options.mode);
    invalidate_keys(options.mode, now, keys_to_count);
    engine_.note_raises();
    add_to_statistics(now);
  }
  for (const Resolved& target : targets_) {
    answer_.targets[target.position].count = target.hits;
    answer_.targets[target.position].exactness = answer_.total.exactness;
    answer_.total.count += target.hit_first;
  }
  return std::move(answer_);
}

bool InvalidationCall::labels_say() const noexcept {
  if (targets_.size() != 1) return targets_.empty();
  const Resolved& only = targets_.front();
  switch (only.target.kind) {
    case Target::Kind::key:
      return only.live.empty();
    case Target::Kind::tag:
    case Target::Kind::all:
    case Target::Kind::all_of:
      return !only.ban && only.live.size() <= 1;  // no entry goes for the labels that it left out
    case Target::Kind::name_space:                // no key of it is depended on
      return only.live.size() <= 1 && (may_look_ || !only.takes_keys);
    default:
      return only.live.empty() && !only.ban;
  }
}

// A large cache is not walked: each target answers with what it holds at most, and the sum counts no more than there is.
void InvalidationCall::count_by_labels(Instant now, bool count_keys) {
  std::uint64_t left = engine_.freshness_.resident();
  for (Resolved& target : targets_) {
    const bool inherited = engine_.freshness_.graph().size() != 0;
    if (target.ban && target.ban->kind == Ban::Kind::all_of) {
      target.hits = left;
      for (const LabelRef& tag : target.ban->tags)
        target.hits = std::min(target.hits, Freshness::resident(*tag));
    } else {
      if (target.ban) target.hits = Freshness::resident(*target.space);
      for (const LabelRef& label : target.live) {
        target.hits += Freshness::resident(*label);
        // Whoever depends on it through others carries none of these labels.
        if (inherited && is_dependency(label->kind())) target.hits = left;
      }
      if (target.takes_keys && !may_look_)
        target.hits = inherited ? left : target.hits + Freshness::key_carriers(*target.space);
    }
    if (count_keys && target.target.kind == Target::Kind::key) {
      const KeyRef key(*target.space, target.target.name);
      const Found there = target.block->store().peek(key, now);
      target.hits += there && !there.expired ? 1 : 0;
    }
    target.hit_first = std::min(target.hits, left);
    left -= target.hit_first;
  }
}

void InvalidationCall::count_by_looking(Instant now, std::size_t list) {
  for (Resolved& target : targets_) {
    if (!target.live.empty()) target.hit = engine_.freshness_.dependents_of(target.live);
  }
  engine_.look_budget_.spend(engine_.freshness_.resident());
  for (const auto& block : engine_.blocks_) {
    block->store().for_each_fresh(now, [&](const Entry& entry) {
      bool seen = false;
      for (Resolved& target : targets_) {
        if (!hits(target, entry)) continue;
        ++target.hits;
        if (std::exchange(seen, true)) continue;
        ++target.hit_first;
        if (answer_.total.entries.size() < list) {
          answer_.total.entries.push_back({entry.carrier().name_space()->text(),
                                           std::string(entry.key()), reason(target, entry)});
        }
      }
    });
  }
}

bool InvalidationCall::hits(const Resolved& resolved, const Entry& entry) {
  const Carrier& carrier = entry.carrier();
  if (resolved.target.kind == Target::Kind::all) return true;
  if (resolved.target.kind == Target::Kind::key && carrier.name_space() == resolved.space.get() &&
      entry.key() == resolved.target.name) {
    return true;
  }
  if (carrier.carries_any(resolved.hit)) return true;
  if (!resolved.ban) return false;
  if (resolved.glob)
    return carrier.name_space() == resolved.space.get() && resolved.glob->matches(entry.key());
  return BanList::hits(*resolved.ban, {entry.key(), carrier.labels(), carrier.attached()});
}

std::string InvalidationCall::reason(const Resolved& resolved, const Entry& entry) {
  const Target& target = resolved.target;
  const auto carried = [&] {
    return std::any_of(resolved.live.begin(), resolved.live.end(),
                       [&](const LabelRef& label) { return entry.carrier().carries(label.get()); });
  };
  const bool is_key = target.kind == Target::Kind::key;
  if (is_key && entry.key() == target.name &&
      entry.carrier().name_space() == resolved.space.get()) {
    return "key";
  }
  if (is_key || target.kind == Target::Kind::dependents) {
    return fmt::format("depends on {}{}{}{}", target.space, target.space.empty() ? "" : "/",
                       target.name, carried() ? "" : " through other entries");
  }
  return describe(target);
}

RaiseSet InvalidationCall::raise_set() const {
  RaiseSet set;
  for (const Resolved& target : targets_) {
    set.labels.insert(set.labels.end(), target.labels.begin(), target.labels.end());
    if (target.ban) set.bans.push_back(*target.ban);
    if (target.version) set.versions.push_back(*target.version);
  }
  return set;
}

void InvalidationCall::invalidate_keys(Mode mode, Instant now, bool count) {
  for (Resolved& target : targets_) {
    if (target.target.kind != Target::Kind::key) continue;
    const KeyRef key(*target.space, target.target.name);
    engine_.hold_off_.note_key(key.hash, now);
    const bool was_there = target.block->store().invalidate(key, mode, now);
    if (count && was_there) {
      ++target.hits;
      ++target.hit_first;
    }
    // Once more, with the time at which it is over: a load may have begun after the first note.
    if (engine_.hold_off_.enabled()) engine_.hold_off_.note_key(key.hash, engine_.clock().now());
  }
}

void InvalidationCall::add_to_statistics(Instant now) {
  for (const Resolved& target : targets_) {
    if (target.target.kind == Target::Kind::tag) {
      engine_.rates_.note_tag(now, target.target.name);
    } else {
      engine_.rates_.note_invalidation(
          now, target.block == nullptr ? std::nullopt : std::optional(target.block->position()));
    }
    BlockCounters& counters = target.block != nullptr ? target.block->counters() : engine_.totals_;
    const MetricPair metrics = metrics_of(target.target.kind);
    counters.add(metrics.calls);
    counters.add(metrics.entries, target.hit_first);
  }
}

}  // namespace freshet::detail
