// The part of Engine that invalidates a key that nobody depends on: most invalidations, and the shortest.
#include <algorithm>

#include "cache/engine.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {

std::optional<Invalidated> Engine::invalidate_plainly(PolicyBlock& block, const KeyRef& key,
                                                      const InvalidateOptions& options) {
  const bool asks_for_more = options.dry_run || options.skip.write_l1 || options.list != 0 ||
                             options.rewarm.hot != 0 || !options.rewarm.keys.empty();
  if (asks_for_more || open_scopes() != nullptr || bus_.listened(NoticeKind::invalidated))
    return std::nullopt;
  // From here on it is InvalidationCall of one key that nobody depends on. Should somebody come to depend on it meanwhile, the shard
  // raises its label.
  if (freshness_.raises_keys_of(*key.space)) return std::nullopt;
  FRESHET_PAUSE("invalidation_begins");
  const Instant now = components_.clock->now();
  const Exactness exactness =
      all_settled(now) ? Exactness::exact : settle_for_count(may_look_at_all());
  Invalidated answer{.exactness = exactness, .revision = freshness_.revision()};
  hold_off_.note_key(key.hash, now);
  answer.count = block.store().invalidate(key, options.mode, now) ? 1 : 0;
  // Once more, with the time at which it is over: a load may have begun after the first note.
  if (hold_off_.enabled()) hold_off_.note_key(key.hash, components_.clock->now());
  note_raises();
  rates_.note_invalidation(now, block.position());
  block.counters().add(Metric::invalidations_key);
  block.counters().add(Metric::invalidated_by_key, answer.count);
  return answer;
}

bool Engine::all_settled(Instant now) const noexcept {
  return std::all_of(blocks_.begin(), blocks_.end(),
                     [&](const auto& block) { return block->store().settled(now); });
}

}  // namespace freshet::detail
