// The part of NamespaceView that says how long a call waits for a load, its own or another call's, and what it gets instead.
//
//   the load ends in time              ──► as without a time-out
//   soft (or hard) has passed          ──► what has come since, as any read finds it
//                                      ──► the old value, if one is there, not removed, and within stale_if_error; the load goes on
//   hard has passed, and there is none ──► LoadTimeout; the load goes on
// Both are counted from the call's own start. The old value is looked for when it is served, as on error: what was removed while the
// load ran is not found. For a call to return before its load, that runs on the executor with an owned copy of the loader; one that
// cannot be copied, and a load asked for by a loader, run in place, to their end: one that waited for a thread of the executor might
// wait for those that wait for it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cache/namespace_view.hpp"
#include "freshet/errors.hpp"
#include "freshet/handle.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {

LoadWaits NamespaceView::note_waits(const EntryPlan& plan, const EntryOptions& options) const {
  const LoadTimeouts timeouts = options.load_timeout.value_or(plan.policy->options.load_timeout);
  if (!timeouts.any()) return {};
  const Instant now = engine_->clock().now();
  LoadWaits waits;
  if (timeouts.hard > Duration::zero()) waits.hard = later(now, timeouts.hard);
  if (timeouts.soft > Duration::zero()) waits.soft = later(now, timeouts.soft);
  waits.soft = std::min(waits.soft, waits.hard);
  return waits;
}

Reading NamespaceView::look_up_late(const KeyRef& key, const EntryPlan& plan,
                                    const EntryOptions& options) {
  if (!options.skip.read_l1 && !is_outdated()) {
    // What has come since: it needs no allowance.
    if (Reading found = look_up(key, no_loader(), IfAbsent::load, &plan, options); found.entry) {
      add_missing(key, found.entry, plan);
      return count_shared(std::move(found));
    }
  }
  Reading old = find_on_error(key, plan, options);
  if (!old.entry) return {};
  add_missing(key, old.entry, plan);
  if (old.staleness == Staleness::load_failed) {
    old.staleness = Staleness::load_late;
    block_.counters().add(Metric::stale_serves);
    block_.counters().add(Metric::soft_timeouts);
    block_.tell(NoticeKind::served_stale, *space_, key.key);
  }
  return old;
}

Reading NamespaceView::old_if_late(const KeyRef& key, const EntryPlan& plan,
                                   const EntryOptions& options, const LoadWaits& waits,
                                   FunctionRef<bool(Instant until)> has_ended) {
  if (has_ended(waits.soft)) return {};
  FRESHET_PAUSE("late_before_old_value");
  if (Reading old = look_up_late(key, plan, options); old.entry) return old;
  if (has_ended(waits.hard)) return {};
  if (Reading old = look_up_late(key, plan, options); old.entry) return old;
  block_.counters().add(Metric::hard_timeouts);
  throw LoadTimeout(fmt::format("the load of \"{}\" in \"{}\" takes longer than its hard time-out",
                                key.key, name()));
}

Reading NamespaceView::wait_in_time(const KeyRef& key, const EntryPlan& plan,
                                    const EntryOptions& options, const LoadWaits& waits,
                                    SingleFlight::Flight& flight, const LoadLink* reader) {
  return old_if_late(key, plan, options, waits, [&](Instant until) {
    return engine_->flights().wait_until(key, flight, reader, engine_->clock(), until);
  });
}

std::shared_ptr<OwnedLoad> NamespaceView::begin_owned(
    const LoadCall& call, const EntryPlan& plan,
    const std::shared_ptr<SingleFlight::Flight>& flight, const LoadLink* reader) {
  LoadRunner& runner = engine_->load_runner();
  if (reader != nullptr || engine_->must_load_here()) return nullptr;
  const KeyRef& key = call.name.ref();
  std::shared_ptr<OwnedLoad> load;
  try {
    auto loader = call.keep();
    if (!loader) return nullptr;
    load = std::make_shared<OwnedLoad>(OwnedLoad::Parts{
        .services = engine_->loads(),
        .block = block_,
        .space = space_,
        .key = std::string(key.key),
        .scope_size = key.key.size() - call.name.given().size(),
        .plan = plan,
        .flight = flight,
        .loader = std::move(loader),
        .scopes = copy_open_scopes(),
        .ttl = call.options.ttl,
        .captures = call.options.capture,
        .fills = !call.options.skip.write_l1,
        .sees_previous = !call.options.skip.read_l1,
        .must_load_here = [engine = engine_.get()] { return engine->must_load_here(); }});
  } catch (
      ...) {  // no memory for a copy of the loader, or it cannot be copied after all: it runs here
    return nullptr;
  }
  engine_->flights().hand_over(key, *flight, load);
  if (runner.post(load)) return load;
  engine_->flights().take_over(*flight);
  return nullptr;
}

Reading NamespaceView::lead_in_time(const LoadCall& call, const EntryPlan& plan,
                                    const std::shared_ptr<SingleFlight::Flight>& flight,
                                    const LoadWaits& waits, const LoadLink* reader,
                                    FunctionRef<Reading()> load_here) {
  const KeyRef& key = call.name.ref();
  const auto load = begin_owned(call, plan, flight, reader);
  if (!load) return load_here();
  if (Reading old = wait_in_time(key, plan, call.options, waits, *flight, reader); old.entry)
    return old;
  return loaded(load->result());
}

}  // namespace freshet::detail
