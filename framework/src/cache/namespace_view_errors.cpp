// The part of NamespaceView that says what a caller gets whose load failed, or would: the old value, or the exception.
//
//   a load throws ──► is the old value there, not removed, and within stale_if_error?  ──► serve it, and say so
//                 ──► otherwise throw
//   a load of the key threw a moment ago, and nothing happened to the key since
//                 ──► within retry_after_error, and the old value may be served        ──► serve it, without a load
//                 ──► within error_ttl                                                 ──► throw the same
//                 ──► otherwise load
// The old value is looked for where it is served, after the load, under the lock of its shard: what was removed while the load ran,
// is not found.
#include <algorithm>

#include "cache/namespace_view.hpp"
#include "freshet/errors.hpp"
#include "freshet/handle.hpp"

namespace freshet::detail {

Reading NamespaceView::or_old(const KeyRef& key, const EntryPlan& plan, const EntryOptions& options,
                              FunctionRef<Reading()> load) {
  try {
    return load();
  } catch (const RecursiveLoad&) {  // a mistake of the program, which is not to be hidden
    throw;
  } catch (const NoPreviousValue&) {  // the same
    throw;
  } catch (...) {
    if (Reading old = look_up_on_error(key, plan, options); old.entry) return old;
    throw;
  }
}

Reading NamespaceView::look_up_on_error(const KeyRef& key, const EntryPlan& plan,
                                        const EntryOptions& options) {
  Reading old = find_on_error(key, plan, options);
  if (!old.entry) return {};
  add_missing(key, old.entry, plan);
  if (old.staleness == Staleness::load_failed) {
    block_.counters().add(Metric::stale_serves);
    block_.counters().add(Metric::served_on_error);
    block_.tell(NoticeKind::served_stale, *space_, key.key);
  }
  return old;
}

Reading NamespaceView::find_on_error(const KeyRef& key, const EntryPlan& plan,
                                     const EntryOptions& options) {
  const Duration allowed = block_.policy()->options.stale_if_error;
  if (allowed == Duration::zero() || options.skip.read_l1 || plan.outdated || is_outdated())
    return {};
  const Instant now = engine_->clock().now();
  Found found = block_.store().find_on_error(key, now, allowed);
  if (!found) return {};
  const Entry& entry = entry_of(found.entry);
  if (plan.versioned && !carries_versions(entry, plan)) return {};
  // By what policy and caller say of the key now, though the entry was stored without it.
  const Revision birth = entry.carrier().birth();
  const bool removed =
      std::any_of(plan.labels.begin(), plan.labels.end(), [&](const LabelRef& label) {
        return label->kind() != LabelKind::version && !entry.carrier().carries(label.get()) &&
               label->judge(birth) == Verdict::removed;
      });
  if (removed) return {};
  const bool stale = found.expired || entry.soft() <= now;
  return {std::move(found.entry), Origin::l1, stale ? Staleness::load_failed : Staleness::fresh,
          now};
}

std::shared_ptr<const FailedLoad> NamespaceView::failed_before(const KeyRef& key,
                                                               const EntryPlan& plan,
                                                               Instant now) const {
  auto failure = block_.failed_loads().find(key, now);
  if (!failure || !same_versions(plan.labels, failure->asked_for())) return nullptr;
  if (plan.proven_since > failure->birth) return nullptr;
  // Also by what this caller says that the key depends on.
  const Freshness& freshness = engine_->freshness();
  const bool counts = stands(*failure, freshness, key) &&
                      freshness.judge_load(failure->birth, plan.labels, key.key) == Verdict::fresh;
  return counts ? failure : nullptr;
}

Reading NamespaceView::held_back(const KeyRef& key, const EntryPlan& plan,
                                 const EntryOptions& options) {
  if (options.skip.read_l1 || block_.failed_loads().size() == 0) return {};
  const Instant now = engine_->clock().now();
  const auto failure = failed_before(key, plan, now);
  if (!failure) return {};
  if (now < failure->retry_at) {
    if (Reading old = look_up_on_error(key, plan, options); old.entry) {
      block_.counters().add(Metric::loads_held_back);
      return old;
    }
  }
  if (now >= failure->error_until || find_on_error(key, plan, options).entry) return {};
  block_.counters().add(Metric::loads_held_back);
  block_.counters().add(Metric::errors_repeated);
  std::rethrow_exception(failure->error);
}

}  // namespace freshet::detail
