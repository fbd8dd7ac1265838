// The part of Engine that ends it: what is stopped, waited for and dropped, in which order, and what is left.
//
//   1  no timer, refresh or sweep begins any more
//   2  the loads under way are told that they are cancelled, if that is asked
//   3  what runs in the background, and the loads that began before 1, are waited for, until the limit
//   4  what still waits to happen is counted and dropped; the hot keys are saved while there are entries to ask
//   5  who waits for a load that has not ended gets CacheClosed
//   6  loaders are unbound and the entries dropped: from here on reads miss, and nothing is kept
//
// A thread that is itself waited for in 3, or reads for a load that is, skips that step. So no two closes, and no close in a loader,
// can wait for each other. The same holds for close() without options, which waits for the background alone.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cache/engine.hpp"
#include "freshet/errors.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {

void Engine::close() {
  const auto [rates, deferrals] = events_.gates();
  for (TaskGate* gate : {rates, deferrals, &sweeper_.gate(), &work_.gate()}) gate->bar();
  load_runner_.give_up_queued();
  if (!is_inside()) {
    events_.stop();
    sweeper_.stop();
    work_.stop();
  }
  save_last_run();
  drop_everything();
}

CloseReport Engine::close(const CloseOptions& options) {
  const auto [rates, deferrals] = events_.gates();
  for (TaskGate* gate : {rates, deferrals, &sweeper_.gate(), &work_.gate()}) gate->bar();
  load_runner_.give_up_queued();
  const bool inside = is_inside();
  const std::uint64_t round = under_way_.begin_drain();
  FRESHET_PAUSE("close_has_begun");
  if (options.cancel_loads) under_way_.cancel(round);
  const Instant now = components_.clock->now();
  if (!inside && options.wait > Duration::zero()) wait_for_the_end(round, later(now, options.wait));
  const LastRun last_run = save_last_run();
  CloseReport report = what_is_left(round);
  report.from_inside = inside;
  report.last_run = last_run;
  if (report.loads > 0) {
    flights_.abandon_all(std::make_exception_ptr(
        CacheClosed("the cache was closed while this call waited for another one's load")));
  }
  drop_everything();
  report.handlers = bus_.waiting();
  report.removals = removals_.waiting();
  this->report(report);
  return report;
}

bool Engine::is_inside() noexcept {
  const auto [rates, deferrals] = events_.gates();
  for (const TaskGate* gate : {rates, deferrals, &sweeper_.gate(), &work_.gate()}) {
    if (gate->is_on_this_thread()) return true;
  }
  const Scopes* const open = open_scopes();  // a coroutine's loader has no thread
  return (open != nullptr && open->capture) || under_way_.is_on_this_thread();
}

// Where both executors are one, what runs in the background keeps a thread of it.
bool Engine::must_load_here() noexcept {
  if (load_runner_.is_here()) return true;
  const bool is_shared =
      components_.load_executor && components_.load_executor == components_.executor;
  return is_shared && (is_inside() || bus_.is_here() || removals_.is_here());
}

void Engine::wait_for_the_end(std::uint64_t round, Instant until) {
  const Clock& clock = *components_.clock;
  const auto [rates, deferrals] = events_.gates();
  for (TaskGate* gate : {rates, deferrals, &sweeper_.gate(), &work_.gate()})
    gate->shut_until(clock, until);
  load_runner_.gate().shut_until(clock, until);
  under_way_.drain(round, clock, until);
}

CloseReport Engine::what_is_left(std::uint64_t round) {
  CloseReport report;
  // First: one that has begun is here before it is under way, and until after that.
  const std::uint64_t on_executor = load_runner_.gate().running();
  const std::uint64_t under_way = under_way_.left(round, CloseReport::kMostNamed, report.loading);
  report.loads = std::max(under_way, on_executor);
  const auto [rates, deferrals] = events_.gates();
  for (const TaskGate* gate : {rates, deferrals, &sweeper_.gate(), &work_.gate()})
    report.tasks += gate->running();
  report.loads_not_begun = work_.gate().waiting() + load_runner_.gate().waiting();
  for (auto& [event, count] : events_.drop_waiting()) report.events.push_back({event, count});
  for (const auto& block : blocks_) {
    report.keys_not_loaded += block->refills().waiting();
    report.entries += block->store().holdings().entries;
  }
  return report;
}

void Engine::drop_everything() {
  for (const auto& block : blocks_) {
    block->unbind_loaders();
    block->failed_loads().clear();
    block->store().close();
  }
}

void Engine::report(const CloseReport& report) noexcept {
  if (report.clean()) return;
  try {
    std::uint64_t events = 0;
    for (const DroppedEvents& dropped : report.events) events += dropped.count;
    std::string example;
    if (!report.loading.empty())
      example = fmt::format(" (\"{}\" in \"{}\" is one)", report.loading.front().key,
                            report.loading.front().name_space);
    components_.logger->log(
        LogLevel::warning,
        fmt::format("closed, with {} loads{} and {} tasks in the background still running; {} "
                    "events that waited are dropped",
                    report.loads, example, report.tasks, events));
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is no memory to say so
  }
}

}  // namespace freshet::detail
